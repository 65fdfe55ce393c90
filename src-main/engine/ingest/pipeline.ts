/**
 * From sources to an index: compare what is there with the manifest, read and parse on all cores, embed in batches across
 * files, commit each batch with its files' manifest entries, and let go of what is gone. Every stage waits for the next, so
 * that memory does not grow with the number of files. What was committed stays when the work is cancelled, fails or is
 * killed, and the next run goes on from there.
 */
import { resolve } from 'node:path'
import { StackroomError, type ErrorCode, type IngestReport, type JobProgress } from '#contract'
import type { EmbedModel, NodeTextMode } from '#engine/embed/embed-model.ts'
import type { ManifestEntry, StorageFolder } from '#engine/storage/storage-folder.ts'
import { compareSources, type ComparedSources, type FileToRead } from './compare-sources.ts'
import { embedAndCommit, type ReadFile } from './embed-and-commit.ts'
import type { ReaderOptions } from './file-types.ts'
import type { NodeParserSettings } from './node-parser-settings.ts'
import { PauseGate } from './pause-gate.ts'
import { IngestProgress } from './progress.ts'
import { readAhead } from './read-ahead.ts'
import { isReadAlike, readByOf } from './read-by.ts'
import type { ReaderPool } from './reader-pool.ts'
import { removeGone } from './remove-gone.ts'
import { RunReport } from './run-report.ts'
import type { SourceToScan } from './scan.ts'
import { ScanScope } from './scan-scope.ts'

/** What the pipeline needs of a storage folder. */
export type IngestStorage = Pick<StorageFolder, 'change' | 'ingestion'>

export interface IngestOptions {
  readonly storage: IngestStorage
  readonly model: EmbedModel
  /** What of a node the model is given. Default: `embed`. */
  readonly metadataMode?: NodeTextMode | undefined
  /** Files and folders, by themselves or with rules. */
  readonly sources: readonly (string | SourceToScan)[]
  readonly nodeParserSettings: NodeParserSettings
  readonly readerOptions?: ReaderOptions | undefined
  readonly readerPool: ReaderPool
  /** What becomes of the documents of files that are gone. Default: `keep`. */
  readonly deleted?: 'remove' | 'keep' | undefined
  /**
   * Whether sources are only brought up to date: it is no error that nothing is there, and a source that is not there is
   * passed over. Default: false.
   */
  readonly isRefresh?: boolean | undefined
  /** Looks at these paths of the sources and at nothing else. */
  readonly only?: readonly string[] | undefined
  /** Tries files again that failed and are as they were. Default: false. */
  readonly retryFailed?: boolean | undefined
  readonly pause?: PauseGate | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: JobProgress) => void
  /** Told of every file that failed, as it happens, with the error and its cause for the log. */
  readonly onFailure?: (path: string, error: unknown) => void
}

/** Nodes that wait to be embedded while others are: two batches, or as many small files. */
const nodesThatMayWait = 512

/**
 * Brings the working store up to date; the JSON files are the caller's to `persist`.
 *
 * @throws StackroomError `empty-folder`, `no-readable-files`, `path-missing`; what the model or the storage throws; or
 *   the signal's reason. Errors of single files are in the report instead.
 */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
  const { storage, signal, readerOptions = {}, pause = new PauseGate() } = options
  const started = performance.now()
  const progress = new IngestProgress({
    onProgress: options.onProgress,
    now: () => performance.now() - pause.pausedMs,
  })
  const report = new RunReport(storage, options.onFailure)
  const sources = options.sources.map(toSource)
  const scope = options.only && new ScanScope(options.only)
  if (!scope)
    await storage.ingestion.beginReport({
      roots: sources.map(({ path }) => path),
      startedAt: new Date().toISOString(),
    })

  const compared = await compareSources({
    storage,
    sources,
    scope,
    mayBeUnavailable: options.isRefresh ?? false,
    retryFailed: options.retryFailed ?? false,
    readBy: readByOf(options.nodeParserSettings, readerOptions),
    readerOptions,
    report,
    progress,
    signal,
  })
  if (!options.isRefresh && !scope) requireFiles(compared, report)
  progress.update({ phase: 'indexing' })

  await embedAndCommit({
    files: readAhead<FileToRead, ReadFile>({
      items: compared.toRead,
      read: (file, readSignal) => read(file, { ...options, pause, signal: readSignal }, progress, report),
      atOnce: options.readerPool.size + 2,
      mayWait: nodesThatMayWait,
      sizeOf: sizeToWait,
      signal,
    }),
    storage,
    model: options.model,
    metadataMode: options.metadataMode ?? 'embed',
    gone: compared.gone,
    report,
    progress,
    pause,
    signal,
  })
  const keep = options.deleted !== 'remove'
  await removeGone({ storage, gone: compared.gone, keep, report, signal })
  await report.flush()
  await storage.ingestion.finishReport(new Date().toISOString())

  progress.update({ currentFile: null })
  progress.reportNow()
  return reportOf(report, progress, compared.unavailable, started)
}

