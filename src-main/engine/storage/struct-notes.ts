/**
 * Notes what index structs gain and lose. They are edited by the next persist: a vector index names its nodes in one huge
 * string.
 */
import { ensureSection, type FolderLayout, type IndexStructRow } from './folder-layout.ts'
import { forgettingStructTypes, newVectorStruct, vectorStructTypes } from './llamaindex/index-struct.ts'
import { storedKey } from './llamaindex/python-json.ts'
import type { WorkingStore } from './working-store.ts'

export class StructNotes {
  readonly #store: WorkingStore
  readonly #structs: readonly IndexStructRow[]
  readonly #indexStore: string
  #vectorStruct: string | undefined

  constructor(store: WorkingStore, { structs, indexStore }: FolderLayout) {
    this.#store = store
    this.#structs = structs
    this.#indexStore = indexStore ?? 'index_store.json'
  }

  /** Nodes that are gone from the docstore: whatever can forget them does. */
  forgetNodes(nodeIds: Iterable<string>, refDocId: string): void {
    for (const { key, type } of this.#structs) {
      if (!forgettingStructTypes.includes(type)) continue
      for (const nodeId of nodeIds) this.#note(key, nodeId, 0)
      if (type === 'document_summary') this.#note(key, refDocId, 0)
    }
  }

  /** Nodes that only lost their vector. */
  forgetVectors(nodeIds: Iterable<string>): void {
    for (const { key, type } of this.#structs) {
      if (!vectorStructTypes.includes(type)) continue
      for (const nodeId of nodeIds) this.#note(key, nodeId, 0)
    }
  }

  /** Into the first vector index; one is made when the folder has no index at all. */
  addNode(nodeId: string): void {
    this.#vectorStruct ??=
      this.#structs.find(({ type }) => vectorStructTypes.includes(type))?.key ?? this.#newStruct()
    this.#note(this.#vectorStruct, nodeId, 1)
  }

  /** Names all nodes with a vector, as a retriever in Python finds only what the struct names. */
  #newStruct(): string {
    const store = this.#store
    const { indexId, type, value } = newVectorStruct()
    store.addFile(this.#indexStore)
    store.put(ensureSection(store, this.#indexStore, 'index-structs'), indexId, value)
    store.statement('INSERT INTO index_structs VALUES (?, ?)').run(indexId, type)
    store
      .statement(
        `INSERT INTO struct_changes (struct, node_id, added) SELECT ?, node_id, 1 FROM vectors
         WHERE EXISTS (SELECT 1 FROM entries JOIN sections ON sections.id = entries.section
           WHERE role = 'nodes' AND entries.key = node_id) ORDER BY store, row`,
      )
      .run(indexId)
    return indexId
  }

  #note(struct: string, nodeId: string, added: 0 | 1): void {
    this.#store
      .statement('INSERT INTO struct_changes (struct, node_id, added) VALUES (?, ?, ?)')
      .run(struct, storedKey(nodeId), added)
  }
}
