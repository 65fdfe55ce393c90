/** Starts indexing as a job and keeps the library true to it. */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { isCancelled, StackroomError, toErrorShape, type Job, type ParsedInput } from '#contract'
import { toFileError } from '#engine/ingest/file-errors.ts'
import { BUNDLED_MODEL_ID } from '#engine/embed/model-registry.ts'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import { readSettings } from '#engine/storage/stackroom-settings-file.ts'
import type { Log } from '#platform/log.ts'
import type { EngineServices } from './engine-services.ts'
import { indexFolder } from './index-folder.ts'
import type { Jobs } from './jobs.ts'
import type { Library } from './library.ts'
import { makeFolder } from './make-folder.ts'
import { realPath } from './open-folders.ts'

export interface IngestOptions {
  readonly services: EngineServices
  readonly library: Library
  readonly jobs: Jobs
  readonly log: Log
}

export class Ingest {
  readonly #services: EngineServices
  readonly #library: Library
  readonly #jobs: Jobs
  readonly #log: Log

  constructor({ services, library, jobs, log }: IngestOptions) {
    this.#services = services
    this.#library = library
    this.#jobs = jobs
    this.#log = log
  }

  async start(input: ParsedInput<'ingest.start'>): Promise<Job> {
    const persistDir = await realPath(input.persistDir)
    for (const path of input.paths) await requirePath(path)
    const isNew = await isWithoutIndex(persistDir)
    const recorded = isNew ? null : readSettings(persistDir)?.embedModel
    await this.#services.models.requireConsent(input.model ?? recorded?.id ?? BUNDLED_MODEL_ID, persistDir)
    // whether it can be written is said before anything starts
    if (isNew) await (await makeFolder(persistDir)).undo()
    const listed = this.#library.find(persistDir)
    const mayForget = isNew && (listed === undefined || this.#library.isProvisional(listed.id))
    const name = input.name || basename(persistDir)
    const { id, name: title } = this.#library.add(persistDir, name)
    return this.#jobs.start({
      kind: 'ingest',
      knowledgeBaseId: id,
      title,
      queue: persistDir,
      run: async (signal, onProgress) => {
        this.#library.setIndexing(id)
        try {
          const result = await indexFolder(this.#services, {
            paths: input.paths,
            persistDir,
            name,
            model: input.model,
            signal,
            onProgress,
            onFailure: (path, error) => this.#log.error('A file could not be indexed', error, { path }),
          })
          await this.#settle(id, mayForget, result.error)
          return result
        } catch (error) {
          await this.#settle(id, mayForget, error)
          throw error
        }
      },
    })
  }

  /** What came to nothing stays on the list, with the reason, until its report was read. */
  async dismiss(jobId: string): Promise<void> {
    const job = this.#jobs.list().find(({ id }) => id === jobId)
    this.#jobs.dismiss(jobId)
    if (job && this.#library.isProvisional(job.knowledgeBaseId))
      await this.#library.forget(job.knowledgeBaseId)
  }

  /** What the folder is now. */
  async #settle(id: string, mayForget: boolean, error: unknown): Promise<void> {
    if (!this.#library.has(id)) return
    const isGone = await isWithoutIndex(this.#library.get(id).persistDir)
    if (!mayForget || !isGone) await this.#library.refresh(id)
    else if (isCancelled(error)) await this.#library.forget(id)
    else this.#library.setFailed(id, toErrorShape(error))
  }
}

async function isWithoutIndex(persistDir: string): Promise<boolean> {
  const kind = await detectFolderKind(persistDir)
  return kind === 'missing' || kind === 'empty' || kind === 'files'
}

async function requirePath(path: string): Promise<void> {
  try {
    await stat(path)
  } catch (error) {
    const known = toFileError(error)
    if (!(known instanceof StackroomError)) throw error
    throw new StackroomError(known.code, `${path}: ${known.message}`, { hint: known.hint, cause: error })
  }
}
