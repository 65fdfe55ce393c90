/**
 * The nodes and vectors of a document for another path of the same content: moved files and equal files are not embedded
 * again. What the file says of itself is new in every node (its path, its dates), and with it the hashes; text, chunks and
 * vectors stay.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { jsonValueSchema, type Metadata } from '#contract'
import { nodeHash } from '#engine/schema/hash.ts'
import type { ParsedNode, RelatedNodeInfo, SourceDocument, TextNode } from '#engine/schema/node.ts'
import { layoutOf } from './folder-layout.ts'
import { parsePythonJson, storedKey } from './llamaindex/python-json.ts'
import { readRefDocInfo } from './read-node.ts'
import type { DocumentCopy, DocumentWithVectors } from './storage-folder.ts'
import type { VectorStores } from './vector-stores.ts'
import type { WorkingStore } from './working-store.ts'

const metadataSchema = z.record(z.string(), jsonValueSchema)
const relatedSchema = z.object({
  node_id: z.string(),
  node_type: z.enum(['1', '2', '3', '4', '5']).nullable(),
  metadata: metadataSchema,
  hash: z.string().nullable(),
  class_name: z.literal('RelatedNodeInfo'),
})
/** As DocumentInsertion wrote it; a node of another shape is not copied, but embedded anew. */
const nodeSchema = z.looseObject({
  id_: z.string(),
  embedding: z.null(),
  metadata: metadataSchema,
  excluded_embed_metadata_keys: z.array(z.string()),
  excluded_llm_metadata_keys: z.array(z.string()),
  relationships: z.object({
    '1': relatedSchema.optional(),
    '2': relatedSchema.optional(),
    '3': relatedSchema.optional(),
    '4': relatedSchema.optional(),
    '5': z.array(relatedSchema).optional(),
  }),
  metadata_template: z.string(),
  metadata_separator: z.string(),
  text: z.string(),
  mimetype: z.string(),
  start_char_idx: z.number().nullable(),
  end_char_idx: z.number().nullable(),
  text_template: z.string(),
  class_name: z.literal('TextNode'),
})
const entrySchema = z.object({ __data__: nodeSchema })

interface StoredDocumentNode {
  readonly key: string
  readonly node: TextNode
  readonly row: number
}

/** Whether every node is one that `copyDocument` can copy, with a vector; those of another store are not looked for. */
export function isCopyable(store: WorkingStore, refDocId: string, vectorsElsewhere: boolean): boolean {
  return storedNodes(store, refDocId, vectorsElsewhere) !== null
}

/** Null when it cannot be done. */
export function copyDocument(
  store: WorkingStore,
  vectors: VectorStores,
  { from, document, keepNodeIds, vectors: given }: DocumentCopy,
): DocumentWithVectors | null {
  const stored = storedNodes(store, from, given !== undefined)
  const row = layoutOf(store).vectorStore
  if (!stored || !(row ?? given)) return null
  const ids = new Map(stored.map(({ node }) => [node.id_, keepNodeIds ? node.id_ : randomUUID()]))
  ids.set(from, document.id)
  const metadataOf = new Map(stored.map(({ node }) => [node.id_, withOf(node.metadata, document.metadata)]))
  const hashes = new Map(
    stored.map(({ node }) => [node.id_, nodeHash(node.text, metadataOf.get(node.id_) ?? {})]),
  )
  const related = (info: RelatedNodeInfo): RelatedNodeInfo => ({
    ...info,
    node_id: ids.get(info.node_id) ?? info.node_id,
    metadata: withOf(info.metadata, document.metadata),
    // Python links forward to the bare text, whose hash is what it was.
    hash: isBare(info.metadata) ? info.hash : (hashes.get(info.node_id) ?? info.hash),
  })
  const packed = given || !row ? null : vectors.packed(row)
  const vectorOf = ({ node, row: number }: StoredDocumentNode): Float32Array | undefined =>
    given ? given.get(node.id_) : packed?.row(number)
  const found = stored.flatMap((each) => vectorOf(each) ?? [])
  if (found.length < stored.length) return null
  return {
    document,
    nodes: stored.map(({ node }): ParsedNode => {
      const { '1': source, '2': previous, '3': next, '4': parent, '5': children } = node.relationships
      const copy: TextNode = {
        ...node,
        id_: ids.get(node.id_) ?? node.id_,
        metadata: metadataOf.get(node.id_) ?? node.metadata,
        relationships: {
          ...(source && { '1': { ...related(source), hash: document.hash } }),
          ...(previous && { '2': related(previous) }),
          ...(next && { '3': related(next) }),
          ...(parent && { '4': related(parent) }),
          ...(children && { '5': children.map(related) }),
        },
      }
      // The vector is there: nobody needs the text that it was made of.
      return { node: copy, hash: hashes.get(node.id_) ?? '', embedText: '' }
    }),
    vectors: found,
  }
}

function storedNodes(
  store: WorkingStore,
  refDocId: string,
  vectorsElsewhere: boolean,
): StoredDocumentNode[] | null {
  const { docstore, vectorStore } = layoutOf(store)
  const file = docstore ?? 'docstore.json'
  const nodes = store.section(file, 'nodes')
  const refDocInfo = store.section(file, 'ref-doc-info')
  if (!nodes || !refDocInfo || (!vectorStore && !vectorsElsewhere)) return null
  const { nodeIds } = readRefDocInfo(store.get(refDocInfo.id, storedKey(refDocId)))
  const found: StoredDocumentNode[] = []
  for (const nodeId of nodeIds) {
    const key = storedKey(nodeId)
    const row = vectorsElsewhere || !vectorStore ? -1 : store.rowOf(vectorStore.id, key)
    const node = readTextNode(store.get(nodes.id, key))
    if (row === null || !node) return null
    found.push({ key, node, row })
  }
  return found.length > 0 ? found : null
}

/** A node as DocumentInsertion wrote it into the docstore; null for others. */
export function readTextNode(entry: string | null): TextNode | null {
  if (entry === null) return null
  try {
    return entrySchema.safeParse(parsePythonJson(entry)).data?.__data__ ?? null
  } catch {
    return null
  }
}

/** What the file says of itself; what a node parser added stays. */
function withOf(metadata: Metadata, ofDocument: SourceDocument['metadata']): Metadata {
  if (isBare(metadata)) return metadata
  const kept = Object.entries(metadata).map(([key, value]) => [key, ofDocument[key] ?? value] as const)
  return { ...Object.fromEntries(kept), ...ofDocument }
}

function isBare(metadata: Metadata): boolean {
  return Object.keys(metadata).length === 0
}
