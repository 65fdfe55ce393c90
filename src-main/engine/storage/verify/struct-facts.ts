/** What an index struct of index_store.json names. */
import { z } from 'zod'
import { parsePythonJson } from '../llamaindex/python-json.ts'

export interface StructFacts {
  readonly type: string
  /** Pairs of a vector's id, where the struct is one of vectors, and a node's. */
  readonly named: Iterable<{ readonly vector: string | null; readonly node: string }>
}

const structSchema = z.looseObject({})
const entrySchema = z.looseObject({
  __type__: z.string().optional(),
  type: z.string().optional(),
})

/** Types whose nodes are all named in them. */
export const namingTypes: readonly string[] = [
  'vector_store',
  'dict',
  'simple_dict',
  'multimodal',
  'list',
  'tree',
  'keyword_table',
  'document_summary',
]

/** Null when it cannot be read. */
export function readStructFacts(value: Buffer): StructFacts | null {
  try {
    const entry = entrySchema.parse(parsePythonJson(value.toString('utf8')))
    const type = entry.__type__ ?? entry.type
    const inside = entry['__data__'] ?? entry
    const data = structSchema.parse(typeof inside === 'string' ? parsePythonJson(inside) : inside)
    // LlamaIndexTS writes its vector index without a type.
    const isTyped = type !== undefined || 'nodesDict' in data
    return isTyped ? { type: type ?? 'vector_store', named: namedBy(data) } : null
  } catch {
    return null
  }
}

function* namedBy(struct: Readonly<Record<string, unknown>>): StructFacts['named'] {
  // Of a vector index; the value is the node's id, and in LlamaIndexTS the node.
  for (const [vector, node] of members(struct['nodes_dict'] ?? struct['nodesDict']))
    yield { vector, node: typeof node === 'string' ? node : vector }
  // Of a summary index.
  for (const node of texts(struct['nodes'])) yield { vector: null, node }
  // Of a tree.
  for (const [, node] of members(struct['all_nodes']))
    for (const id of texts([node])) yield { vector: null, node: id }
  // Of a keyword table, and of a knowledge graph.
  for (const [, nodes] of members(struct['table']))
    for (const node of texts(nodes)) yield { vector: null, node }
  // Of a document summary index: the summaries have vectors.
  for (const [summary, nodes] of members(struct['summary_id_to_node_ids'])) {
    yield { vector: summary, node: summary }
    for (const node of texts(nodes)) yield { vector: null, node }
  }
}

function members(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
}
