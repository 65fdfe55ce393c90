/** `delete_ref_doc` of a vector index, and what the other indexes of the folder need when nodes are gone. */
import { z } from 'zod'
import type { ChangeWork } from './change-work.ts'
import { nodeIdsInVectorStores } from './document-nodes.ts'
import { parsePythonJson, storedKey } from './llamaindex/python-json.ts'
import { changeRefDocInfo } from './llamaindex/ref-doc-info.ts'
import { readRefDocInfo } from './read-node.ts'
import type { SectionRole } from './llamaindex/store-files.ts'
import type { VectorStoreRow, WorkingStore } from './working-store.ts'

const metadataSchema = z.looseObject({ ref_doc_id: z.string() })

/**
 * With `fromDocstore` the document and its nodes leave every store and every index that can forget them, else only the
 * vector index. Says whether anything was there.
 */
export function deleteRefDoc(work: ChangeWork, refDocId: string, fromDocstore: boolean): boolean {
  const { store, layout, structs, vectors, storeChanges } = work
  const docstore = layout.docstore ?? 'docstore.json'
  const remove = (file: string, role: SectionRole, id: string): boolean => {
    const section = store.section(file, role)
    return section !== undefined && store.remove(section, storedKey(id))
  }
  let changed = false
  const refDocInfo = store.section(docstore, 'ref-doc-info')
  const listed = refDocInfo ? readRefDocInfo(store.get(refDocInfo.id, storedKey(refDocId))).nodeIds : []
  const nodeIds = new Set([...listed, ...nodeIdsInVectorStores(store, refDocId)])
  storeChanges?.removeDocument(refDocId)
  for (const nodeId of nodeIds) storeChanges?.remove(nodeId)
  if (storeChanges && nodeIds.size > 0) changed = true
  for (const { id, file } of fromDocstore ? store.vectorStores() : storesOfVectorIndex(work)) {
    for (const nodeId of nodeIds) {
      changed = vectors.remove(id, storedKey(nodeId)) || changed
      for (const role of ['embeddings', 'ref-doc-ids', 'vector-metadata'] as const)
        changed = remove(file, role, nodeId) || changed
    }
  }
  if (!fromDocstore) {
    structs.forgetVectors(nodeIds)
    return changed
  }
  structs.forgetNodes(nodeIds, refDocId)
  for (const nodeId of nodeIds) {
    removeFromDocument(store, docstore, nodeId, refDocId)
    for (const role of ['nodes', 'node-metadata'] as const)
      changed = remove(docstore, role, nodeId) || changed
  }
  for (const role of ['ref-doc-info', 'node-metadata', 'nodes'] as const)
    changed = remove(docstore, role, refDocId) || changed
  return changed
}

/** The default one; a multimodal index has its pictures in a second one, and deletes from all there are. */
function storesOfVectorIndex({ store, layout }: ChangeWork): VectorStoreRow[] {
  const isMultimodal = layout.structs.some(({ type }) => type === 'multimodal')
  return store.vectorStores().filter(({ id }) => isMultimodal || id === layout.vectorStore?.id)
}

/**
 * `_remove_from_ref_doc_node`: the document forgets the node, and goes with the last of them. Unless it is the document
 * `except`, which is being deleted: the node may have come to another one since.
 */
export function removeFromDocument(
  store: WorkingStore,
  docstore: string,
  nodeId: string,
  except?: string,
): void {
  const nodeMetadata = store.section(docstore, 'node-metadata')
  const refDocInfo = store.section(docstore, 'ref-doc-info')
  const text = nodeMetadata && store.get(nodeMetadata.id, storedKey(nodeId))
  if (!text || !refDocInfo) return
  const other = metadataSchema.safeParse(parsePythonJson(text)).data?.ref_doc_id
  if (other === undefined || other === except) return
  const before = store.bytes(refDocInfo.id, storedKey(other))
  const { nodeIds } = readRefDocInfo(before?.toString('utf8') ?? null)
  if (!before || !nodeIds.includes(nodeId)) return
  const remaining = changeRefDocInfo(before, { remove: new Set([nodeId]) })
  if (nodeIds.some((id) => id !== nodeId)) store.put(refDocInfo, storedKey(other), remaining)
  else
    for (const role of ['ref-doc-info', 'node-metadata', 'nodes'] as const) {
      const section = store.section(docstore, role)
      if (section) store.remove(section, storedKey(other))
    }
}
