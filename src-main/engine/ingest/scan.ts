/**
 * Walks files and folders and says what is there: files to read, and what is left out and why. Folders are read one at a
 * time and in order of their names, so that memory stays flat and two scans of the same folder give the same order.
 */
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Dirent, Stats } from 'node:fs'
import { sourceRulesSchema, StackroomError, type SourceRules } from '#contract'
import { toFileError } from './file-errors.ts'
import { fileStatus, type FileStatus } from './file-metadata.ts'
import { readerByName, type ReaderOptions } from './file-types.ts'
import {
  ignoredName,
  isIgnoredFolder,
  isStorageFile,
  isStorageFolder,
  type IgnoredReason,
} from './ignored.ts'
import type { ScanScope } from './scan-scope.ts'
import { CompiledRules, type PatternChain, type RuleReason } from './source-rules.ts'

export interface SourceToScan {
  readonly path: string
  readonly rules?: SourceRules | undefined
}

export interface ScannedFile extends FileStatus {
  readonly kind: 'file'
  readonly path: string
}

export type SkipReason =
  IgnoredReason | RuleReason | 'storage-folder' | 'unsupported-type' | 'already-scanned' | 'not-a-file'

/** Left out on purpose. A folder stands for everything in it. */
export interface SkippedFile {
  readonly kind: 'skipped'
  readonly path: string
  readonly reason: SkipReason
}

/** Could not be looked at: a file, or a folder with all that may be in it. */
export interface UnscannableFile {
  readonly kind: 'failed'
  readonly path: string
  readonly error: StackroomError
}

export type ScanEntry = ScannedFile | SkippedFile | UnscannableFile

export interface ScanOptions {
  readonly signal?: AbortSignal | undefined
  readonly readerOptions?: ReaderOptions | undefined
  /** Only these paths and what is in them, of the sources that they are in. */
  readonly scope?: ScanScope | undefined
  /** Of scans that belong together. */
  readonly memory?: ScanMemory | undefined
}

/** Status calls under way at once. */
const parallelStats = 32

/** What a path is read by when nothing else was said. */
export const defaultRules: SourceRules = sourceRulesSchema.parse({})

/**
 * The sources themselves are never left out for being hidden: whoever names a path wants it.
 * @throws StackroomError `path-missing` or `permission-denied` when one of the sources cannot be looked at.
 */
export async function* scan(
  sources: readonly (string | SourceToScan)[],
  options: ScanOptions = {},
): AsyncGenerator<ScanEntry, void, undefined> {
  const { memory = new ScanMemory() } = options
  for (const source of sources) {
    const { path, rules = defaultRules } = typeof source === 'string' ? { path: source } : source
    const absolute = resolve(path)
    let stats: Stats
    try {
      stats = await stat(absolute)
    } catch (error) {
      throw namePath(toFileError(error), absolute)
    }
    const walk = new Walk(new CompiledRules(rules), memory, options)
    if (stats.isDirectory()) yield* walk.folder({ path: absolute, relative: '', chain: [] }, true)
    else yield walk.file(absolute, stats, false)
  }
}

/** Identities of folders entered and files seen: nothing is walked twice, however many links lead to it. */
export class ScanMemory {
  readonly folders = new Set<string>()
  readonly files = new Identities()
  readonly linkedFiles = new Identities()
}

/** Of each device its files by number: texts for all of them would be most of what a scan remembers. */
class Identities {
  readonly #devices = new Map<number, Set<number>>()

  has({ dev, ino }: Stats): boolean {
    return this.#devices.get(dev)?.has(ino) ?? false
  }

  add({ dev, ino }: Stats): void {
    const files = this.#devices.get(dev)
    if (files) files.add(ino)
    else this.#devices.set(dev, new Set([ino]))
  }
}

interface WalkedFolder {
  readonly path: string
  /** To the source, with a slash at its end. */
  readonly relative: string
  readonly chain: PatternChain
}

class Walk {
  readonly #rules: CompiledRules
  readonly #seen: ScanMemory
  readonly #options: ScanOptions

  constructor(rules: CompiledRules, seen: ScanMemory, options: ScanOptions) {
    this.#rules = rules
    this.#seen = seen
    this.#options = options
  }

