/** The packed vectors of a folder, for whoever changes them: rows are added and masked, in step with the working store. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { StackroomError } from '#contract'
import { syncFolder } from '#platform/atomic-files.ts'
import { PackedVectors, packedEnding } from './packed-vectors.ts'
import { isSearchable } from './vector-import.ts'
import type { SectionRow, VectorStoreRow, WorkingStore } from './working-store.ts'

export class VectorStores implements Disposable {
  readonly #store: WorkingStore
  readonly #folder: string
  readonly #open = new Map<number, PackedVectors>()
  readonly #written = new Set<PackedVectors>()
  #isFolderWritten = false

  constructor(store: WorkingStore, workingFolder: string) {
    this.#store = store
    this.#folder = workingFolder
  }

  [Symbol.dispose](): void {
    this.forget()
  }

  /** Closes the files: a transaction that made one of them was rolled back, or the work is over. */
  forget(): void {
    for (const packed of this.#open.values()) packed[Symbol.dispose]()
    this.#open.clear()
    this.#written.clear()
    this.#isFolderWritten = false
  }

  /** Before the transaction is committed: rows that it counts must be on the disk. */
  flush(): void {
    for (const packed of this.#written) packed.flush()
    this.#written.clear()
    if (this.#isFolderWritten) syncFolder(this.#folder)
    this.#isFolderWritten = false
  }

  /** As `embedding_dict[node_id] = embedding`. Throws `dimension-mismatch` and `invalid-vector`. */
  put(section: SectionRow, nodeId: string, vector: Float32Array): void {
    const store = this.#store
    if (!isSearchable(vector))
      throw new StackroomError(
        'invalid-vector',
        `The vector of node ${nodeId} is zero or not made of numbers.`,
      )
    const row = this.#storeFor(section.file, vector.length)
    if (row.dimensions !== vector.length)
      throw new StackroomError(
        'dimension-mismatch',
        `The vector of node ${nodeId} has ${vector.length} dimensions, the index has ${row.dimensions}.`,
        { hint: 'Use the embed model that the index was built with.' },
      )
    const existed = this.drop(row.id, nodeId)
    const wasText = store
      .statement('DELETE FROM entries WHERE section = ? AND key = ?')
      .run(section.id, nodeId).changes
    this.append(section.file, nodeId, vector)
    store.noteChange(section, nodeId, !existed && wasText === 0)
  }

  /** A vector as a JSON file has it, of the length of the others: one that cannot be searched is taken, too. */
  append(file: string, nodeId: string, vector: Float32Array): void {
    const store = this.#store
    const row = this.#storeFor(file, vector.length)
    const packed = this.packed(row)
    packed.write(row.rows, vector)
    this.#written.add(packed)
    store.statement('INSERT INTO vectors VALUES (?, ?, ?)').run(row.id, row.rows, nodeId)
    store.statement('UPDATE vector_stores SET rows = rows + 1 WHERE id = ?').run(row.id)
    if (!isSearchable(vector))
      store.statement('INSERT INTO masked (store, row) VALUES (?, ?)').run(row.id, row.rows)
  }

  /** As `del embedding_dict[node_id]`; false when it is not there. */
  remove(storeId: number, nodeId: string): boolean {
    if (!this.drop(storeId, nodeId)) return false
    const store = this.#store
    const file = String(store.value('SELECT file FROM vector_stores WHERE id = ?', storeId))
    const section = store.section(file, 'embeddings')
    if (section) store.noteChange(section, nodeId, false)
    return true
  }

  /** Takes it out of the index, as if it had never been in the JSON file. */
  drop(storeId: number, nodeId: string): boolean {
    const row = this.#store.rowOf(storeId, nodeId)
    if (row === null) return false
    this.#store.statement('DELETE FROM vectors WHERE store = ? AND row = ?').run(storeId, row)
    this.#store.statement('INSERT INTO masked (store, row) VALUES (?, ?)').run(storeId, row)
    return true
  }

  #storeFor(file: string, dimensions: number): VectorStoreRow {
    const store = this.#store
    const existing = store.vectorStore(file)
    if (existing?.dimensions) return existing
    if (existing)
      store.statement('UPDATE vector_stores SET dimensions = ? WHERE id = ?').run(dimensions, existing.id)
    else
      store
        .statement('INSERT INTO vector_stores (file, packed, dimensions, rows) VALUES (?, ?, ?, 0)')
        .run(file, `vectors-${randomUUID()}`, dimensions)
    return this.#storeFor(file, dimensions)
  }

  packed(row: VectorStoreRow): PackedVectors {
    const open = this.#open.get(row.id)
    if (open) return open
    const path = join(this.#folder, row.packed + packedEnding)
    if (!existsSync(path)) this.#isFolderWritten = true
    const packed = new PackedVectors(path, row.dimensions ?? 0, 'write')
    this.#open.set(row.id, packed)
    return packed
  }
}
