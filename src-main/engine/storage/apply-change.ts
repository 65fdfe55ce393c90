/** What LlamaIndex's insert and delete_ref_doc do to each store, done in one transaction of the working store. */
import { z } from 'zod'
import { metadataSchema, StackroomError, type JsonValue } from '#contract'
import type { TextNode } from '#engine/schema/node.ts'
import { writeVector } from './import-folder.ts'
import { pythonJson, pythonJsonVector } from './llamaindex/python-json.ts'
import type { DocumentWithVectors, ManifestEntry, StorageChange } from './storage-folder.ts'
import type { WorkingStore } from './working-store.ts'

const docstore = 'docstore.json'
const vectorStore = 'default__vector_store.json'

/** ref_doc_info: `doc_ids` in folders of LlamaIndex before 0.7. */
export const refDocInfoSchema = z.looseObject({
  node_ids: z.array(z.string()).default([]),
  metadata: metadataSchema.default({}),
})

export interface AppliedChange {
  readonly added: readonly { readonly nodeId: string; readonly vector: Float32Array }[]
  readonly removed: readonly string[]
}

/** Throws `dimension-mismatch` or `invalid-vector`; then nothing of the change was done. */
export function applyChange(store: WorkingStore, change: StorageChange): AppliedChange {
  const added: { nodeId: string; vector: Float32Array }[] = []
  const removed: string[] = []
  store.database.transaction(() => {
    for (const refDocId of change.deleteRefDocIds ?? []) removed.push(...deleteRefDoc(store, refDocId))
    for (const document of change.insert ?? []) added.push(...insertDocument(store, document))
    for (const entry of change.manifest ?? []) writeManifest(store, entry)
    for (const path of change.forgetSources ?? [])
      store.statement('DELETE FROM manifest WHERE path = ?').run(path)
    if (added.length > 0 || removed.length > 0 || change.insert?.length) store.setMeta('dirty', '1')
  })()
  return { added, removed }
}

/** `docstore.delete_ref_doc` and `vector_store.delete`: the nodes, their vectors, and the document itself. */
function deleteRefDoc(store: WorkingStore, refDocId: string): string[] {
  const text = store.text(docstore, 'docstore/ref_doc_info', refDocId)
  const nodeIds = text === null ? [] : refDocInfoSchema.parse(JSON.parse(text)).node_ids
  for (const nodeId of nodeIds) {
    for (const section of ['docstore/data', 'docstore/metadata']) store.remove(docstore, section, nodeId)
    for (const section of ['embedding_dict', 'text_id_to_ref_doc_id', 'metadata_dict'])
      store.remove(vectorStore, section, nodeId)
    store.statement('DELETE FROM vectors WHERE node_id = ?').run(nodeId)
    changeStruct(store, nodeId, false)
  }
  for (const section of ['docstore/data', 'docstore/metadata', 'docstore/ref_doc_info'])
    store.remove(docstore, section, refDocId)
  return nodeIds
}

function insertDocument(store: WorkingStore, { document, nodes, vectors }: DocumentWithVectors) {
  const added: { nodeId: string; vector: Float32Array }[] = []
  putDocstore('docstore/metadata', document.id, { doc_hash: document.hash })
  nodes.forEach(({ node, hash }, index) => {
    const vector = vectors[index]
    if (!vector) throw new StackroomError('invalid-vector', `There is no vector for node ${node.id_}.`)
    checkVector(store, node.id_, vector)
    putDocstore('docstore/metadata', node.id_, { doc_hash: hash, ref_doc_id: document.id })
    putDocstore('docstore/data', node.id_, { __data__: toJson(node), __type__: '1' })
    store.put(vectorStore, { section: 'embedding_dict', key: node.id_, text: pythonJsonVector(vector) })
    store.put(vectorStore, { section: 'text_id_to_ref_doc_id', key: node.id_, text: pythonJson(document.id) })
    // As node_to_metadata_dict; the simple vector store leaves out `_node_content`.
    const metadata = {
      ...node.metadata,
      _node_type: node.class_name,
      document_id: document.id,
      doc_id: document.id,
      ref_doc_id: document.id,
    }
    store.put(vectorStore, { section: 'metadata_dict', key: node.id_, text: pythonJson(metadata) })
    writeVector(store, node.id_, vector)
    changeStruct(store, node.id_, true)
    added.push({ nodeId: node.id_, vector })
  })
  const first = nodes[0]
  if (first) {
    const nodeIds = nodes.map(({ node }) => node.id_)
    putDocstore('docstore/ref_doc_info', document.id, { node_ids: nodeIds, metadata: first.node.metadata })
  }
  return added

  function putDocstore(section: string, key: string, value: JsonValue): void {
    store.put(docstore, { section, key, text: pythonJson(value) })
  }
}

/** The node as JSON: its fields are JSON values, relationships that are absent are left out. */
function toJson(node: TextNode): JsonValue {
  return z.json().parse(JSON.parse(JSON.stringify(node)))
}

function checkVector(store: WorkingStore, nodeId: string, vector: Float32Array): void {
  const dimensions = Number(store.meta('dimensions') ?? '0')
  if (dimensions === 0) store.setMeta('dimensions', String(vector.length))
  else if (dimensions !== vector.length)
    throw new StackroomError(
      'dimension-mismatch',
      `The vector of node ${nodeId} has ${vector.length} dimensions, the index has ${dimensions}.`,
      { hint: 'Use the embed model that the index was built with.' },
    )
  let isZero = true
  for (const number of vector) {
    if (!Number.isFinite(number))
      throw new StackroomError('invalid-vector', `The vector of node ${nodeId} is not made of numbers.`)
    if (number !== 0) isZero = false
  }
  if (isZero) throw new StackroomError('invalid-vector', `The vector of node ${nodeId} is zero.`)
}

function changeStruct(store: WorkingStore, nodeId: string, added: boolean): void {
  store.statement('INSERT INTO struct_changes (node_id, added) VALUES (?, ?)').run(nodeId, added ? 1 : 0)
}

function writeManifest(store: WorkingStore, entry: ManifestEntry): void {
  store
    .statement('INSERT OR REPLACE INTO manifest VALUES (?, ?, ?, ?, ?)')
    .run(entry.path, entry.bytes, entry.modifiedMs, entry.contentHash, JSON.stringify(entry.refDocIds))
}

const manifestRowSchema = z.object({
  path: z.string(),
  bytes: z.number(),
  modified_ms: z.number(),
  content_hash: z.string(),
  ref_doc_ids: z.string(),
})

export function readManifest(store: WorkingStore): ManifestEntry[] {
  return store
    .statement('SELECT * FROM manifest')
    .all()
    .map((value) => {
      const row = manifestRowSchema.parse(value)
      return {
        path: row.path,
        bytes: row.bytes,
        modifiedMs: row.modified_ms,
        contentHash: row.content_hash,
        refDocIds: z.array(z.string()).parse(JSON.parse(row.ref_doc_ids)),
      }
    })
}
