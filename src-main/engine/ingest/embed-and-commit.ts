/**
 * The second half of the pipeline: gathers parsed files into batches, embeds their nodes, and commits each batch in one
 * change while the next is being embedded. Files whose content is known take their nodes over instead.
 */
import type { EmbedModel, NodeTextMode } from '#engine/embed/embed-model.ts'
import { unpackDocuments } from '#engine/schema/packed-documents.ts'
import type { DocumentCopy, ManifestEntry, StorageFolder } from '#engine/storage/storage-folder.ts'
import type { FileToRead } from './compare-sources.ts'
import { sortByContent, type KnownContent } from './known-content.ts'
import type { PackedFile } from './parse-file.ts'
import type { PauseGate } from './pause-gate.ts'
import type { IngestProgress } from './progress.ts'
import type { RunReport } from './run-report.ts'

/** Nodes of a batch: enough to keep a model busy, few enough that little is lost when the work stops. */
const batchNodes = 256
/** The first batches are smaller: something can be searched soon. */
const firstBatchNodes = 16

export interface ReadFile {
  readonly file: FileToRead
  readonly parsed: PackedFile
}

export interface EmbedAndCommitOptions {
  readonly files: AsyncIterable<ReadFile>
  readonly storage: Pick<StorageFolder, 'change' | 'ingestion'>
  readonly model: EmbedModel
  readonly metadataMode: NodeTextMode
  /** Files that are not there any more; those that turn out to be moved are taken out. */
  readonly gone: Map<string, ManifestEntry>
  readonly report: RunReport
  readonly progress: IngestProgress
  readonly pause: PauseGate
  readonly signal: AbortSignal | undefined
}

export async function embedAndCommit(options: EmbedAndCommitOptions): Promise<void> {
  const { files, storage, signal, gone } = options
  let batch: ReadFile[] = []
  let nodes = 0
  let wanted = firstBatchNodes
  let committing: Promise<void> = Promise.resolve()
  /** Contents that come or go with the change under way: what is known of them is not true yet. */
  let unsettled = new Set<string>()

  async function flush(): Promise<void> {
    if (batch.some(({ parsed }) => unsettled.has(parsed.contentHash))) await committing
    const { toEmbed, toCopy, later } = await sortByContent(batch, storage, gone)
    batch = [...later]
    nodes = later.reduce((sum, file) => sum + countNodes(file), 0)
    const embedded = await embedBatch(toEmbed, options)
    await committing
    signal?.throwIfAborted()
    unsettled = new Set(
      [...toEmbed, ...toCopy.map(({ read }) => read)].flatMap(({ file, parsed }) => [
        parsed.contentHash,
        file.known?.contentHash ?? '',
      ]),
    )
    committing = commit(
      [...embedded, ...toCopy.map(({ read, from }) => ({ read, from, vectors: [] }))],
      options,
    )
    // Failures surface where the next batch, or the end, waits for it.
    committing.catch(() => undefined)
  }

  try {
    for await (const file of files) {
      batch.push(file)
      nodes += countNodes(file)
      if (nodes < wanted && batch.length < wanted) continue
      await flush()
      wanted = Math.min(wanted * 2, batchNodes)
    }
    while (batch.length > 0) await flush()
  } finally {
    // A change under way is finished before anyone closes the storage.
    await committing
  }
}

interface FinishedFile {
  readonly read: ReadFile
  /** Of its nodes. */
  readonly vectors: readonly Float32Array[]
  readonly from?: KnownContent
}

async function embedBatch(
  batch: readonly ReadFile[],
  { model, metadataMode, progress, pause, signal }: EmbedAndCommitOptions,
): Promise<FinishedFile[]> {
  const texts = batch.flatMap(({ parsed }) => textsOf(parsed, metadataMode))
  let bytes = 0
  for (const { file, parsed } of batch) {
    if (parsed.documents === null) progress.addFreeBytes(file.bytes)
    else bytes += file.bytes
  }
  let told = 0
  const tell = (count: number): void => {
    told += count
    const { nodes, bytesDone } = progress.counts
    progress.update({ nodes: nodes + count, bytesDone: bytesDone + (bytes * count) / texts.length })
  }
  await pause.pass(signal)
  const vectors =
    texts.length === 0
      ? []
      : await model.embedDocuments(texts, {
          signal,
          onVectors: (indices) => {
            tell(indices.length)
            return Promise.resolve()
          },
        })
  // Not every model tells of parts.
  if (told < texts.length) tell(texts.length - told)
  let next = 0
  return batch.map((read) => {
    const own = vectors.slice(next, next + countNodes(read))
    next += own.length
    return { read, vectors: own }
  })
}

