/** What a user does for the folder of a listed knowledge base: persist, check, repair, choose a side, remove documents. */
import {
  type CommandOutput,
  type Emit,
  type KnowledgeBase,
  type ModelCheck,
  type ParsedInput,
  type Removal,
  type VerifyReport,
} from '#contract'
import { repairStorageFolder, verifyStorageFolder } from '#engine/storage/verify/verify-storage-folder.ts'
import type { EngineServices } from './engine-services.ts'
import type { Jobs } from './jobs.ts'
import type { Library } from './library.ts'
import { withModelVerdict } from './model-of-files.ts'
import { removeDocuments } from './remove-documents.ts'

export interface FolderCareOptions {
  readonly services: EngineServices
  readonly library: Library
  readonly jobs: Jobs
  readonly emit: Emit
}

export class FolderCare {
  readonly #services: EngineServices
  readonly #library: Library
  readonly #jobs: Jobs
  readonly #emit: Emit

  constructor({ services, library, jobs, emit }: FolderCareOptions) {
    this.#services = services
    this.#library = library
    this.#jobs = jobs
    this.#emit = emit
  }

  async persist(id: string, signal: AbortSignal): Promise<KnowledgeBase> {
    const storage = await this.#library.folderOf(id)
    try {
      await storage.persist({ signal })
    } finally {
      await this.#library.refresh(id)
    }
    return this.#library.get(id)
  }

  async resolveConflict(
    id: string,
    keep: 'files' | 'stackroom',
    signal: AbortSignal,
  ): Promise<CommandOutput<'library.resolveConflict'>> {
    this.#requireIdle(id)
    const storage = await this.#library.folderOf(id)
    const { backup } = await storage.resolveConflict(keep, { signal })
    return { knowledgeBase: await this.#library.refresh(id), backup }
  }

  async verify(id: string, signal: AbortSignal): Promise<VerifyReport> {
    return this.#withModel(id, await verifyStorageFolder(this.#optionsFor(id, signal)), signal)
  }

  /** Not while the folder is worked on; whoever searches meanwhile waits. */
  async repair(id: string, signal: AbortSignal): Promise<VerifyReport> {
    this.#requireIdle(id)
    const { persistDir } = this.#library.get(id)
    let report: VerifyReport
    try {
      report = await this.#services.folders.closedDuring(persistDir, () =>
        repairStorageFolder(this.#optionsFor(id, signal)),
      )
    } finally {
      await this.#library.refresh(id)
    }
    return this.#withModel(id, report, signal)
  }

  #withModel(id: string, report: VerifyReport, signal: AbortSignal): Promise<VerifyReport> {
    const check = async (): Promise<ModelCheck> =>
      this.#services.checks.check(await this.#library.folderOf(id), { signal })
    return withModelVerdict(report, check, signal)
  }

  async removeDocuments(
    { knowledgeBaseId, refDocIds, keepInDocstore }: ParsedInput<'library.removeDocuments'>,
    signal: AbortSignal,
  ): Promise<Removal> {
    this.#requireIdle(knowledgeBaseId)
    const storage = await this.#library.folderOf(knowledgeBaseId)
    try {
      return await removeDocuments(storage, { refDocIds, keepInDocstore, signal })
    } finally {
      await this.#library.refresh(knowledgeBaseId)
    }
  }

  #optionsFor(id: string, signal: AbortSignal) {
    return {
      persistDir: this.#library.get(id).persistDir,
      dataFolder: this.#services.dataFolder,
      signal,
      onProgress: (bytesDone: number, bytesTotal: number) =>
        this.#emit('library.verifying', { knowledgeBaseId: id, bytesDone, bytesTotal }),
    }
  }

  #requireIdle(id: string): void {
    this.#jobs.requireIdle(this.#library.get(id).persistDir)
  }
}
