/** Starts indexing as a job and keeps the library true to it. */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { StackroomError, type Job, type ParsedInput } from '#contract'
import { toFileError } from '#engine/ingest/file-errors.ts'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import type { Log } from '#platform/log.ts'
import type { EngineServices } from './engine-services.ts'
import { indexFolder } from './index-folder.ts'
import type { Jobs } from './jobs.ts'
import type { Library } from './library.ts'
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
    const kind = await detectFolderKind(persistDir)
    const isNew = kind === 'missing' || kind === 'empty' || kind === 'files'
    const wasListed = this.#library.find(persistDir) !== undefined
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
          return await indexFolder(this.#services, {
            paths: input.paths,
            persistDir,
            name,
            model: input.model,
            signal,
            onProgress,
            onFailure: (path, error) => this.#log.error('A file could not be indexed', error, { path }),
          })
        } finally {
          await this.#settle(id, persistDir, isNew && !wasListed)
        }
      },
    })
  }

  /** What the folder is now; a new one that came to nothing is not listed. */
  async #settle(id: string, persistDir: string, mayForget: boolean): Promise<void> {
    if (!this.#library.has(id)) return
    const kind = await detectFolderKind(persistDir)
    const isGone = kind === 'missing' || kind === 'empty' || kind === 'files'
    if (mayForget && isGone) await this.#library.forget(id)
    else await this.#library.refresh(id)
  }
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
