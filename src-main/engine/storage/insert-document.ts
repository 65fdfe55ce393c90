/** `VectorStoreIndex.insert`: the nodes into the vector store, the index and the docstore, then the document's hash. */
import { StackroomError } from '#contract'
import type { TextNode } from '#engine/schema/node.ts'
import { classNameOf, objectTypeOf } from '#engine/stores/node-content.ts'
import type { ChangeWork } from './change-work.ts'
import { ensureSection } from './folder-layout.ts'
import { pythonJson, pythonJsonString, storedKey } from './llamaindex/python-json.ts'
import { changeRefDocInfo } from './llamaindex/ref-doc-info.ts'
import type { DocumentWithVectors } from './storage-folder.ts'
import type { SectionRow, WorkingStore } from './working-store.ts'

export class DocumentInsertion {
  readonly #work: ChangeWork
  /** `from_documents` notes the hash of a document first, `insert` notes it last. */
  readonly #hashFirst: boolean
  readonly #nodeMetadata: SectionRow
  readonly #refDocInfo: SectionRow
  readonly #nodes: SectionRow
  readonly #vectorStore: VectorStoreSections | null

  constructor(work: ChangeWork) {
    const { store, layout } = work
    const docstore = layout.docstore ?? 'docstore.json'
    store.addFile(docstore)
    this.#work = work
    this.#hashFirst = !store.isWritten(docstore)
    this.#nodeMetadata = ensureSection(store, docstore, 'node-metadata')
    this.#refDocInfo = ensureSection(store, docstore, 'ref-doc-info')
    this.#nodes = ensureSection(store, docstore, 'nodes')
    this.#vectorStore = work.storeChanges
      ? null
      : vectorStoreSections(store, layout.vectorStore?.file ?? 'default__vector_store.json')
  }

  insert({ document, nodes, vectors }: DocumentWithVectors): void {
    const { store, structs } = this.#work
    const documentKey = storedKey(document.id)
    const hash = pythonJson({ doc_hash: document.hash })
    if (this.#hashFirst) store.put(this.#nodeMetadata, documentKey, hash)
    nodes.forEach(({ node, hash: nodeHash, content }, index) => {
      const vector = vectors[index]
      if (!vector) throw new StackroomError('invalid-vector', `There is no vector for node ${node.id_}.`)
      const nodeKey = storedKey(node.id_)
      this.#putVector(node, document.id, vector)
      structs.addNode(node.id_)
      store.put(this.#nodes, nodeKey, entryOf(node, content))
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

  #putVector(node: TextNode, documentId: string, vector: Float32Array): void {
    const { store, vectors, storeChanges } = this.#work
    const nodeKey = storedKey(node.id_)
    storeChanges?.put(node.id_, vector)
    if (!this.#vectorStore) return
    const { embeddings, refDocIds, metadata } = this.#vectorStore
    vectors.put(embeddings, nodeKey, vector)
    store.put(refDocIds, nodeKey, pythonJsonString(documentId))
    // As node_to_metadata_dict; the simple vector store leaves out `_node_content`.
    const entry = {
      ...node.metadata,
      _node_type: node.class_name,
      document_id: documentId,
      doc_id: documentId,
      ref_doc_id: documentId,
    }
    store.put(metadata, nodeKey, pythonJson(entry))
  }
}

function entryOf(node: TextNode, content: string | undefined): string {
  const type = content === undefined ? '1' : objectTypeOf(classNameOf(content))
  return `{"__data__": ${content ?? pythonJson(node)}, "__type__": "${type}"}`
}

interface VectorStoreSections {
  readonly embeddings: SectionRow
  readonly refDocIds: SectionRow
  readonly metadata: SectionRow
}

function vectorStoreSections(store: WorkingStore, file: string): VectorStoreSections {
  store.addFile(file)
  return {
    embeddings: ensureSection(store, file, 'embeddings'),
    refDocIds: ensureSection(store, file, 'ref-doc-ids'),
    metadata: ensureSection(store, file, 'vector-metadata'),
  }
}
