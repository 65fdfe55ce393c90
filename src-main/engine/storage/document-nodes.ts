/** Which nodes belong to a document. */
import { originalKey, pythonJsonString, storedKey } from './llamaindex/python-json.ts'
import { readRefDocInfo } from './read-node.ts'
import type { WorkingStore } from './working-store.ts'

/** As ref_doc_info lists them; before 0.6.20 there was none, and only the vector store tells. */
export function nodeIdsOfDocument(store: WorkingStore, refDocId: string): readonly string[] {
  const section = store.sections().find(({ role }) => role === 'ref-doc-info')
  const listed = section ? readRefDocInfo(store.get(section.id, storedKey(refDocId))).nodeIds : []
  return listed.length > 0 ? listed : nodeIdsInVectorStores(store, refDocId)
}

/** Python escapes what is not ASCII, other programs do not: both texts of the id are looked for. */
export function nodeIdsInVectorStores(store: WorkingStore, refDocId: string): string[] {
  const texts = new Set([pythonJsonString(refDocId), JSON.stringify(refDocId)])
  return store
    .sections()
    .filter(({ role }) => role === 'ref-doc-ids')
    .flatMap((section) => [...texts].flatMap((text) => store.keysWithValue(section, text)))
    .map(originalKey)
}

/** Entries of ref_doc_info, or what the vector store names. */
export function countDocuments(store: WorkingStore): number {
  const info = store.sections().find(({ role }) => role === 'ref-doc-info')
  if (info) return store.count(info.id)
  const section = store.sections().find(({ role }) => role === 'ref-doc-ids')
  if (!section) return 0
  return store.number('SELECT count(DISTINCT value) FROM entries WHERE section = ?', section.id)
}
