/**
 * Walks files and folders and says what is there: files to read, and what is left out and why. Folders are read one at a
 * time and in order of their names, so that memory stays flat and two scans of the same folder give the same order.
 */
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import type { Dirent, Stats } from 'node:fs'
import { StackroomError } from '#contract'
import { toFileError } from './file-errors.ts'
import { fileStatus, type FileStatus } from './file-metadata.ts'
import { readerByName } from './file-types.ts'
import {
  ignoredName,
  isIgnoredFolder,
  isStorageFile,
  isStorageFolder,
  type IgnoredReason,
} from './ignored.ts'

export interface ScannedFile extends FileStatus {
  readonly kind: 'file'
  readonly path: string
}

export type SkipReason =
  IgnoredReason | 'storage-folder' | 'unsupported-type' | 'already-scanned' | 'not-a-file'

/** Left out on purpose. A folder stands for everything in it. */
export interface SkippedFile {
  readonly kind: 'skipped'
  readonly path: string
  readonly reason: SkipReason
}

/** Could not be looked at. */
export interface UnscannableFile {
  readonly kind: 'failed'
  readonly path: string
  readonly error: StackroomError
}

export type ScanEntry = ScannedFile | SkippedFile | UnscannableFile

export interface ScanOptions {
  readonly signal?: AbortSignal | undefined
}

/** Status calls under way at once. */
const parallelStats = 32

/**
 * The paths themselves are never left out for being hidden: whoever names a path wants it.
 * @throws StackroomError `path-missing` or `permission-denied` when one of the paths cannot be looked at.
 */
export async function* scan(
  paths: readonly string[],
  options: ScanOptions = {},
): AsyncGenerator<ScanEntry, void, undefined> {
  const walk = new Walk(options.signal)
  for (const path of paths) {
    const absolute = isAbsolute(path) ? resolve(path) : resolve(process.cwd(), path)
    let stats: Stats
    try {
      stats = await stat(absolute)
    } catch (error) {
      throw namePath(toFileError(error), absolute)
    }
    if (stats.isDirectory()) yield* walk.folder(absolute, true)
    else yield walk.file(absolute, stats, false)
  }
}

class Walk {
  readonly #signal: AbortSignal | undefined
  /** Identities of folders entered and files seen: nothing is walked twice, however many links lead to it. */
  readonly #folders = new Set<string>()
  readonly #files = new Set<string>()
  readonly #linkedFiles = new Set<string>()

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  async *folder(path: string, isRoot: boolean): AsyncGenerator<ScanEntry, void, undefined> {
    this.#signal?.throwIfAborted()
    let entries: Dirent[]
    try {
      const real = await realpath(path)
      if (this.#folders.has(real)) {
        yield { kind: 'skipped', path, reason: 'already-scanned' }
        return
      }
      this.#folders.add(real)
      entries = await readdir(path, { withFileTypes: true })
    } catch (error) {
      const failure = toFileError(error)
      if (!(failure instanceof StackroomError)) throw failure
      yield { kind: 'failed', path, error: failure }
      return
    }
    const names = new Set(entries.map((entry) => entry.name))
    if (!isRoot && isIgnoredFolder(names)) {
      yield { kind: 'skipped', path, reason: 'ignored-folder' }
      return
    }
    const storesIndex = isStorageFolder(names)
    if (storesIndex && !isRoot) {
      yield { kind: 'skipped', path, reason: 'storage-folder' }
      return
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (let start = 0; start < entries.length; start += parallelStats) {
      this.#signal?.throwIfAborted()
      const batch = entries.slice(start, start + parallelStats)
      const looked = await Promise.all(batch.map((entry) => look(path, entry, storesIndex)))
      for (const found of looked) {
        if (found.kind === 'folder') yield* this.folder(found.path, false)
        else if (found.kind === 'found') yield this.file(found.path, found.stats, found.isLink)
        else yield found
      }
    }
  }

  file(path: string, stats: Stats, isLink: boolean): ScanEntry {
    if (!stats.isFile()) return { kind: 'skipped', path, reason: 'not-a-file' }
    if (readerByName(path) === null) return { kind: 'skipped', path, reason: 'unsupported-type' }
    const identity = `${stats.dev}:${stats.ino}`
    // Two names of one file (hard links) are two files; a symbolic link to a file that is scanned anyway is not.
    if (isLink ? this.#files.has(identity) : this.#linkedFiles.has(identity))
      return { kind: 'skipped', path, reason: 'already-scanned' }
    this.#files.add(identity)
    if (isLink) this.#linkedFiles.add(identity)
    return { kind: 'file', path, ...fileStatus(stats) }
  }
}

type Looked =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'found'; readonly path: string; readonly stats: Stats; readonly isLink: boolean }
  | SkippedFile
  | UnscannableFile

async function look(folder: string, entry: Dirent, storesIndex: boolean): Promise<Looked> {
  const path = join(folder, entry.name)
  const ignored = ignoredName(entry.name)
  if (ignored !== null) return { kind: 'skipped', path, reason: ignored }
  if (storesIndex && isStorageFile(entry.name)) return { kind: 'skipped', path, reason: 'storage-folder' }
  if (entry.isDirectory()) return { kind: 'folder', path }
  const isLink = entry.isSymbolicLink()
  try {
    const stats = isLink ? await stat(path) : await lstat(path)
    return stats.isDirectory() ? { kind: 'folder', path } : { kind: 'found', path, stats, isLink }
  } catch (error) {
    const failure = toFileError(error)
    if (!(failure instanceof StackroomError)) throw failure
    return { kind: 'failed', path, error: failure }
  }
}

function namePath(error: unknown, path: string): unknown {
  if (!(error instanceof StackroomError)) return error
  return new StackroomError(error.code, `${path}: ${error.message}`, { hint: error.hint, cause: error })
}
