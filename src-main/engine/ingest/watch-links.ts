/**
 * What links in a source lead to outside of it. The system tells of changes in a folder and not behind its links, so each of these
 * folders and files is watched by itself, and told of by its name in the source.
 */
import { watch } from 'node:fs'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { subscribe } from '@parcel/watcher'
import type { SourceRules } from '#contract'
import { ignoredName } from './ignored.ts'
import { isWithin } from './scan-scope.ts'

export interface WatchLinksOptions {
  readonly source: string
  readonly rules: SourceRules
  /** As @parcel/watcher takes them. */
  readonly ignore: string[]
  readonly touch: (path: string) => void
  /** A link could not be watched. */
  readonly onError: (error: unknown) => void
}

interface Target {
  readonly path: string
  readonly end: () => Promise<void>
}

export class LinkWatches implements AsyncDisposable {
  readonly #options: WatchLinksOptions
  /** By the link's path. */
  readonly #targets = new Map<string, Target>()
  #root = ''
  #turn: Promise<void> = Promise.resolve()
  #ended = false

  constructor(options: WatchLinksOptions) {
    this.#options = options
  }

  /** Resolves when all links that are there are watched. */
  async start(): Promise<void> {
    this.#root = await realpath(this.#options.source)
    await this.#addAllIn(this.#options.source)
  }

  /** Something happened at this path: a link may have come, gone, or lead elsewhere. */
  look(path: string): void {
    this.#turn = this.#turn.then(() => this.#look(path)).catch(this.#options.onError)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    await this.#turn
    await Promise.all([...this.#targets.keys()].map((path) => this.#remove(path)))
  }

  async #look(path: string): Promise<void> {
    if (this.#ended) return
    const stats = await lstat(path).catch(() => null)
    if (stats?.isDirectory()) return this.#addAllIn(path)
    const known = this.#targets.get(path)
    if (known && (!stats?.isSymbolicLink() || known.path !== (await realPathOf(path))))
      await this.#remove(path)
    if (stats?.isSymbolicLink()) await this.#add(path)
  }

  async #addAllIn(folder: string): Promise<void> {
    const { rules, ignore } = this.#options
    if (this.#ended || ignore.includes(folder)) return
    // what cannot be looked at is told of by the scan
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (ignoredName(entry.name, rules) !== null) continue
      const path = join(folder, entry.name)
      if (entry.isSymbolicLink()) await this.#add(path)
      else if (entry.isDirectory()) await this.#addAllIn(path)
    }
  }

  async #add(path: string): Promise<void> {
    const target = await realPathOf(path)
    if (this.#ended || target === null || this.#targets.has(path) || this.#isWatched(target)) return
    try {
      const isFolder = (await stat(target)).isDirectory()
      const end = isFolder ? await this.#watchFolder(path, target) : this.#watchFile(path, target)
      this.#targets.set(path, { path: target, end })
      if (isFolder) await this.#addAllIn(path)
    } catch (error) {
      this.#options.onError(error)
    }
  }

  /** Also what a link leads back to: nothing is walked twice. */
  #isWatched(target: string): boolean {
    const watched = [this.#root, ...[...this.#targets.values()].map((known) => known.path)]
    return watched.some((folder) => isWithin(target, folder))
  }

  async #watchFolder(path: string, target: string): Promise<() => Promise<void>> {
    const { ignore, touch, onError } = this.#options
    const subscription = await subscribe(
      target,
      (error, events) => {
        if (error) onError(error)
        else
          for (const event of events) {
            const named = join(path, relative(target, event.path))
            touch(named)
            this.look(named)
          }
      },
      { ignore },
    )
    return () => subscription.unsubscribe().catch(() => undefined)
  }

  /** By its folder: a file that is replaced is another file. */
  #watchFile(path: string, target: string): () => Promise<void> {
    const watcher = watch(dirname(target), (_, name) => {
      if (name === null || join(dirname(target), name) === target) this.#options.touch(path)
    })
    watcher.on('error', this.#options.onError)
    return () => {
      watcher.close()
      return Promise.resolve()
    }
  }

  async #remove(path: string): Promise<void> {
    const target = this.#targets.get(path)
    this.#targets.delete(path)
    await target?.end()
    // links that were found behind it
    for (const inside of [...this.#targets.keys()].filter((other) => isWithin(other, path)))
      await this.#remove(inside)
  }
}

function realPathOf(path: string): Promise<string | null> {
  return realpath(path).catch(() => null)
}
