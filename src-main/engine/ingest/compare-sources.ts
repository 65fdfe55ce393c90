/**
 * What is in the sources beside what the manifest has of them: files to read, files that are as they were, and files that
 * are gone. A source that is not there, or that is empty all of a sudden, tells nothing: perhaps its drive is not connected.
 */
import type { FailedFile } from '#contract'
import type { ManifestEntry, ManifestLooks, StorageFolder } from '#engine/storage/storage-folder.ts'
import { reasonWithoutReader, type ReaderOptions } from './file-types.ts'
import { lookForSources } from './look-for-sources.ts'
import type { IngestProgress } from './progress.ts'
import { isReadAlike } from './read-by.ts'
import type { RunReport } from './run-report.ts'
import {
  scan,
  ScanMemory,
  type ScanEntry,
  type ScannedFile,
  type SkippedFile,
  type SkipReason,
  type SourceToScan,
} from './scan.ts'
import { isWithin, type ScanScope } from './scan-scope.ts'

/** There may be a hundred thousand of them: no more than is needed. */
export interface FileToRead extends Pick<ScannedFile, 'path' | 'bytes' | 'modifiedMs'> {
  readonly readBy: string
  /** What the manifest has of an earlier run. */
  readonly known: ManifestEntry | undefined
}

export interface ComparedSources {
  readonly toRead: readonly FileToRead[]
  /** Manifest entries of files that are not there any more, or that are left out by now. */
  readonly gone: Map<string, ManifestEntry>
  /** Sources of which nothing can be said. */
  readonly unavailable: readonly string[]
  /** Left out, in all; the first of them, and one without a reader. */
  readonly skipped: { readonly first: SkippedFile | null; readonly unsupported: SkippedFile | null }
  readonly onlyStorageFolders: boolean
}

export interface CompareOptions {
  readonly storage: Pick<StorageFolder, 'ingestion'>
  readonly sources: readonly SourceToScan[]
  /** Only these paths of the sources. */
  readonly scope: ScanScope | undefined
  /** Whether a source that is not there is passed over, or thrown as what is wrong with it. */
  readonly mayBeUnavailable: boolean
  /** Whether files that failed are tried again although they are as they were. */
  readonly retryFailed: boolean
  readonly readBy: (path: string) => string
  readonly readerOptions: ReaderOptions
  readonly report: RunReport
  readonly progress: IngestProgress
  readonly signal: AbortSignal | undefined
}

const manifestPageSize = 1000

/** @throws StackroomError `path-missing`, `permission-denied` */
export async function compareSources(options: CompareOptions): Promise<ComparedSources> {
  const { report, progress, scope, signal } = options
  const {
    available,
    unavailable,
    gone: goneSources,
  } = await lookForSources(options.storage, options.sources, options.mayBeUnavailable)
  const manifest = await loadManifest(options, [...available, ...goneSources])
  let toRead: FileToRead[] = []
  const changed: string[] = []
  const unscannable: string[] = []
  const memory = new ScanMemory()
  const surelyThere = new Set<SourceToScan>()
  let first: SkippedFile | null = null
  let unsupported: SkippedFile | null = null
  let onlyStorageFolders = true
  let bytesTotal = 0
  for (const source of available) {
    for await (const entry of scan([source], {
      signal,
      scope,
      memory,
      readerOptions: options.readerOptions,
    })) {
      if (provesSource(entry)) surelyThere.add(source)
      const { path } = entry
      if (entry.kind === 'failed') {
        unscannable.push(path)
        report.addFailure(path, entry.error)
      } else if (entry.kind === 'skipped') {
        if (entry.reason === 'already-scanned' && manifest.has(path)) continue
        first ??= entry
        if (entry.reason === 'unsupported-type') unsupported ??= entry
        if (entry.reason !== 'storage-folder') onlyStorageFolders = false
        report.add(path, 'skipped', { code: entry.reason, message: messageOf(entry) })
      } else {
        const known = manifest.get(path)
        manifest.delete(path)
        const readBy = options.readBy(path)
        bytesTotal += entry.bytes
        if (known && isUnchanged(entry, known, readBy, options.retryFailed)) {
          noteUnchanged(report, known)
          progress.addFreeBytes(entry.bytes)
        } else {
          const { bytes, modifiedMs } = entry
          if (known) changed.push(path)
          toRead.push({ path, bytes, modifiedMs, readBy, known: undefined })
        }
      }
      const { skipped, failed, unchanged } = report.counts
      progress.update({
        filesTotal: toRead.length + skipped + failed + unchanged,
        filesDone: skipped + failed + unchanged,
        bytesTotal,
        skipped,
        failed,
        currentFile: path,
      })
      await report.flushMany()
    }
  }
  const doubtful = available.filter(
    (source) =>
      !surelyThere.has(source) &&
      (!scope || scope.holds(source.path)) &&
      [...manifest.keys()].some((path) => isWithin(path, source.path)),
  )
  const untold = [...unscannable, ...doubtful.map(({ path }) => path)]
  for (const path of [...manifest.keys()])
    if (untold.some((folder) => isWithin(path, folder))) manifest.delete(path)
  if (changed.length > 0) {
    const known = await entriesOf(options, changed)
    toRead = toRead.map((file) => (known.has(file.path) ? { ...file, known: known.get(file.path) } : file))
  }
  return {
    toRead,
    gone: await entriesOf(options, [...manifest.keys()]),
    unavailable: [...unavailable, ...doubtful.map(({ path }) => path)],
    skipped: { first, unsupported },
    onlyStorageFolders,
  }
}

