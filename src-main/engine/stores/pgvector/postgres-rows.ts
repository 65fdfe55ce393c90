/** Nodes as rows of the table, as LlamaIndex's PGVectorStore writes them, and back. */
import { z } from 'zod'
import { jsonValueSchema, StackroomError, type Metadata } from '#contract'
import type { StoredNode } from '#engine/storage/storage-folder.ts'
import { parsePythonJson, pythonJson } from '#engine/storage/llamaindex/python-json.ts'
import { contentOf, metadataDictToNode, nodeToNestedMetadataDict } from '../metadata-dict.ts'
import type { NodeWithVector, StoreEntry } from '../vector-store.ts'
import type { Row } from './postgres-connections.ts'

export interface NewRow {
  readonly nodeId: string
  readonly text: string
  /** JSON text. */
  readonly metadata: string
  /** As pgvector reads it: `[1,0.5,0]`. */
  readonly embedding: string
}

/** Rows of one statement, roughly: its parameters are made in one go. */
const batchBytes = 4 * 1024 * 1024
const batchRows = 500

export function newRow({ node, vector, content }: NodeWithVector): NewRow {
  requireStorableId(node.id_)
  const whole = nodeToNestedMetadataDict(node, content)
  // PostgreSQL's texts have no NUL: a text with one is in `_node_content` as well, where it is escaped twice.
  const inContent = isStorable(node.text) ? {} : { _node_content: contentWithOwnText(node, content) }
  return {
    nodeId: node.id_,
    text: storable(node.text),
    metadata: pythonJson(storableValue({ ...whole, ...inContent })),
    embedding: vectorText(vector),
  }
}

function contentWithOwnText(node: NodeWithVector['node'], content: string | undefined): string {
  return content ?? pythonJson({ ...node, embedding: null })
}

/** The last of several nodes with the same id counts. */
export function* rowBatches(nodes: readonly NodeWithVector[]): Generator<NewRow[]> {
  const unique = new Map(nodes.map((item) => [item.node.id_, item]))
  let batch: NewRow[] = []
  let bytes = 0
  for (const item of unique.values()) {
    const row = newRow(item)
    batch.push(row)
    bytes += row.text.length + row.metadata.length + row.embedding.length
    if (batch.length < batchRows && bytes < batchBytes) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

const rowSchema = z.object({
  node_id: z.string().nullable(),
  text: z.string().nullish(),
  metadata_: z.string().nullable(),
  embedding: z.string().nullish(),
})
const metadataSchema = z.record(z.string(), jsonValueSchema).catch({})

/** Of a row whose `metadata_` and `embedding` were asked for as texts. */
export function entryOf(row: Row, withContent = false): StoreEntry {
  const { node_id, text, metadata_, embedding } = rowSchema.parse(row)
  const nodeId = node_id ?? ''
  const dict = parseMetadata(metadata_)
  const node = metadataDictToNode(nodeId, dict, null)
  const shown = wholeText(node, text ?? '')
  return {
    nodeId,
    node: { ...node, text: shown },
    vector: embedding === null || embedding === undefined ? null : parseVector(embedding),
    ...(withContent && { content: contentOf(dict, shown) }),
  }
}

export function parseMetadata(text: string | null): Metadata {
  return metadataSchema.parse(text === null ? {} : parsePythonJson(text))
}

/** What filters look at. */
export function filterMetadata(row: Row): Metadata {
  const { node_id, metadata_ } = rowSchema.parse(row)
  const dict = parseMetadata(metadata_)
  return { ...dict, ...metadataDictToNode(node_id ?? '', dict, null).metadata }
}

/** The text of the column, as `metadata_dict_to_node` has it; where that could not hold it, the one that `newRow` kept. */
function wholeText(node: StoredNode, column: string): string {
  return !isStorable(node.text) && storable(node.text) === column ? node.text : column
}

export function vectorText(vector: Float32Array): string {
  return `[${vector.join(',')}]`
}

function parseVector(text: string): Float32Array {
  return Float32Array.from(text.slice(1, -1).split(','), Number)
}

function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

function storable(text: string): string {
  return isStorable(text) ? text : text.replaceAll('\0', '').toWellFormed()
}

function storableValue(value: unknown): unknown {
  if (typeof value === 'string') return storable(value)
  if (Array.isArray(value)) return value.map(storableValue)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storable(key), storableValue(item)]))
}

export function requireStorableId(id: string): void {
  if (isStorable(id)) return
  throw new StackroomError(
    'invalid-input',
    'PostgreSQL keeps no node whose id has a NUL or half a character in it.',
  )
}
