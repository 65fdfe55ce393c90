/** What LlamaIndex's insert and delete_ref_doc do to each store, done in one transaction of the working store. */
import { StackroomError } from '#contract'
import { ensureSection, layoutOf, type FolderLayout } from './folder-layout.ts'
import { newVectorStruct, vectorStructTypes } from './llamaindex/index-struct.ts'
import { pythonJson, pythonJsonString } from './llamaindex/python-json.ts'
import { readRefDocInfo } from './read-node.ts'
import { removeFromManifest, writeManifest } from './source-manifest.ts'
import type { DocumentWithVectors, StorageChange } from './storage-folder.ts'
import type { VectorStores } from './vector-stores.ts'
import type { WorkingStore } from './working-store.ts'

/** Throws `dimension-mismatch`, `invalid-vector`, `missing-file`, `unsupported-format`; then nothing was done. */
export function applyChange(store: WorkingStore, vectors: VectorStores, change: StorageChange): void {
  const layout = layoutOf(store)
  const refDocIds = [...(change.deleteRefDocIds ?? []), ...(change.deleteFromIndexOnly ?? [])]
  const changesIndex = refDocIds.length > 0 || (change.insert?.length ?? 0) > 0
  if (changesIndex) requireChangeable(layout, store)
  try {
    store.database.transaction(() => {
      const editor = new IndexEditor(store, vectors, layout)
      for (const refDocId of change.deleteRefDocIds ?? []) editor.deleteRefDoc(refDocId, true)
      for (const refDocId of change.deleteFromIndexOnly ?? []) editor.deleteRefDoc(refDocId, false)
      for (const document of change.insert ?? []) editor.insert(document)
      for (const entry of change.manifest ?? []) writeManifest(store, entry)
      for (const path of change.forgetSources ?? []) removeFromManifest(store, path)
      if (editor.changed) store.setMeta('unpersisted', '1')
      vectors.flush()
    })()
  } catch (error) {
    store.forgetSections()
    vectors.forget()
    throw error
  }
}

function requireChangeable(layout: FolderLayout, store: WorkingStore): void {
  if (layout.flavour === 'typescript')
    throw new StackroomError(
      'unsupported-format',
      'LlamaIndexTS wrote this folder: it can be searched, but not changed.',
      {
        hint: 'Index the documents into a new folder.',
      },
    )
  if (layout.vectorStore) return
  const nodes = layout.docstore && store.section(layout.docstore, 'nodes')
  if (nodes && store.count(nodes.id) > 0)
    throw new StackroomError('missing-file', 'The vectors of this folder are not in it.', {
      hint: 'They may be in an external vector store. Index the documents into a new folder.',
    })
}

class IndexEditor {
  changed = false
  readonly #store: WorkingStore
  readonly #vectors: VectorStores
  readonly #docstore: string
  readonly #indexStore: string
  readonly #vectorFile: string

  constructor(store: WorkingStore, vectors: VectorStores, layout: FolderLayout) {
    this.#store = store
    this.#vectors = vectors
    this.#docstore = layout.docstore ?? 'docstore.json'
    this.#indexStore = layout.indexStore ?? 'index_store.json'
    this.#vectorFile = layout.vectorStore?.file ?? 'default__vector_store.json'
  }

