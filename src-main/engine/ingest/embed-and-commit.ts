/**
 * The second half of the pipeline: gathers parsed files into batches, embeds their nodes, and commits each batch in one
 * change while the next is being embedded.
 */
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import type { ParsedDocument } from '#engine/schema/node.ts'
import type { DocumentWithVectors, ManifestEntry } from '#engine/storage/storage-folder.ts'
import type { IngestStorage, ReadFile } from './pipeline.ts'
import type { IngestProgress } from './progress.ts'

/** Nodes of a batch: enough to keep a model busy, few enough that little is lost when the work stops. */
const batchNodes = 256

export interface EmbedAndCommitOptions {
  readonly files: AsyncIterable<ReadFile>
  readonly storage: IngestStorage
  readonly model: EmbedModel
  readonly progress: IngestProgress
  readonly signal: AbortSignal | undefined
}

export async function embedAndCommit(options: EmbedAndCommitOptions): Promise<void> {
  const { files, storage, signal } = options
  let batch: ReadFile[] = []
  let nodes = 0
  let committing: Promise<void> = Promise.resolve()

  async function flush(): Promise<void> {
    const embedded = await embedBatch(batch, options)
    batch = []
    nodes = 0
    await committing
    signal?.throwIfAborted()
    committing = commit(embedded, storage, options.progress)
    // Failures surface where the next batch, or the end, waits for it.
    committing.catch(() => undefined)
  }

  try {
    for await (const file of files) {
      batch.push(file)
      nodes += countNodes(file)
      if (nodes >= batchNodes || batch.length >= batchNodes) await flush()
    }
    if (batch.length > 0) await flush()
  } finally {
    // A change under way is finished before anyone closes the storage.
    await committing
  }
}

interface EmbeddedFile {
  readonly read: ReadFile
  readonly documents: readonly DocumentWithVectors[]
}

async function embedBatch(
  batch: readonly ReadFile[],
  { model, progress, signal }: EmbedAndCommitOptions,
): Promise<EmbeddedFile[]> {
  const texts = batch.flatMap(({ parsed }) =>
    (parsed.documents ?? []).flatMap(({ nodes }) => nodes.map(({ embedText }) => embedText)),
  )
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
  const take = (document: ParsedDocument): DocumentWithVectors => {
    const own = vectors.slice(next, next + document.nodes.length)
    next += own.length
    return { ...document, vectors: own }
  }
  return batch.map((read) => ({ read, documents: (read.parsed.documents ?? []).map(take) }))
}

async function commit(
  files: readonly EmbeddedFile[],
  storage: IngestStorage,
  progress: IngestProgress,
): Promise<void> {
  const documents = files.flatMap((file) => file.documents)
  const replaced = files
    .filter(({ read }) => read.parsed.documents !== null)
    .flatMap(({ read }) => read.known?.refDocIds ?? [])
  await storage.change({
    // Their ids are their paths: another program may have indexed the same file into this folder.
    deleteRefDocIds: [...new Set([...replaced, ...documents.map(({ document }) => document.id)])],
    insert: documents,
    manifest: files.map(toManifestEntry),
  })
  const { filesDone, documents: before } = progress.counts
  progress.update({ filesDone: filesDone + files.length, documents: before + documents.length })
}

/** A file whose content is what it was keeps its documents; only its time is new. */
function toManifestEntry({ read, documents }: EmbeddedFile): ManifestEntry {
  const { path, bytes, modifiedMs, contentHash } = read.parsed
  const refDocIds =
    read.parsed.documents === null
      ? (read.known?.refDocIds ?? [])
      : documents.map(({ document }) => document.id)
  return { path, bytes, modifiedMs, contentHash, refDocIds }
}

function countNodes({ parsed }: ReadFile): number {
  return (parsed.documents ?? []).reduce((sum, document) => sum + document.nodes.length, 0)
}
