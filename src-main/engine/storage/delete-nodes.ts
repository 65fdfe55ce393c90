/** `delete_nodes` of a vector index: single nodes, whatever their documents. */
import type { ChangeWork } from './change-work.ts'
import { removeFromDocument } from './delete-ref-doc.ts'
import { storedKey } from './llamaindex/python-json.ts'

/** With `fromDocstore` the docstore forgets them, too. Says whether anything was there. */
export function deleteNodes(work: ChangeWork, nodeIds: readonly string[], fromDocstore: boolean): boolean {
  const { store, layout, structs, vectors, storeChanges } = work
  const vectorStore = layout.vectorStore
  const docstore = layout.docstore
  const deleted = nodeIds.filter((nodeId) => {
    const key = storedKey(nodeId)
    // Whether another store has it, only that one knows.
    let isThere = storeChanges !== null || (vectorStore !== null && vectors.remove(vectorStore.id, key))
    storeChanges?.remove(nodeId)
    const remove = (
      file: string,
      role: 'embeddings' | 'ref-doc-ids' | 'vector-metadata' | 'nodes' | 'node-metadata',
    ) => {
      const section = store.section(file, role)
      isThere = (section !== undefined && store.remove(section, key)) || isThere
    }
    if (vectorStore)
      for (const role of ['embeddings', 'ref-doc-ids', 'vector-metadata'] as const)
        remove(vectorStore.file, role)
    if (fromDocstore && docstore) {
      removeFromDocument(store, docstore, nodeId)
      for (const role of ['nodes', 'node-metadata'] as const) remove(docstore, role)
    }
    return isThere
  })
  structs.forgetVectors(deleted)
  return deleted.length > 0
}