  /** `VectorStoreIndex.delete_ref_doc`, for every index and vector store that has the nodes. */
  deleteRefDoc(refDocId: string, fromDocstore: boolean): void {
    const store = this.#store
    const refDocInfo = store.section(this.#docstore, 'ref-doc-info')
    const listed = refDocInfo ? readRefDocInfo(store.get(refDocInfo.id, refDocId)).nodeIds : []
    const nodeIds = new Set([...listed, ...this.#nodesInVectorStores(refDocId)])
    for (const nodeId of nodeIds) {
      for (const { id, file } of store.vectorStores()) {
        if (this.#vectors.remove(id, nodeId)) this.changed = true
        for (const role of ['embeddings', 'ref-doc-ids', 'vector-metadata'] as const)
          this.#remove(file, role, nodeId)
      }
      this.#changeStructs(nodeId)
      if (!fromDocstore) continue
      this.#remove(this.#docstore, 'nodes', nodeId)
      this.#remove(this.#docstore, 'node-metadata', nodeId)
    }
    if (!fromDocstore) return
    for (const role of ['ref-doc-info', 'node-metadata', 'nodes'] as const)
      this.#remove(this.#docstore, role, refDocId)
  }

  /** Python escapes what is not ASCII, other programs do not: both texts of the id are looked for. */
  #nodesInVectorStores(refDocId: string): string[] {
    const texts = new Set([pythonJsonString(refDocId), JSON.stringify(refDocId)])
    return this.#store
      .sections()
      .filter(({ role }) => role === 'ref-doc-ids')
      .flatMap((section) => [...texts].flatMap((text) => this.#store.keysWithValue(section, text)))
  }

  #remove(file: string, role: Parameters<WorkingStore['section']>[1], key: string): void {
    const section = this.#store.section(file, role)
    if (section && this.#store.remove(section, key)) this.changed = true
  }

  /** Only vector indexes and lists name nodes in a way that can be changed without the program that made them. */
  #changeStructs(removedNodeId: string): void {
    for (const { key, type } of this.#structs()) {
      if (type === 'list' || vectorStructTypes.includes(type)) this.#noteStruct(key, removedNodeId, 0)
    }
  }

  #structs(): { key: string; type: string }[] {
    return this.#store.statement('SELECT key, type FROM index_structs').all() as {
      key: string
      type: string
    }[]
  }

  #noteStruct(struct: string, nodeId: string, added: 0 | 1): void {
    this.#store
      .statement('INSERT INTO struct_changes (struct, node_id, added) VALUES (?, ?, ?)')
      .run(struct, nodeId, added)
  }

  /** `VectorStoreIndex.insert`: the nodes into the vector store, the index and the docstore, then the document's hash. */
  insert({ document, nodes, vectors }: DocumentWithVectors): void {
    const store = this.#store
    this.changed = true
    const docstore = this.#docstore
    const vectorStore = this.#vectorFile
    for (const file of [docstore, this.#indexStore, vectorStore]) store.addFile(file)
    const metadataOf = ensureSection(store, docstore, 'node-metadata')
    const refDocInfos = ensureSection(store, docstore, 'ref-doc-info')
    const data = ensureSection(store, docstore, 'nodes')
    const embeddings = ensureSection(store, vectorStore, 'embeddings')
    const refDocIds = ensureSection(store, vectorStore, 'ref-doc-ids')
    const vectorMetadata = ensureSection(store, vectorStore, 'vector-metadata')
    const struct = this.#vectorStruct()
    // from_documents sets the hash first, insert sets it last.
    const hashFirst = !store.isWritten(docstore)
    const hash = pythonJson({ doc_hash: document.hash })
    if (hashFirst) store.put(metadataOf, document.id, hash)
    const info = readRefDocInfo(store.get(refDocInfos.id, document.id))
    const nodeIds = new Set(info.nodeIds)
    nodes.forEach(({ node, hash: nodeHash }, index) => {
      const vector = vectors[index]
      if (!vector) throw new StackroomError('invalid-vector', `There is no vector for node ${node.id_}.`)
      this.#vectors.put(embeddings, node.id_, vector)
      store.put(refDocIds, node.id_, pythonJsonString(document.id))
      // As node_to_metadata_dict; the simple vector store leaves out `_node_content`.
      const metadata = {
        ...node.metadata,
        _node_type: node.class_name,
        document_id: document.id,
        doc_id: document.id,
        ref_doc_id: document.id,
      }
      store.put(vectorMetadata, node.id_, pythonJson(metadata))
      this.#noteStruct(struct, node.id_, 1)
      store.put(data, node.id_, `{"__data__": ${pythonJson(node)}, "__type__": "1"}`)
      store.put(metadataOf, node.id_, pythonJson({ doc_hash: nodeHash, ref_doc_id: document.id }))
      nodeIds.add(node.id_)
    })
    const [first] = nodes
    if (first) {
      const metadata = Object.keys(info.metadata).length > 0 ? info.metadata : first.node.metadata
      store.put(refDocInfos, document.id, pythonJson({ node_ids: [...nodeIds], metadata }))
    }
    if (!hashFirst) store.put(metadataOf, document.id, hash)
  }

  #struct: string | undefined

  #vectorStruct(): string {
    this.#struct ??=
      this.#structs().find(({ type }) => vectorStructTypes.includes(type))?.key ?? this.#newStruct()
    return this.#struct
  }

  #newStruct(): string {
    const store = this.#store
    const { indexId, type, value } = newVectorStruct()
    store.put(ensureSection(store, this.#indexStore, 'index-structs'), indexId, value)
    store.statement('INSERT INTO index_structs VALUES (?, ?)').run(indexId, type)
    return indexId
  }
}
