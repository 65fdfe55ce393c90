/** The model of a listed knowledge base: its verdict, another choice, embedding it again, the vectors of before. */
import {
  isCancelled,
  StackroomError,
  type EmbedModelInfo,
  type Job,
  type ModelCheck,
  type ModelEstimate,
  type ParsedInput,
} from '#contract'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import type { EngineServices } from './engine-services.ts'
import { estimateReembed } from './estimate-embedding.ts'
import type { Jobs } from './jobs.ts'
import type { Library } from './library.ts'
import { reembedFolder } from './reembed-folder.ts'

export class KnowledgeBaseModels {
  readonly #services: EngineServices
  readonly #library: Library
  readonly #jobs: Jobs

  constructor(services: EngineServices, library: Library, jobs: Jobs) {
    this.#services = services
    this.#library = library
    this.#jobs = jobs
  }

  async check(id: string, signal: AbortSignal): Promise<ModelCheck> {
    return this.#services.checks.check(await this.#library.folderOf(id), { signal })
  }

  /** What embedding it again would take. */
  async estimate(id: string, model: EmbedModelInfo): Promise<ModelEstimate> {
    return estimateReembed(this.#services, await this.#library.folderOf(id), model)
  }

  async verify(id: string, model: string, signal: AbortSignal): Promise<ModelCheck> {
    return this.#change(id, (folder) => this.#services.checks.verify(folder, model, { signal }))
  }

  async choose(
    { knowledgeBaseId: id, model, unverified }: ParsedInput<'models.choose'>,
    signal: AbortSignal,
  ): Promise<ModelCheck> {
    this.#requireIdle(id)
    return this.#change(id, (folder) => this.#services.checks.choose(folder, model, { signal, unverified }))
  }

  async discardOldVectors(id: string): Promise<ModelCheck> {
    return this.#change(id, (folder) => folder.replacement.discardOld())
  }

  async restoreOldVectors(id: string, signal: AbortSignal): Promise<ModelCheck> {
    this.#requireIdle(id)
    return this.#change(id, async (folder) => {
      await folder.replacement.restoreOld({ signal })
      this.#services.checks.forget(folder)
      await folder.persist()
    })
  }

  /** @throws StackroomError `consent-required`, `no-such-model`, or what is wrong with the folder */
  async reembed({ knowledgeBaseId: id, model }: ParsedInput<'reembed.start'>): Promise<Job> {
    const { persistDir, name } = this.#library.get(id)
    await this.#library.folderOf(id)
    await this.#services.models.requireConsent(model, persistDir)
    await this.#services.models.open(model)
    return this.#jobs.start({
      kind: 'reembed',
      knowledgeBaseId: id,
      title: name,
      queue: persistDir,
      run: async (signal, onProgress) => {
        const folder = await this.#library.folderOf(id)
        this.#library.setIndexing(id)
        try {
          const report = await reembedFolder(this.#services, folder, { model, signal, onProgress })
          return { report, error: null }
        } finally {
          await this.#library.refresh(id)
        }
      },
    })
  }

  async #change(id: string, change: (folder: StorageFolder) => Promise<unknown>): Promise<ModelCheck> {
    const folder = await this.#library.folderOf(id)
    try {
      await change(folder)
    } catch (error) {
      if (!isCancelled(error) && this.#library.get(id).state !== 'indexing') await this.#library.refresh(id)
      throw error
    }
    if (this.#library.get(id).state !== 'indexing') await this.#library.refresh(id)
    return this.#services.checks.check(folder)
  }

  #requireIdle(id: string): void {
    if (this.#jobs.isBusy(this.#library.get(id).persistDir))
      throw new StackroomError('busy', 'Something is being done with this knowledge base.', {
        hint: 'Cancel that first, or wait until it is done.',
      })
  }
}
