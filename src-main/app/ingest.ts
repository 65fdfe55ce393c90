/** Work over sources as jobs: indexing, refreshing, retrying, what watching noticed, and what was broken off before. */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { isCancelled, StackroomError, toErrorShape, type Job, type ParsedInput } from '#contract'
import { toFileError } from '#engine/ingest/file-errors.ts'
import { PauseGate } from '#engine/ingest/pause-gate.ts'
import { BUNDLED_MODEL_ID } from '#engine/embed/model-registry.ts'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import { isStoreAddress } from '#engine/stores/store-address.ts'
import type { Log } from '#platform/log.ts'
import type { EngineServices } from './engine-services.ts'
import { indexFolder, requireStore } from './index-folder.ts'
import { isQuitting, type JobResult, type Jobs } from './jobs.ts'
import type { Library } from './library.ts'
import { makeFolder } from './make-folder.ts'
import { nodeParserFor } from './node-parsers.ts'
import { failedPaths, refreshFolder, refreshPaths, resumeFolder } from './refresh-folder.ts'
import type { RunOptions } from './run-sources.ts'
import { UnfinishedFolders } from './unfinished-folders.ts'
import { noteUnfinishedRun, readUnfinishedRun } from './unfinished-run.ts'

export interface IngestOptions {
  readonly services: EngineServices
  readonly library: Library
  readonly jobs: Jobs
  readonly log: Log
  /** Told of a knowledge base whose sources may be others now. */
  readonly onSourcesChanged: (knowledgeBaseId: string) => Promise<void>
}

interface IngestWork {
  readonly knowledgeBaseId: string
  readonly origin?: Job['origin']
  readonly pause?: PauseGate
  /** A folder that nothing came of is taken off the list. */
  readonly mayForget?: boolean
  readonly run: (options: RunOptions) => Promise<JobResult>
}

export class Ingest {
  readonly #services: EngineServices
  readonly #library: Library
  readonly #jobs: Jobs
  readonly #log: Log
  readonly #onSourcesChanged: IngestOptions['onSourcesChanged']
  readonly #unfinished: UnfinishedFolders

  constructor({ services, library, jobs, log, onSourcesChanged }: IngestOptions) {
    this.#services = services
    this.#library = library
    this.#jobs = jobs
    this.#log = log
    this.#onSourcesChanged = onSourcesChanged
    this.#unfinished = new UnfinishedFolders(services.dataFolder)
  }

