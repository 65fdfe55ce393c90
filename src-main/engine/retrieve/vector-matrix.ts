/**
 * The vectors of an index in one packed matrix, and exact search over it. Rows are kept dense: a removed row is replaced
 * by the last one, so that neither deleting nor inserting copies the matrix (it doubles when it is full).
 */
import { exactSearch, MetricKind } from 'usearch'
import { StackroomError } from '#contract'

export interface ScoredRow {
  readonly nodeId: string
  /** Cosine similarity, computed in float64 as LlamaIndex's `similarity` does. */
  readonly score: number
}

/** The kernel works in float32: it proposes a few more than asked for, and the exact scores decide. */
const spareCandidates = 32

export class VectorMatrix {
  readonly dimensions: number
  readonly #ids: string[] = []
  readonly #rows = new Map<string, number>()
  #values: Float32Array

  constructor(dimensions: number, capacity = 1024) {
    this.dimensions = dimensions
    this.#values = new Float32Array(dimensions * Math.max(1, capacity))
  }

  get size(): number {
    return this.#ids.length
  }

  has(nodeId: string): boolean {
    return this.#rows.has(nodeId)
  }

  set(nodeId: string, vector: Float32Array): void {
    let row = this.#rows.get(nodeId)
    if (row === undefined) {
      row = this.#ids.length
      this.#ids.push(nodeId)
      this.#rows.set(nodeId, row)
      if ((row + 1) * this.dimensions > this.#values.length) {
        const larger = new Float32Array(this.#values.length * 2)
        larger.set(this.#values)
        this.#values = larger
      }
    }
    this.#values.set(vector, row * this.dimensions)
  }

  delete(nodeId: string): void {
    const row = this.#rows.get(nodeId)
    if (row === undefined) return
    const last = this.#ids.length - 1
    const lastId = this.#ids[last]!
    if (row !== last) {
      this.#values.copyWithin(row * this.dimensions, last * this.dimensions, (last + 1) * this.dimensions)
      this.#ids[row] = lastId
      this.#rows.set(lastId, row)
    }
    this.#ids.pop()
    this.#rows.delete(nodeId)
  }

  /** Best first; equal scores in the order of the ids. Throws `dimension-mismatch` and `invalid-vector`. */
  search(query: Float32Array, topK: number): ScoredRow[] {
    if (query.length !== this.dimensions)
      throw new StackroomError(
        'dimension-mismatch',
        `The query has ${query.length} dimensions, the index has ${this.dimensions}.`,
        { hint: 'Choose the embed model that the index was built with.' },
      )
    const norm = norm64(query, 0, query.length)
    if (!Number.isFinite(norm) || norm === 0)
      throw new StackroomError('invalid-vector', 'The query vector is zero or not a number.')
    const count = Math.min(topK, this.size)
    if (count === 0) return []
    const candidates = Math.min(this.size, count + spareCandidates)
    const rows =
      candidates === this.size
        ? this.#ids.keys()
        : Array.from(
            exactSearch(
              this.#values.subarray(0, this.size * this.dimensions),
              query,
              this.dimensions,
              candidates,
              MetricKind.Cos,
            ).keys,
            Number,
          )
    const scored: ScoredRow[] = []
    for (const row of rows) scored.push({ nodeId: this.#ids[row]!, score: this.#score(query, norm, row) })
    scored.sort((a, b) => b.score - a.score || (a.nodeId < b.nodeId ? -1 : 1))
    return scored.slice(0, count)
  }

  #score(query: Float32Array, norm: number, row: number): number {
    const offset = row * this.dimensions
    let dot = 0
    for (let index = 0; index < query.length; index++) dot += query[index]! * this.#values[offset + index]!
    return dot / (norm * norm64(this.#values, offset, this.dimensions))
  }
}

function norm64(values: Float32Array, offset: number, length: number): number {
  let sum = 0
  for (let index = offset; index < offset + length; index++) sum += values[index]! * values[index]!
  return Math.sqrt(sum)
}
