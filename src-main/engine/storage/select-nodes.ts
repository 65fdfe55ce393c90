/** Nodes with a vector, chosen by their ids and by LlamaIndex's metadata filters: SimpleVectorStore's `metadata_dict`. */
import { z } from 'zod'
import { jsonValueSchema, type Metadata } from '#contract'
import { matchesFilters, type MetadataFilters } from '#engine/stores/metadata-filters.ts'
import { originalKey, parsePythonJson, storedKey } from './llamaindex/python-json.ts'
import { readNode } from './read-node.ts'
import type { VectorStoreRow, WorkingStore } from './working-store.ts'

export interface NodeChoice {
  readonly nodeIds?: readonly string[] | undefined
  readonly filters?: MetadataFilters | undefined
}

export interface ChosenNode {
  readonly nodeId: string
  /** Of the packed vectors. */
  readonly row: number
}

/** In the order of the ids, or of the rows. Ids without a vector are passed over. */
export function selectNodes(
  store: WorkingStore,
  vectorStore: VectorStoreRow,
  { nodeIds, filters }: NodeChoice,
): ChosenNode[] {
  const nodes = nodeIds
    ? [...new Set(nodeIds)].flatMap((nodeId) => {
        const row = store.rowOf(vectorStore.id, storedKey(nodeId))
        return row === null ? [] : [{ nodeId, row }]
      })
    : allNodes(store, vectorStore)
  if (!filters || filters.filters.length === 0) return nodes
  const metadataOf = metadataReader(store, vectorStore)
  return nodes.filter(({ nodeId }) => matchesFilters(metadataOf(nodeId), filters))
}

function allNodes(store: WorkingStore, { id }: VectorStoreRow): ChosenNode[] {
  const rows = store
    .statement('SELECT row, node_id AS nodeId FROM vectors WHERE store = ? ORDER BY row')
    .all(id) as ChosenNode[]
  return rows.map(({ row, nodeId }) => ({ row, nodeId: originalKey(nodeId) }))
}

const metadataSchema = z.record(z.string(), jsonValueSchema)

/** Stores before 0.8 have no `metadata_dict`: then those of the docstore. */
function metadataReader(store: WorkingStore, { file }: VectorStoreRow): (nodeId: string) => Metadata {
  const section = store.section(file, 'vector-metadata')
  const nodes = store.sections().find(({ role }) => role === 'nodes')
  return (nodeId) => {
    const text = section && store.get(section.id, storedKey(nodeId))
    if (text) return metadataSchema.safeParse(parsePythonJson(text)).data ?? {}
    const entry = nodes && store.get(nodes.id, storedKey(nodeId))
    return entry && nodes ? readNode(nodeId, entry, nodes.file).metadata : {}
  }
}