  async start(input: ParsedInput<'ingest.start'>): Promise<Job> {
    const persistDir = await this.#services.stores.knowledgeBaseAt(input.persistDir)
    for (const path of input.paths) await requirePath(path)
    const isNew = await isWithoutIndex(persistDir)
    const { models } = this.#services
    const settings = isNew ? null : await this.#services.folders.settingsOf(persistDir)
    const modelId = input.model ?? settings?.embedModel?.id ?? BUNDLED_MODEL_ID
    await models.requireConsent(modelId, persistDir)
    // a node parser that cannot be had is refused before anything starts
    nodeParserFor(models, {
      settings,
      model: { id: modelId, maximumTokens: Infinity },
      input: input.nodeParser,
    })
    // whether it can be written is said before anything starts
    if (isNew) await (await makeFolder(persistDir)).undo()
    const listed = this.#library.find(persistDir)
    const mayForget = isNew && (listed === undefined || this.#library.isProvisional(listed.id))
    const name = input.name || (isStoreAddress(persistDir) ? '' : basename(persistDir))
    const { paths, model, nodeParser, source, recognizeText, store } = input
    // a store that cannot be had is refused before anything starts
    if (store) await requireStore(this.#services, { persistDir, isNew, name, store })
    const { id } = this.#library.add(persistDir, name)
    return this.#start({
      knowledgeBaseId: id,
      mayForget,
      run: (options) =>
        indexFolder(this.#services, {
          ...options,
          ...{ paths, persistDir, name, model, nodeParser, source, recognizeText, store },
        }),
    })
  }

  async refresh({ knowledgeBaseId, deleted, remember }: ParsedInput<'ingest.refresh'>): Promise<Job> {
    const storage = await this.#library.folderOf(knowledgeBaseId)
    if (deleted && remember) {
      const { settings } = await storage.summary()
      if (settings) await storage.writeSettings({ ...settings, deletedFiles: deleted })
    }
    return this.#start({
      knowledgeBaseId,
      run: async (options) => done(await refreshFolder(this.#services, storage, { ...options, deleted })),
    })
  }

  async retry(knowledgeBaseId: string): Promise<Job> {
    const storage = await this.#library.folderOf(knowledgeBaseId)
    const failed = await failedPaths(storage)
    if (failed.length === 0)
      throw new StackroomError('not-found', 'No file failed when this was indexed last.')
    return this.#start({
      knowledgeBaseId,
      run: async (options) => done(await refreshPaths(this.#services, storage, failed, options)),
    })
  }

  /** What watching noticed. */
  async pathsChanged(knowledgeBaseId: string, paths: readonly string[]): Promise<Job> {
    const storage = await this.#library.folderOf(knowledgeBaseId)
    return this.#start({
      knowledgeBaseId,
      origin: 'watch',
      run: async (options) => done(await refreshPaths(this.#services, storage, paths, options)),
    })
  }

  /** Goes on with what a crash or a quit broke off; what was paused waits on. */
  async resumeUnfinished(): Promise<void> {
    for (const persistDir of await this.#unfinished.list()) {
      try {
        await this.#resumeFolder(persistDir)
      } catch (error) {
        this.#log.error('Work that was broken off could not be gone on with', error, { path: persistDir })
      }
    }
  }

  async #resumeFolder(persistDir: string): Promise<void> {
    const listed = this.#library.find(persistDir)
    if (!listed || (await isWithoutIndex(persistDir))) return this.#unfinished.remove(persistDir)
    const storage = await this.#library.folderOf(listed.id)
    const unfinished = await readUnfinishedRun(storage)
    if (!unfinished) return this.#unfinished.remove(persistDir)
    const pause = new PauseGate()
    if (unfinished.paused) pause.pause()
    await this.#start({
      knowledgeBaseId: listed.id,
      origin: 'resumed',
      pause,
      run: async (options) => {
        const report = await resumeFolder(this.#services, storage, options)
        return done(report ?? (await refreshFolder(this.#services, storage, options)))
      },
    })
  }

  async pause(jobId: string): Promise<void> {
    if (this.#jobs.pause(jobId)) await this.#notePaused(jobId, true)
  }

  async resume(jobId: string): Promise<void> {
    if (this.#jobs.resume(jobId)) await this.#notePaused(jobId, false)
  }

  /** So that it waits on, or goes on, after a restart. */
  async #notePaused(jobId: string, paused: boolean): Promise<void> {
    const { knowledgeBaseId } = this.#jobs.get(jobId)
    const { persistDir } = this.#library.get(knowledgeBaseId)
    if (!this.#services.folders.isOpen(persistDir)) return
    const storage = await this.#services.folders.open(persistDir)
    const unfinished = await readUnfinishedRun(storage)
    if (unfinished) await noteUnfinishedRun(storage, { ...unfinished, paused })
  }

  /** What came to nothing stays on the list, with the reason, until its report was read. */
  async dismiss(jobId: string): Promise<void> {
    const job = this.#jobs.list().find(({ id }) => id === jobId)
    this.#jobs.dismiss(jobId)
    if (job && this.#library.isProvisional(job.knowledgeBaseId))
      await this.#library.forget(job.knowledgeBaseId)
  }

  async #start(work: IngestWork): Promise<Job> {
    const { knowledgeBaseId: id, origin, pause = new PauseGate(), mayForget = false } = work
    const { persistDir, name: title } = this.#library.get(id)
    await this.#unfinished.add(persistDir)
    return this.#jobs.start({
      kind: 'ingest',
      ...(origin && { origin }),
      knowledgeBaseId: id,
      title,
      queue: persistDir,
      pause,
      run: async (signal, onProgress) => {
        this.#library.setIndexing(id)
        try {
          const result = await work.run({
            signal,
            pause,
            onProgress,
            onFailure: (path, error) => this.#log.error('A file could not be indexed', error, { path }),
          })
          await this.#settle(id, mayForget, result.error)
          return result
        } catch (error) {
          await this.#settle(id, mayForget, error)
          throw error
        } finally {
          if (!isQuitting(signal.reason)) await this.#unfinished.remove(persistDir)
        }
      },
    })
  }

  /** What the folder is now. */
  async #settle(id: string, mayForget: boolean, error: unknown): Promise<void> {
    if (!this.#library.has(id)) return
    const isGone = await isWithoutIndex(this.#library.get(id).persistDir)
    if (!mayForget || !isGone) {
      await this.#library.refresh(id)
      await this.#onSourcesChanged(id)
    } else if (isCancelled(error)) await this.#library.forget(id)
    else this.#library.setFailed(id, toErrorShape(error))
  }
}

function done(report: JobResult['report']): JobResult {
  return { report, error: null }
}

async function isWithoutIndex(persistDir: string): Promise<boolean> {
  if (isStoreAddress(persistDir)) return false
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
