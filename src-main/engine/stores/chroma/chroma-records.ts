/** Nodes as records of a Chroma collection, as LlamaIndex's ChromaVectorStore writes them, and back. */
import type { Metadata } from '#contract'
import type { TextNode } from '#engine/schema/node.ts'
import type { StoredNode } from '#engine/storage/storage-folder.ts'
import { contentOf, metadataDictToNode, nodeToMetadataDict } from '../metadata-dict.ts'
import type { NodeWithVector, StoreEntry, VectorStoreHit } from '../vector-store.ts'
import type { ChromaRecords, NewRecords, RankedRecords } from './chroma-shapes.ts'

/** Of a request, which is made in one go. As JSON each takes 6 bytes at most, and servers refuse more than 40 MB. */
const batchCharacters = 6 * 1024 * 1024

/** What filters look at: LlamaIndex's ids beside the node's metadata, which may hold more than Chroma can. */
export function filterMetadata(id: string, dict: Metadata | null | undefined): Metadata {
  return { ...dict, ...metadataDictToNode(id, dict ?? {}, null).metadata }
}

function nodeAt(records: ChromaRecords, index: number): StoredNode {
  const metadata = records.metadatas?.[index] ?? {}
  const uri = records.uris?.[index] ?? null
  return metadataDictToNode(
    records.ids[index] ?? '',
    // Where the content of a record is, which has no document then.
    uri === null ? metadata : { uri, ...metadata },
    records.documents?.[index] ?? null,
  )
}

/** @param withContents whether the nodes come as JSON text, too */
export function entriesOf(records: ChromaRecords, withContents = false): StoreEntry[] {
  return records.ids.map((nodeId, index) => {
    const values = records.embeddings?.[index]
    return {
      nodeId,
      node: nodeAt(records, index),
      vector: values ? Float32Array.from(values) : null,
      ...(withContents && {
        content: contentOf(records.metadatas?.[index] ?? {}, records.documents?.[index] ?? null),
      }),
    }
  })
}

export function hitsOf(records: RankedRecords): VectorStoreHit[] {
  return records.ids.map((nodeId, index) => ({
    nodeId,
    score: Math.exp(-(records.distances[index] ?? Number.POSITIVE_INFINITY)),
    node: nodeAt(records, index),
  }))
}

/** `plain`: the document and its metadata, without LlamaIndex's own entries. */
export type RecordShape = 'llamaindex' | 'plain'

/** As LangChain's loaders and text splitters note where a text is from. */
function plainMetadata({ metadata, start_char_idx: start }: TextNode): Metadata {
  const path = metadata['file_path']
  const flat = Object.entries(metadata).filter(([, value]) => value === null || typeof value !== 'object')
  return {
    ...Object.fromEntries(flat),
    ...(typeof path === 'string' && !('source' in metadata) && { source: path }),
    ...(start !== null && { start_index: start }),
  }
}

/** At most `maximum` nodes at once. */
export function* batches(
  nodes: readonly NodeWithVector[],
  maximum: number,
  shape: RecordShape = 'llamaindex',
): Generator<NewRecords> {
  // The last of several nodes with the same id counts: Chroma takes each id once at a time.
  const unique = [...new Map(nodes.map((item) => [item.node.id_, item])).values()]
  let batch = emptyBatch()
  let characters = 0
  for (const { node, vector, content } of unique) {
    const dict = shape === 'llamaindex' ? nodeToMetadataDict(node, content) : plainMetadata(node)
    const entries = Object.entries(dict)
    const metadata = entries.map(([key, value]): [string, unknown] => [key, wellFormed(value ?? '')])
    batch.ids.push(node.id_)
    batch.vectors.push(vector)
    batch.documents.push(node.text.toWellFormed())
    batch.metadatas.push(Object.fromEntries(metadata))
    characters += vector.byteLength * 1.5 + node.text.length
    for (const [key, value] of entries)
      characters += key.length + (typeof value === 'string' ? value.length : 20)
    if (batch.ids.length < maximum && characters < batchCharacters) continue
    yield batch
    batch = emptyBatch()
    characters = 0
  }
  if (batch.ids.length > 0) yield batch
}

function emptyBatch() {
  return {
    ids: [] as string[],
    vectors: [] as Float32Array[],
    documents: [] as string[],
    metadatas: [] as Record<string, unknown>[],
  }
}

/** Half a surrogate pair is no UTF-8. */
function wellFormed(value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}