  async *folder(
    { path, relative, chain: above }: WalkedFolder,
    isRoot: boolean,
  ): AsyncGenerator<ScanEntry, void, undefined> {
    const { signal, scope } = this.#options
    signal?.throwIfAborted()
    let entries: Dirent[]
    let chain: PatternChain
    let names: Set<string>
    try {
      const real = await realpath(path)
      if (this.#seen.folders.has(real)) {
        yield { kind: 'skipped', path, reason: 'already-scanned' }
        return
      }
      this.#seen.folders.add(real)
      entries = await readdir(path, { withFileTypes: true })
      names = new Set(entries.map((entry) => entry.name))
      chain = await this.#rules.chainIn(path, names, relative, above)
    } catch (error) {
      yield unscannable(path, error)
      return
    }
    if (!isRoot && isIgnoredFolder(names, this.#rules.rules)) {
      yield { kind: 'skipped', path, reason: 'ignored-folder' }
      return
    }
    const storesIndex = isStorageFolder(names)
    if (storesIndex && !isRoot) {
      yield { kind: 'skipped', path, reason: 'storage-folder' }
      return
    }
    if (scope) entries = entries.filter(({ name }) => scope.reaches(join(path, name)))
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (let start = 0; start < entries.length; start += parallelStats) {
      signal?.throwIfAborted()
      const batch = entries.slice(start, start + parallelStats)
      const looked = await Promise.all(
        batch.map((entry) => this.#look({ path, relative, chain }, entry, storesIndex)),
      )
      for (const found of looked) {
        if (found.kind === 'folder') yield* this.folder(found, false)
        else if (found.kind === 'found') yield this.file(found.path, found.stats, found.isLink)
        else yield found
      }
    }
  }

  file(path: string, stats: Stats, isLink: boolean): ScanEntry {
    if (!stats.isFile()) return { kind: 'skipped', path, reason: 'not-a-file' }
    if (readerByName(path, this.#options.readerOptions) === null)
      return { kind: 'skipped', path, reason: 'unsupported-type' }
    if (this.#rules.isTooLarge(stats.size)) return { kind: 'skipped', path, reason: 'too-large' }
    const { files, linkedFiles } = this.#seen
    // Two names of one file (hard links) are two files; a symbolic link to a file that is scanned anyway is not.
    if (isLink ? files.has(stats) : linkedFiles.has(stats))
      return { kind: 'skipped', path, reason: 'already-scanned' }
    files.add(stats)
    if (isLink) linkedFiles.add(stats)
    return { kind: 'file', path, ...fileStatus(stats) }
  }

  async #look(
    folder: WalkedFolder,
    entry: Dirent,
    storesIndex: boolean,
  ): Promise<
    | ({ readonly kind: 'folder' } & WalkedFolder)
    | { readonly kind: 'found'; readonly path: string; readonly stats: Stats; readonly isLink: boolean }
    | SkippedFile
    | UnscannableFile
  > {
    const path = join(folder.path, entry.name)
    const skipped = (reason: SkipReason): SkippedFile => ({ kind: 'skipped', path, reason })
    const ignored = ignoredName(entry.name, this.#rules.rules)
    if (ignored !== null) return skipped(ignored)
    if (storesIndex && isStorageFile(entry.name)) return skipped('storage-folder')
    const isLink = entry.isSymbolicLink()
    let stats: Stats | undefined
    try {
      if (!entry.isDirectory()) stats = isLink ? await stat(path) : await lstat(path)
    } catch (error) {
      return unscannable(path, error)
    }
    const isFolder = stats === undefined || stats.isDirectory()
    const relative = folder.relative + entry.name
    const reason = this.#rules.reasonAgainst(relative, isFolder, folder.chain)
    if (reason !== null) return skipped(reason)
    if (stats === undefined || stats.isDirectory())
      return { kind: 'folder', path, relative: `${relative}/`, chain: folder.chain }
    return { kind: 'found', path, stats, isLink }
  }
}

function unscannable(path: string, error: unknown): UnscannableFile {
  const failure = toFileError(error)
  if (!(failure instanceof StackroomError)) throw failure
  return { kind: 'failed', path, error: failure }
}

function namePath(error: unknown, path: string): unknown {
  if (!(error instanceof StackroomError)) return error
  return new StackroomError(error.code, `${path}: ${error.message}`, { hint: error.hint, cause: error })
}
