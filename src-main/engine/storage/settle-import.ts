/** What follows from all files together, once they are in the working store. */
import { layoutOf } from './folder-layout.ts'
import { nodesNamedBy, vectorStructTypes } from './llamaindex/index-struct.ts'
import { originalKey } from './llamaindex/python-json.ts'
import type { WorkingStore } from './working-store.ts'

/** One file may have the collections of several docstores: those of LlamaIndex's own names go before others. */
export function settleSections(store: WorkingStore): void {
  store
    .statement(
      `UPDATE sections SET role = 'other' WHERE role IN ('nodes', 'node-metadata', 'ref-doc-info', 'index-structs')
       AND name NOT LIKE 'docstore/%' AND name NOT LIKE 'index\\_store/%' ESCAPE '\\'
       AND EXISTS (SELECT 1 FROM sections AS own WHERE own.file = sections.file AND own.role = sections.role
         AND (own.name LIKE 'docstore/%' OR own.name LIKE 'index\\_store/%' ESCAPE '\\'))`,
    )
    .run()
  store.forgetSections()
}

/**
 * What is not searched: a vector whose node is not in the docstore and so cannot be shown, and one that no vector index
 * names, as the summaries of a document summary index in the same vector store. `verify` tells of the former.
 */
export function maskUnsearched(store: WorkingStore): void {
  const nodes = store.sections().find(({ role }) => role === 'nodes')
  if (nodes)
    store
      .statement(
        `INSERT INTO masked (store, row) SELECT store, row FROM vectors
         WHERE NOT EXISTS (SELECT 1 FROM entries WHERE section = ? AND key = node_id)
         AND (store, row) NOT IN (SELECT store, row FROM masked)`,
      )
      .run(nodes.id)
  const { vectorStore } = layoutOf(store)
  const named = vectorStore && namedByVectorIndexes(store)
  if (!named) return
  const rows = store
    .statement(
      `SELECT row, node_id FROM vectors
       WHERE store = ? AND row NOT IN (SELECT row FROM masked WHERE masked.store = vectors.store)`,
    )
    .raw()
    .all(vectorStore.id) as [row: number, key: string][]
  const mask = store.statement('INSERT INTO masked (store, row) VALUES (?, ?)')
  for (const [row, key] of rows) if (!named.has(originalKey(key))) mask.run(vectorStore.id, row)
}

/** Says of a vector, by its store and its stored key, whether a search may find it. */
export function searchFilter(store: WorkingStore): (vectorStore: number, key: string) => boolean {
  const nodes = store.sections().find(({ role }) => role === 'nodes')
  const { vectorStore } = layoutOf(store)
  const named = namedByVectorIndexes(store)
  return (id, key) =>
    (!nodes || store.has(nodes.id, key)) &&
    (id !== vectorStore?.id || named === null || named.has(originalKey(key)))
}

/** The nodes that the vector indexes have; null when none says so. */
export function namedByVectorIndexes(store: WorkingStore): Set<string> | null {
  const { structs } = layoutOf(store)
  const section = store.sections().find(({ role }) => role === 'index-structs')
  const named = structs.flatMap(({ key, type }) => {
    const value = vectorStructTypes.includes(type) && section ? store.bytes(section.id, key) : null
    const nodes = value && nodesNamedBy(type, value)
    return nodes ? [nodes] : []
  })
  const [first, ...others] = named
  for (const nodes of others) for (const node of nodes) first?.add(node)
  return first ?? null
}
