/** Packs the vectors of one vector store file, page by page. */
import { join } from 'node:path'
import { PackedVectors, packedEnding } from './packed-vectors.ts'
import { storedKey } from './llamaindex/python-json.ts'
import { parseVector, parseVectorInto } from './llamaindex/vector-text.ts'
import type { WorkingStore } from './working-store.ts'

const pageBytes = 1024 * 1024

/** Several times what any model has. A longer list is kept as text, as anything else that is no vector. */
const maximumDimensions = 65_536

export class VectorImport implements Disposable {
  readonly #store: WorkingStore
  readonly #id: number
  readonly #path: string
  #packed: PackedVectors | null = null
  #page = new Float32Array(0)
  #inPage = 0
  #rows = 0

  constructor(store: WorkingStore, file: string, workingFolder: string, packedName: string) {
    this.#store = store
    this.#path = join(workingFolder, packedName + packedEnding)
    store.addFile(file)
    store.statement('INSERT INTO vector_stores (file, packed, rows) VALUES (?, ?, 0)').run(file, packedName)
    this.#id = store.number('SELECT id FROM vector_stores WHERE file = ?', file)
  }

  [Symbol.dispose](): void {
    this.#packed?.[Symbol.dispose]()
  }

  /** False when it is no vector of the length of the others: it is then kept as text. */
  add(nodeId: string, text: Buffer): boolean {
    this.#packed ??= this.#begin(text)
    if (!this.#packed) return false
    const { dimensions } = this.#packed
    if (this.#inPage === this.#page.length) this.#writePage()
    const target = this.#page.subarray(this.#inPage, this.#inPage + dimensions)
    if (!parseVectorInto(text, target)) {
      const vector = parseVector(text)
      if (vector?.length !== dimensions) return false
      target.set(vector)
    }
    const row = this.#rows++
    this.#inPage += dimensions
    this.#store.statement('INSERT INTO vectors VALUES (?, ?, ?)').run(this.#id, row, storedKey(nodeId))
    if (!isSearchable(target))
      this.#store.statement('INSERT INTO masked (store, row) VALUES (?, ?)').run(this.#id, row)
    return true
  }

  /** The first vector says how long they are. */
  #begin(text: Buffer): PackedVectors | null {
    const dimensions = parseVector(text)?.length ?? 0
    if (dimensions === 0 || dimensions > maximumDimensions) return null
    this.#page = new Float32Array(Math.max(1, Math.floor(pageBytes / 4 / dimensions)) * dimensions)
    this.#store.statement('UPDATE vector_stores SET dimensions = ? WHERE id = ?').run(dimensions, this.#id)
    return new PackedVectors(this.#path, dimensions, 'write')
  }

  #writePage(): void {
    if (!this.#packed || this.#inPage === 0) return
    const first = this.#rows - this.#inPage / this.#packed.dimensions
    this.#packed.write(first, this.#page.subarray(0, this.#inPage))
    this.#inPage = 0
  }

  finish(): void {
    this.#writePage()
    this.#packed?.flush()
    this.#store.statement('UPDATE vector_stores SET rows = ? WHERE id = ?').run(this.#rows, this.#id)
  }
}

/** Whether a cosine can be computed with it. */
export function isSearchable(vector: Float32Array): boolean {
  let sum = 0
  for (let index = 0; index < vector.length; index++) sum += vector[index]! * vector[index]!
  return Number.isFinite(sum) && sum > 0
}
