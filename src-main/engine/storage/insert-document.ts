/** `VectorStoreIndex.insert`: the nodes into the vector store, the index and the docstore, then the document's hash. */
import { StackroomError } from '#contract'
import type { ChangeWork } from './change-work.ts'
import { ensureSection } from './folder-layout.ts'
import { pythonJson, pythonJsonString, storedKey } from './llamaindex/python-json.ts'
import { changeRefDocInfo } from './llamaindex/ref-doc-info.ts'
import type { DocumentWithVectors } from './storage-folder.ts'
import type { SectionRow } from './working-store.ts'

export class DocumentInsertion {
  readonly #work: ChangeWork
  /** `from_documents` notes the hash of a document first, `insert` notes it last. */
  readonly #hashFirst: boolean
  readonly #nodeMetadata: SectionRow
  readonly #refDocInfo: SectionRow
  readonly #nodes: SectionRow
  readonly #embeddings: SectionRow
  readonly #refDocIds: SectionRow
  readonly #vectorMetadata: SectionRow

  constructor(work: ChangeWork) {
    const { store, layout } = work
    const docstore = layout.docstore ?? 'docstore.json'
    const vectorStore = layout.vectorStore?.file ?? 'default__vector_store.json'
    for (const file of [docstore, vectorStore]) store.addFile(file)
    this.#work = work
    this.#hashFirst = !store.isWritten(docstore)
    this.#nodeMetadata = ensureSection(store, docstore, 'node-metadata')
    this.#refDocInfo = ensureSection(store, docstore, 'ref-doc-info')
    this.#nodes = ensureSection(store, docstore, 'nodes')
    this.#embeddings = ensureSection(store, vectorStore, 'embeddings')
    this.#refDocIds = ensureSection(store, vectorStore, 'ref-doc-ids')
    this.#vectorMetadata = ensureSection(store, vectorStore, 'vector-metadata')
  }

  insert({ document, nodes, vectors }: DocumentWithVectors): void {
    const { store, structs } = this.#work
    const documentKey = storedKey(document.id)
    const hash = pythonJson({ doc_hash: document.hash })
    if (this.#hashFirst) store.put(this.#nodeMetadata, documentKey, hash)
    nodes.forEach(({ node, hash: nodeHash }, index) => {
      const vector = vectors[index]
      if (!vector) throw new StackroomError('invalid-vector', `There is no vector for node ${node.id_}.`)
      const nodeKey = storedKey(node.id_)
      this.#work.vectors.put(this.#embeddings, nodeKey, vector)
      store.put(this.#refDocIds, nodeKey, pythonJsonString(document.id))
      // As node_to_metadata_dict; the simple vector store leaves out `_node_content`.
      const metadata = {
        ...node.metadata,
        _node_type: node.class_name,
        document_id: document.id,
        doc_id: document.id,
        ref_doc_id: document.id,
      }
      store.put(this.#vectorMetadata, nodeKey, pythonJson(metadata))
      structs.addNode(node.id_)
      store.put(this.#nodes, nodeKey, `{"__data__": ${pythonJson(node)}, "__type__": "1"}`)
      store.put(this.#nodeMetadata, nodeKey, pythonJson({ doc_hash: nodeHash, ref_doc_id: document.id }))
    })
    const [first] = nodes
    if (first) {
      const add = nodes.map(({ node }) => node.id_)
      const before = store.bytes(this.#refDocInfo.id, documentKey)
      const info = changeRefDocInfo(before, { add, metadata: first.node.metadata })
      store.put(this.#refDocInfo, documentKey, info)
    }
    if (!this.#hashFirst) store.put(this.#nodeMetadata, documentKey, hash)
  }
}
