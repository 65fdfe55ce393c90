/**
 * From paths to an index: scan, read and parse on all cores, embed in batches across files, commit each batch with its
 * files' manifest entries. Every stage waits for the next, so that memory does not grow with the number of files. What
 * was committed stays when the work is cancelled or fails, and the next run goes on from there.
 */
import {
  StackroomError,
  isCancelled,
  toErrorShape,
  type FailedFile,
  type IngestReport,
  type JobProgress,
} from '#contract'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import type { ManifestEntry, StorageFolder } from '#engine/storage/storage-folder.ts'
import type { NodeParserSettings } from './node-parser-settings.ts'
import { embedAndCommit } from './embed-and-commit.ts'
import type { ParsedFile } from './parse-file.ts'
import { IngestProgress } from './progress.ts'
import type { ReaderPool } from './reader-pool.ts'
import { scan, type ScannedFile, type SkippedFile } from './scan.ts'

/** What the pipeline needs of a storage folder. */
export type IngestStorage = Pick<StorageFolder, 'manifest' | 'change'>

export interface IngestOptions {
  readonly storage: IngestStorage
  readonly model: EmbedModel
  readonly paths: readonly string[]
  readonly nodeParserSettings: NodeParserSettings
  readonly readerPool: ReaderPool
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: JobProgress) => void
  /** Told of every file that failed, as it happens, with the error and its cause for the log. */
  readonly onFailure?: (path: string, error: unknown) => void
}

/**
 * Brings the working store up to date; the JSON files are the caller's to `persist`.
 *
 * @throws StackroomError `empty-folder`, `no-readable-files`, `path-missing`; what the model or the storage throws; or
 *   the signal's reason. Errors of single files are in the report instead.
 */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
  const { storage, readerPool, nodeParserSettings, signal } = options
  const started = performance.now()
  const progress = new IngestProgress({ onProgress: options.onProgress })
  const failures = new Failures(progress, options.onFailure)

  const manifest = new Map((await storage.manifest()).map((entry) => [entry.path, entry]))
  const { files, skipped } = await findFiles(options, progress, failures)
  progress.update({ phase: 'indexing' })

  let unsupported = 0
  let unchanged = 0
  const stop = new AbortController()
  const readSignal = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  async function read(file: ScannedFile): Promise<ReadFile | null> {
    const known = manifest.get(file.path)
    if (known && known.bytes === file.bytes && known.modifiedMs === file.modifiedMs) {
      unchanged++
      finish(file.bytes)
      return null
    }
    progress.update({ currentFile: file.path })
    try {
      const parsed = await readerPool.parse(
        { path: file.path, knownContentHash: known?.contentHash },
        { settings: nodeParserSettings, bytes: file.bytes, signal: readSignal },
      )
      if (parsed.documents === null) unchanged++
      return { file, parsed, known }
    } catch (error) {
      readSignal.throwIfAborted()
      if (error instanceof StackroomError && error.code === 'unsupported-type') {
        unsupported++
        progress.update({ skipped: progress.counts.skipped + 1 })
      } else failures.add(file.path, error)
      finish(file.bytes)
      return null
    }
  }
  /** A file that needs no embedding. */
  function finish(bytes: number): void {
    progress.addFreeBytes(bytes)
    progress.update({ filesDone: progress.counts.filesDone + 1 })
  }

  await embedAndCommit({
    files: readAhead(files, read, readerPool.size + 2, stop),
    storage,
    model: options.model,
    progress,
    signal,
  })

  progress.update({ currentFile: null })
  progress.reportNow()
  const { documents, nodes } = progress.counts
  return {
    documents,
    nodes,
    skipped: skipped + unsupported,
    unchanged,
    failed: failures.list,
    seconds: (performance.now() - started) / 1000,
  }
}

export interface ReadFile {
  readonly file: ScannedFile
  readonly parsed: ParsedFile
  /** What the manifest has of an earlier run. */
  readonly known: ManifestEntry | undefined
}

async function findFiles(
  { paths, signal }: IngestOptions,
  progress: IngestProgress,
  failures: Failures,
): Promise<{ files: ScannedFile[]; skipped: number }> {
  const files: ScannedFile[] = []
  const skipped: SkippedFile[] = []
  let bytes = 0
  for await (const entry of scan(paths, { signal })) {
    if (entry.kind === 'failed') failures.add(entry.path, entry.error)
    else if (entry.kind === 'skipped') skipped.push(entry)
    else {
      files.push(entry)
      bytes += entry.bytes
    }
    const done = skipped.length + failures.list.length
    progress.update({
      filesTotal: files.length + done,
      filesDone: done,
      bytesTotal: bytes,
      skipped: skipped.length,
      currentFile: entry.path,
    })
  }
  if (files.length === 0) throw nothingToRead(skipped, failures.list)
  return { files, skipped: skipped.length }
}

function nothingToRead(skipped: readonly SkippedFile[], failed: readonly FailedFile[]): StackroomError {
  const onlyFailure = failed[0]
  if (skipped.length === 0 && !onlyFailure)
    return new StackroomError('empty-folder', 'There are no files here.', {
      hint: 'Choose a folder that has documents in it.',
    })
  if (skipped.length === 0 && onlyFailure)
    return new StackroomError(onlyFailure.code, `${onlyFailure.path}: ${onlyFailure.message}`)
  if (skipped.every(({ reason }) => reason === 'storage-folder'))
    return new StackroomError('no-readable-files', 'This folder holds an index, not documents.', {
      hint: 'Open it as a storage folder instead, or choose the folder of the documents.',
    })
  const example = skipped.find(({ reason }) => reason === 'unsupported-type') ?? skipped[0]
  return new StackroomError('no-readable-files', 'None of the files here can be read by Stackroom.', {
    hint: `It reads text, Markdown, HTML, PDF, office documents, e-books and source code; hidden files and folders are left out. Found instead: ${example?.path ?? ''}`,
  })
}

/**
 * Reads up to `ahead` files at once and gives them in the order in which they become ready. Aborts `stop` when whoever
 * takes them does not take them all.
 */
async function* readAhead(
  files: readonly ScannedFile[],
  read: (file: ScannedFile) => Promise<ReadFile | null>,
  ahead: number,
  stop: AbortController,
): AsyncGenerator<ReadFile, void, undefined> {
  const running = new Map<ScannedFile, Promise<{ file: ScannedFile; result: ReadFile | null }>>()
  let next = 0
  try {
    for (;;) {
      for (let file = files[next]; file && running.size < ahead; file = files[next]) {
        next++
        const begun = file
        running.set(
          begun,
          read(begun).then((result) => ({ file: begun, result })),
        )
      }
      if (running.size === 0) return
      const { file, result } = await Promise.race(running.values())
      running.delete(file)
      if (result) yield result
    }
  } finally {
    stop.abort(new StackroomError('cancelled', 'The work was stopped.'))
    await Promise.allSettled(running.values())
  }
}

class Failures {
  readonly list: FailedFile[] = []
  readonly #progress: IngestProgress
  readonly #onFailure: IngestOptions['onFailure']

  constructor(progress: IngestProgress, onFailure: IngestOptions['onFailure']) {
    this.#progress = progress
    this.#onFailure = onFailure
  }

  add(path: string, error: unknown): void {
    if (isCancelled(error)) throw error
    const { code, message } = toErrorShape(error)
    this.list.push({ path, code, message })
    this.#progress.update({ failed: this.list.length })
    this.#onFailure?.(path, error)
  }
}