function toSource(source: string | SourceToScan): SourceToScan {
  const { path, rules } = typeof source === 'string' ? { path: source, rules: undefined } : source
  return { path: resolve(path), rules }
}

function sizeToWait({ parsed }: ReadFile): number {
  return 1 + (parsed.documents?.embedTexts.length ?? 0)
}

function reportOf(
  { counts, failed }: RunReport,
  progress: IngestProgress,
  unavailable: readonly string[],
  started: number,
): IngestReport {
  const { documents, nodes } = progress.counts
  const { added, changed, moved, removed, missing, unchanged, skipped } = counts
  return {
    documents,
    nodes,
    ...{ skipped, unchanged, added, changed, moved, removed, missing },
    failed,
    failedFiles: failed.length,
    unavailable: [...unavailable],
    seconds: (performance.now() - started) / 1000,
  }
}

/** Null when nothing came of it, which is then in the report. */
async function read(
  file: FileToRead,
  options: IngestOptions & { readonly pause: PauseGate; readonly signal: AbortSignal },
  progress: IngestProgress,
  report: RunReport,
): Promise<ReadFile | null> {
  const { readerPool, nodeParserSettings, readerOptions, pause, signal } = options
  const { path, bytes, known, readBy } = file
  await pause.pass(signal)
  progress.update({ currentFile: path })
  // What another reader or other settings made of the same content is made anew.
  const isAlike = known !== undefined && known.refDocIds.length > 0 && isReadAlike(known.readBy, readBy)
  try {
    const parsed = await readerPool.parsePacked(
      { path, knownContentHash: isAlike ? known.contentHash : undefined, ...readerOptions },
      { settings: nodeParserSettings, bytes, signal },
    )
    return { file, parsed }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof StackroomError && error.code === 'unsupported-type') {
      const { code, message } = error
      report.add(path, 'skipped', { code, message }, failedEntry(file, { code, message }))
    } else
      report.addFailure(path, error, (failure) =>
        isOfContent(failure.code) ? failedEntry(file, failure) : undefined,
      )
    const { skipped, failed } = report.counts
    progress.addFreeBytes(bytes)
    progress.update({ filesDone: progress.counts.filesDone + 1, skipped, failed })
    return null
  }
}

/** Failures that the same content gives again: such a file is not opened again until it changed, or somebody asks for it. */
const contentFailures: readonly ErrorCode[] = [
  'empty-file',
  'binary-file',
  'broken-file',
  'encrypted-file',
  'file-too-large',
  'no-text',
  'time-limit',
  'memory-limit',
]

function isOfContent(code: ErrorCode): boolean {
  return contentFailures.includes(code)
}

function failedEntry(
  { path, bytes, modifiedMs, readBy, known }: FileToRead,
  { code, message }: { readonly code: ErrorCode; readonly message: string },
): ManifestEntry {
  return {
    ...{ path, bytes, modifiedMs, readBy },
    contentHash: known?.contentHash ?? '',
    refDocIds: known?.refDocIds ?? [],
    embeddedPath: known?.embeddedPath ?? null,
    failure: { code, message },
  }
}

function requireFiles({ toRead, skipped, onlyStorageFolders }: ComparedSources, report: RunReport): void {
  const { unchanged, skipped: skippedFiles } = report.counts
  const onlyFailure = report.failed[0]
  if (toRead.length > 0 || unchanged > 0) return
  if (skippedFiles === 0 && !onlyFailure)
    throw new StackroomError('empty-folder', 'There are no files here.', {
      hint: 'Choose a folder that has documents in it.',
    })
  if (skippedFiles === 0 && onlyFailure)
    throw new StackroomError(onlyFailure.code, `${onlyFailure.path}: ${onlyFailure.message}`)
  if (onlyStorageFolders && skippedFiles > 0)
    throw new StackroomError('no-readable-files', 'This folder holds an index, not documents.', {
      hint: 'Open it as a storage folder instead, or choose the folder of the documents.',
    })
  const example = skipped.unsupported ?? skipped.first
  throw new StackroomError('no-readable-files', 'None of the files here can be read by Stackroom.', {
    hint: `It reads text, Markdown, HTML, PDF, office documents, e-books and source code; hidden files and folders are left out. Found instead: ${example?.path ?? ''}`,
  })
}