function textsOf({ documents }: PackedFile, metadataMode: NodeTextMode): readonly string[] {
  if (documents === null) return []
  if (metadataMode === 'embed') return documents.embedTexts
  return unpackDocuments(documents).flatMap(({ nodes }) => nodes.map(({ node }) => node.text))
}

async function commit(
  files: readonly FinishedFile[],
  { storage, report, progress }: EmbedAndCommitOptions,
): Promise<void> {
  const inserted = files.filter(({ read, from }) => read.parsed.documents !== null && !from)
  const copy = files.flatMap(copiesOf)
  const replaced = files
    .filter(({ read }) => read.parsed.documents !== null)
    .flatMap(({ read }) => read.file.known?.refDocIds ?? [])
  // Their ids are their paths: another program may have indexed the same file into this folder.
  const own = files.flatMap(({ read }) => read.parsed.documents?.ids ?? [])
  for (const file of files) noteFile(file, report)
  const { manifest, report: rows } = report.take()
  await storage.change({
    copy,
    deleteRefDocIds: [...new Set([...replaced, ...own])],
    insertPacked: inserted.flatMap(({ read, vectors }) =>
      read.parsed.documents ? [{ documents: { bytes: read.parsed.documents.bytes }, vectors }] : [],
    ),
    // The place of what was moved is free, or was taken by another file in this very change.
    forgetSources: files.flatMap(({ from }) => (from?.isMoved ? [from.entry.path] : [])),
    manifest,
    report: rows,
  })
  const { filesDone, documents } = progress.counts
  progress.update({
    filesDone: filesDone + files.length,
    documents:
      documents +
      inserted.reduce((sum, { read }) => sum + (read.parsed.documents?.ids.length ?? 0), 0) +
      copy.filter(({ keepNodeIds }) => !keepNodeIds).length,
  })
  for (const { read, from } of files) if (from) progress.addFreeBytes(read.file.bytes)
}

function copiesOf({ read, from }: FinishedFile): DocumentCopy[] {
  if (!from) return []
  const documents = read.parsed.documents ? unpackDocuments(read.parsed.documents) : []
  return documents.map(({ document }, index) => ({
    from: from.entry.refDocIds[index] ?? '',
    document,
    keepNodeIds: from.isMoved,
  }))
}

function noteFile(file: FinishedFile, report: RunReport): void {
  const { read, from } = file
  const { path, known } = read.file
  const entry = toManifestEntry(file)
  if (from?.isMoved) report.add(path, 'moved', { from: from.entry.path }, entry)
  else if (read.parsed.documents === null) report.add(path, 'unchanged', {}, entry)
  else report.add(path, known && known.refDocIds.length > 0 ? 'changed' : 'added', {}, entry)
}

/** A file whose content is what it was keeps its documents; only its time is new. */
function toManifestEntry({ read, from }: FinishedFile): ManifestEntry {
  const { path, bytes, modifiedMs, contentHash } = read.parsed
  const { readBy, known } = read.file
  const file = { path, bytes, modifiedMs, contentHash, readBy, failure: null }
  if (read.parsed.documents === null)
    return { ...file, refDocIds: known?.refDocIds ?? [], embeddedPath: known?.embeddedPath ?? null }
  return {
    ...file,
    refDocIds: read.parsed.documents.ids,
    embeddedPath: from ? (from.entry.embeddedPath ?? from.entry.path) : null,
  }
}

function countNodes({ parsed }: ReadFile): number {
  return parsed.documents?.embedTexts.length ?? 0
}
