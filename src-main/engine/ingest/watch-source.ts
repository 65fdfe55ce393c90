/**
 * Notices what changes in a source, and tells of it when it has settled: a file that is still being written waits. What
 * happens together is told together. The system tells of changes; nothing is polled while nothing happens.
 */
import { watch, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { subscribe } from '@parcel/watcher'
import { StackroomError, type SourceRules } from '#contract'
import { errorCodeOf, explainFileError } from '#platform/file-errors.ts'
import { programFolderNames } from './ignored.ts'
import { ignoreFileNames } from './source-rules.ts'
import { LinkWatches } from './watch-links.ts'

export interface WatchSourceOptions {
  readonly path: string
  readonly rules: SourceRules
  /** Folders in it that are not looked at: of the index itself. */
  readonly ignore?: readonly string[]
  /** Paths that changed, came or went; a folder stands for everything in it. */
  readonly onChange: (paths: readonly string[]) => void
  /** Watching has ended with this. */
  readonly onError: (error: unknown) => void
  /** A file that did not change for so long has settled. Default: 1000 ms. */
  readonly settleMs?: number
  /** A file that never settles is told of after so long, and settled ones do not wait longer for others. Default: 30 s. */
  readonly longestWaitMs?: number
}

/** Starts watching; disposing ends it. Throws `path-missing`, `permission-denied`, and what the system says. */
export async function watchSource(options: WatchSourceOptions): Promise<AsyncDisposable> {
  const settling = new Settling(options)
  try {
    const stats = await stat(options.path)
    const end = stats.isDirectory() ? await watchFolder(options, settling) : watchFile(options, settling)
    return {
      async [Symbol.asyncDispose]() {
        settling.end()
        await end()
      },
    }
  } catch (error) {
    settling.end()
    throw explain(error, options.path)
  }
}

async function watchFolder(
  { path, rules, ignore = [], onError }: WatchSourceOptions,
  settling: Settling,
): Promise<() => Promise<void>> {
  const options = {
    ignore: [
      ...ignore,
      ...(rules.hidden ? [] : ['**/.*/**']),
      ...(rules.programFolders ? [] : programFolderNames.map((name) => `**/${name}/**`)),
    ],
  }
  const fail = (error: unknown): void => {
    settling.end()
    onError(error)
  }
  const links = new LinkWatches({
    source: path,
    rules,
    ignore: options.ignore,
    touch: (touched) => settling.touch(toTell(touched)),
    onError: (error) => fail(explain(error, path)),
  })
  const subscription = await subscribe(
    path,
    (error, events) => {
      if (error) fail(explain(error, path))
      else if (events.some((event) => event.path === path && event.type === 'delete'))
        fail(new StackroomError('path-missing', `${path} is not there any more.`))
      else
        for (const event of events) {
          settling.touch(toTell(event.path))
          links.look(event.path)
        }
    },
    options,
  )
  await links.start()
  return async () => {
    await links[Symbol.asyncDispose]()
    // The system has let go of a folder that is gone.
    await subscription.unsubscribe().catch(() => undefined)
  }
}

/** A change of the rules is one of all that they are about. */
function toTell(path: string): string {
  return ignoreFileNames.includes(basename(path)) ? dirname(path) : path
}

/** By its folder: a file that is replaced is another file. */
function watchFile({ path, onError }: WatchSourceOptions, settling: Settling): () => Promise<void> {
  const folder = dirname(path)
  const watcher = watch(folder, (_, name) => {
    if (name === null || join(folder, name) === path) settling.touch(path)
  })
  watcher.on('error', (error) => {
    settling.end()
    onError(explain(error, path))
  })
  return () => {
    watcher.close()
    return Promise.resolve()
  }
}

interface Unsettled {
  readonly since: number
  touchedAt: number
  /** As it was when it was last looked at. */
  looks: string | null
}

/** Files that changed a moment ago. A timer runs only while there are any. */
class Settling {
  readonly #onChange: WatchSourceOptions['onChange']
  readonly #settleMs: number
  readonly #longestWaitMs: number
  readonly #unsettled = new Map<string, Unsettled>()
  readonly #ready = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor({ onChange, settleMs = 1000, longestWaitMs = 30_000 }: WatchSourceOptions) {
    this.#onChange = onChange
    this.#settleMs = settleMs
    this.#longestWaitMs = longestWaitMs
  }

  touch(path: string): void {
    if (this.#ended) return
    const now = performance.now()
    const known = this.#unsettled.get(path)
    if (known) known.touchedAt = now
    else this.#unsettled.set(path, { since: now, touchedAt: now, looks: null })
    this.#ready.delete(path)
    this.#lookLater()
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#unsettled.clear()
    this.#ready.clear()
  }

  #lookLater(): void {
    this.#timer ??= setTimeout(() => void this.#look(), this.#settleMs / 2)
  }

  async #look(): Promise<void> {
    const now = performance.now()
    for (const [path, file] of [...this.#unsettled]) {
      const isLate = now - file.since > this.#longestWaitMs
      if (!isLate && now - file.touchedAt < this.#settleMs) continue
      const looks = await looksOf(path)
      const isSettled = looks === null || looks === file.looks
      file.looks = looks
      if (!isSettled && !isLate) continue
      this.#unsettled.delete(path)
      this.#ready.set(path, now)
    }
    this.#timer = undefined
    if (this.#ended) return
    this.#tell(now)
    if (this.#unsettled.size > 0 || this.#ready.size > 0) this.#lookLater()
  }

  #tell(now: number): void {
    const waited = now - Math.min(...this.#ready.values())
    if (this.#ready.size === 0 || (this.#unsettled.size > 0 && waited < 3 * this.#settleMs)) return
    const paths = [...this.#ready.keys()]
    this.#ready.clear()
    this.#onChange(paths)
  }
}

/** Of a file its size and times; of a folder, which has no content of its own, only that it is there; null: it is gone. */
async function looksOf(path: string): Promise<string | null> {
  let stats: Stats
  try {
    stats = await stat(path)
  } catch {
    return null
  }
  return stats.isDirectory() ? 'folder' : `${stats.size} ${stats.mtimeMs}`
}

function explain(error: unknown, path: string): unknown {
  // No room for more watches is told as if the disk were full.
  const known = errorCodeOf(error) === 'ENOSPC' ? error : explainFileError(error, path)
  if (known instanceof StackroomError) return known
  return new StackroomError('internal', `Changes in ${path} cannot be noticed.`, {
    hint: 'The system may not have room for more watched folders. Refresh the index by hand instead.',
    cause: error,
  })
}
