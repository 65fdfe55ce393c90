/**
 * Watches the sources of knowledge bases for which the user wants it, and has what changed indexed: one batch after the
 * other, while nothing else works on the folder.
 */
import { toErrorShape, type Job, type SourceSettings } from '#contract'
import { watchSource } from '#engine/ingest/watch-source.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import type { Log } from '#platform/log.ts'
import type { Jobs } from './jobs.ts'
import type { Library } from './library.ts'

/** A source that could not be watched is tried again: its drive may be back. */
const tryAgainMs = 30_000

export interface WatchFoldersOptions {
  readonly library: Library
  readonly jobs: Jobs
  readonly log: Log
  readonly settingsOf: (persistDir: string) => Promise<StackroomSettings | null>
  readonly pathsChanged: (knowledgeBaseId: string, paths: readonly string[]) => Promise<Job>
}

interface Watched {
  /** Its settings as they were when watching began. */
  readonly settings: string
  watch: AsyncDisposable | null
  error: string | null
  timer: NodeJS.Timeout | undefined
  ended: boolean
}

export class WatchFolders {
  readonly #options: WatchFoldersOptions
  /** By knowledge base, then by path. */
  readonly #watched = new Map<string, Map<string, Watched>>()
  readonly #changed = new Map<string, Set<string>>()
  readonly #working = new Map<string, Promise<void>>()
  #closed = false

  constructor(options: WatchFoldersOptions) {
    this.#options = options
  }

  /** What is on the list as watched. */
  async start(): Promise<void> {
    const entries = await this.#options.library.list()
    await Promise.all(entries.filter(({ watched }) => watched).map(({ id }) => this.follow(id)))
  }

  /** Begins and ends watching as the settings of the folder say now. */
  async follow(id: string): Promise<void> {
    if (this.#closed || !this.#options.library.has(id)) return
    const { persistDir } = this.#options.library.get(id)
    const wanted = new Map(
      (await this.#sourcesOf(persistDir)).filter(({ watch }) => watch).map((source) => [source.path, source]),
    )
    const watched = this.#watched.get(id) ?? new Map<string, Watched>()
    this.#watched.set(id, watched)
    const old = [...watched].filter(([path, { settings }]) => settings !== JSON.stringify(wanted.get(path)))
    for (const [path] of old) watched.delete(path)
    const added = [...wanted.values()].filter(({ path }) => !watched.has(path))
    for (const source of added)
      watched.set(source.path, {
        settings: JSON.stringify(source),
        watch: null,
        error: null,
        timer: undefined,
        ended: false,
      })
    await Promise.all(old.map(([, entry]) => end(entry)))
    await Promise.all(added.map((source) => this.#begin(id, persistDir, source)))
  }

  stateOf(id: string, path: string): { watching: boolean; watchError: string | null } {
    const watched = this.#watched.get(id)?.get(path)
    return { watching: (watched?.watch ?? null) !== null, watchError: watched?.error ?? null }
  }

  async stop(id: string): Promise<void> {
    const watched = [...(this.#watched.get(id)?.values() ?? [])]
    this.#watched.delete(id)
    this.#changed.delete(id)
    await Promise.all(watched.map(end))
  }

  /** Before the jobs are closed: what comes after it is noticed at the next start. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#watched.keys()].map((id) => this.stop(id)))
  }

  async #begin(id: string, persistDir: string, source: SourceSettings): Promise<void> {
    const entry = this.#watched.get(id)?.get(source.path)
    if (!entry || entry.ended) return
    const failed = (error: unknown): void => {
      void this.#fail(id, persistDir, source, entry, error)
    }
    try {
      const watch = await watchSource({
        path: source.path,
        rules: source,
        ignore: [persistDir],
        onChange: (paths) => this.#note(id, paths),
        onError: failed,
      })
      if (entry.ended) return await watch[Symbol.asyncDispose]()
      entry.watch = watch
      entry.error = null
      // What changed before is looked for once.
      this.#note(id, [source.path])
    } catch (error) {
      failed(error)
    }
  }

  async #fail(
    id: string,
    persistDir: string,
    source: SourceSettings,
    entry: Watched,
    error: unknown,
  ): Promise<void> {
    const { message } = toErrorShape(error)
    if (entry.error !== message) this.#options.log.error('A source is not watched any more', error)
    entry.error = message
    await entry.watch?.[Symbol.asyncDispose]()
    entry.watch = null
    if (entry.ended) return
    entry.timer = setTimeout(() => void this.#begin(id, persistDir, source), tryAgainMs)
    entry.timer.unref()
  }

  #note(id: string, paths: readonly string[]): void {
    if (this.#closed || !this.#options.library.has(id)) return
    const changed = this.#changed.get(id) ?? new Set()
    this.#changed.set(id, changed)
    for (const path of paths) changed.add(path)
    if (this.#working.has(id)) return
    const working = this.#work(id).finally(() => {
      this.#working.delete(id)
    })
    this.#working.set(id, working)
  }

  async #work(id: string): Promise<void> {
    const { library, jobs, log, pathsChanged } = this.#options
    try {
      for (;;) {
        const { persistDir } = library.get(id)
        await jobs.idle(persistDir)
        const paths = [...(this.#changed.get(id) ?? [])]
        if (paths.length === 0 || this.#closed) return
        this.#changed.delete(id)
        const { id: jobId } = await pathsChanged(id, paths)
        await jobs.idle(persistDir)
        forgetQuiet(jobs, jobId)
      }
    } catch (error) {
      log.error('What changed in a source could not be indexed', error)
    }
  }

  async #sourcesOf(persistDir: string): Promise<readonly SourceSettings[]> {
    const { settingsOf, log } = this.#options
    try {
      const sources = (await settingsOf(persistDir))?.sources ?? []
      // a run that has ended is no reason to watch anew
      return sources.map(({ lastIndexed: _, ...source }) => source)
    } catch (error) {
      log.error('The sources of a folder are not known', error, { path: persistDir })
      return []
    }
  }
}

/** Nobody has to read that all went well. */
function forgetQuiet(jobs: Jobs, jobId: string): void {
  const job = jobs.list().find(({ id }) => id === jobId)
  if (job?.state === 'done' && job.report?.failedFiles === 0) jobs.dismiss(jobId)
}

async function end(entry: Watched): Promise<void> {
  entry.ended = true
  clearTimeout(entry.timer)
  await entry.watch?.[Symbol.asyncDispose]()
  entry.watch = null
}