/** What lies about in an empty folder, or where a drive would be, does not count. */
const provesNothing: readonly SkipReason[] = ['hidden', 'system-file', 'ignored-folder', 'not-a-file']

function provesSource(entry: ScanEntry): boolean {
  return entry.kind === 'file' || (entry.kind === 'skipped' && !provesNothing.includes(entry.reason))
}

/** As it was, and read by what would read it now. Failures that a second look could change are looked at again. */
function isUnchanged(
  { bytes, modifiedMs }: ScannedFile,
  known: ManifestLooks,
  readBy: string,
  retryFailed: boolean,
): boolean {
  if (known.bytes !== bytes || known.modifiedMs !== modifiedMs) return false
  return isReadAlike(known.readBy, readBy) && (!known.failure || !retryFailed)
}

function noteUnchanged(report: RunReport, { path, failure }: ManifestLooks): void {
  if (!failure) report.add(path, 'unchanged')
  else if (failure.code === 'unsupported-type') report.add(path, 'skipped', failure)
  else {
    report.failed.push({ path, ...failure } satisfies FailedFile)
    report.add(path, 'failed', failure)
  }
}

async function loadManifest(
  { storage, scope, signal }: CompareOptions,
  sources: readonly SourceToScan[],
): Promise<Map<string, ManifestLooks>> {
  const manifest = new Map<string, ManifestLooks>()
  /** Texts from another thread are one for each row, however equal. */
  const texts = new Map<string, string>()
  const within = sources.map(({ path }) => path)
  const wanted = scope
    ? scope.paths.filter((path) => within.some((source) => isWithin(path, source)))
    : within
  for (const under of wanted) {
    for (let after: string | null = null; ;) {
      signal?.throwIfAborted()
      const page: ManifestLooks[] = await storage.ingestion.manifestLooks({
        under,
        after,
        limit: manifestPageSize,
      })
      for (const looks of page) {
        const { path, readBy = '' } = looks
        if (!texts.has(readBy)) texts.set(readBy, readBy)
        manifest.set(path, { ...looks, readBy: texts.get(readBy)! })
      }
      if (page.length < manifestPageSize) break
      after = page.at(-1)?.path ?? null
    }
  }
  return manifest
}

async function entriesOf(
  { storage, signal }: CompareOptions,
  paths: readonly string[],
): Promise<Map<string, ManifestEntry>> {
  const entries = new Map<string, ManifestEntry>()
  for (let start = 0; start < paths.length; start += manifestPageSize) {
    signal?.throwIfAborted()
    const part = paths.slice(start, start + manifestPageSize)
    for (const entry of await storage.ingestion.manifestEntries(part)) entries.set(entry.path, entry)
  }
  return entries
}

/** The codes of other reasons say all; there are many reasons why a file has no reader. */
function messageOf({ path, reason }: SkippedFile): string | null {
  if (reason !== 'unsupported-type') return null
  const { message, hint } = reasonWithoutReader(path)
  return hint === undefined ? message : `${message} ${hint}`
}
