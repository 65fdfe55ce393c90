/**
 * Exact search by cosine similarity over many vectors. The vectors are held as bytes, which a kernel ranks in a few
 * milliseconds; the best of them are scored again with the float32 vectors, until the largest error that a byte score can
 * have says that none of the rest belongs to the answer.
 *
 * Why that is certain: let u and q be the unit vectors of a row and of the query, u + e and q + f what their bytes stand for.
 * Then |(u + e)(q + f) - uq| <= |e| |q + f| + |f|. The length of f is known, and that of e was kept for each row. The few rows
 * with the largest errors are always scored, so that they do not widen the bound for all others.
 */
import { availableParallelism } from 'node:os'
import { exactSearch, MetricKind } from 'usearch'
import { StackroomError } from '#contract'
import { BestRows, type ScoredRow } from './best-rows.ts'
import { isUsable, norm, QuantisedRows, quantiseQuery, type QuantisedVectors } from './quantised-rows.ts'

/** Where the float32 vectors are: rows are fetched for scoring only. */
export interface VectorSource {
  readonly dimensions: number
  /** Fills `target` with the rows from `row` on. */
  read(row: number, target: Float32Array): number
}

/** What the kernel ranks at first, and once more when that was not enough. Then everything is scored. */
const candidates = [128, 2048] as const
/** For the float64 arithmetic of scores and errors, whose own error is below 1e-12. */
const arithmetic = 1e-9
/** More rows than there can be. */
const rowsInNumber = 2 ** 24
/** The kernel sums integers and gives a float32. */
const kernelRounding = 2 ** -23

/**
 * The kernel waits for the memory, and starts its threads anew for each search: on 100,000 × 384 one thread took 2.8 ms and
 * two 4.3 ms, on 1,000,000 × 384 one took 61 ms and two 39 ms.
 */
function threadsFor(bytes: Int8Array): number {
  return bytes.length < 2 ** 27 ? 1 : Math.min(4, availableParallelism())
}

export class VectorSearch {
  readonly dimensions: number
  readonly #source: VectorSource
  readonly #quantised: QuantisedRows
  readonly #masked = new Set<number>()

  /** @param known what `quantised` gave for the same source earlier, so that only newer rows are worked out */
  constructor(source: VectorSource, rows: number, known?: QuantisedVectors) {
    this.#source = source
    this.dimensions = source.dimensions
    this.#quantised = new QuantisedRows(source, rows, known)
    this.add(rows)
  }

  /** For keeping. The arrays are views of rows that do not change any more. */
  quantised(): QuantisedVectors {
    return this.#quantised.kept()
  }

  get rows(): number {
    return this.#quantised.rows
  }

  mask(row: number): void {
    this.#masked.add(row)
    this.#quantised.clear(row)
  }

  /** Takes in the source's rows up to `rows`. */
  add(rows: number): void {
    for (const row of this.#quantised.add(rows)) this.#masked.add(row)
  }

  /** Best first; equal scores in the order of the rows. Throws `dimension-mismatch`, `invalid-vector` and `invalid-input`. */
  search(query: Float32Array, topK: number): ScoredRow[] {
    const { rows } = this
    const queryLength = this.#check(query, topK)
    const wanted = Math.min(topK, rows - this.#masked.size)
    if (wanted <= 0) return []
    const best = new BestRows(query, queryLength, wanted)
    for (const least of candidates) {
      // Where that many are not far from all of them, the kernel saves nothing.
      const count = Math.max(least, wanted * 4)
      if (count * 8 > rows) break
      if (this.#searchRanked(query, queryLength, best, count)) return best.sorted()
    }
    this.#scoreAll(best)
    return best.sorted()
  }

  /** As `search`, among the rows that have a 1. Nothing is copied: the kernel ranks all rows, or the chosen ones are few. */
  searchChosen(query: Float32Array, topK: number, chosen: Uint8Array): ScoredRow[] {
    const queryLength = this.#check(query, topK)
    let count = 0
    for (const flag of chosen) count += flag
    for (const row of this.#masked) if (chosen[row] === 1) count--
    const wanted = Math.min(topK, count)
    if (wanted <= 0) return []
    const isChosen = (row: number): boolean => chosen[row] === 1
    const { rows } = this
    if (count >= rows / 8) {
      const best = new BestRows(query, queryLength, wanted)
      for (const least of candidates) {
        const ranked = Math.ceil((Math.max(least, wanted * 4) * rows) / count)
        if (ranked * 8 > rows) break
        if (this.#searchRanked(query, queryLength, best, ranked, isChosen)) return best.sorted()
      }
    }
    return this.#searchFew(query, queryLength, wanted, isChosen)
  }

  /** Ranks the bytes of each chosen row, and scores the best. */
  #searchFew(
    query: Float32Array,
    queryLength: number,
    wanted: number,
    isChosen: (row: number) => boolean,
  ): ScoredRow[] {
    const { dimensions, rows } = this
    const { bytes, scale, error } = quantiseQuery(query, queryLength)
    const { bytes: all, scale: rowScale, largestError, outliers } = this.#quantised
    const unit = scale * rowScale
    const bound = largestError * (1 + error) + error + arithmetic
    const best = new BestRows(query, queryLength, wanted)
    const vector = new Float32Array(dimensions)
    const score = (row: number): void => {
      if (best.has(row)) return
      this.#source.read(row, vector)
      best.add(row, vector)
    }
    for (const row of outliers) if (isChosen(row) && !this.#masked.has(row)) score(row)
    // Product and row in one number, as numbers are sorted fastest.
    const ranked: number[] = []
    for (let row = 0; row < rows; row++) {
      if (!isChosen(row) || this.#masked.has(row)) continue
      let product = 0
      for (let index = 0, at = row * dimensions; index < dimensions; index++, at++)
        product += all[at]! * bytes[index]!
      ranked.push(product * rowsInNumber + row)
    }
    for (const number of Float64Array.from(ranked).sort().reverse()) {
      const product = Math.floor(number / rowsInNumber)
      if (product / unit + bound < best.worst) break
      score(number - product * rowsInNumber)
    }
    return best.sorted()
  }

  /** As `search`, among these rows only: every one of them is scored. */
  searchAmong(query: Float32Array, topK: number, rows: readonly number[]): ScoredRow[] {
    const queryLength = this.#check(query, topK)
    const wanted = Math.min(topK, rows.length)
    if (wanted <= 0) return []
    const best = new BestRows(query, queryLength, wanted)
    const vector = new Float32Array(this.dimensions)
    for (const row of rows) {
      if (this.#masked.has(row)) continue
      this.#source.read(row, vector)
      best.add(row, vector)
    }
    return best.sorted()
  }

  /** Answers with the query's length. */
  #check(query: Float32Array, topK: number): number {
    const { dimensions } = this
    if (query.length !== dimensions)
      throw new StackroomError(
        'dimension-mismatch',
        `The query has ${query.length} dimensions, the index has ${dimensions}.`,
        { hint: 'Choose the embed model that the index was built with.' },
      )
    if (!Number.isInteger(topK))
      throw new StackroomError('invalid-input', `The similarity top k is ${topK}: it must be a whole number.`)
    const queryLength = norm(query, 0, dimensions)
    if (!isUsable(queryLength))
      throw new StackroomError('invalid-vector', 'The query vector is zero or not a number.')
    return queryLength
  }

  /** False when rows that were not looked at may belong to the answer. */
  #searchRanked(
    query: Float32Array,
    queryLength: number,
    best: BestRows,
    count: number,
    isChosen: (row: number) => boolean = () => true,
  ): boolean {
    const { dimensions } = this
    const rows = this.#quantised
    const { bytes, scale, error } = quantiseQuery(query, queryLength)
    const unit = scale * rows.scale
    const largestProduct = 127 * 127 * dimensions
    const bound =
      rows.largestError * (1 + error) + error + (largestProduct * kernelRounding) / unit + arithmetic
    const vector = new Float32Array(dimensions)
    const score = (row: number): void => {
      if (!isChosen(row) || this.#masked.has(row) || best.has(row)) return
      this.#source.read(row, vector)
      best.add(row, vector)
    }
    for (const row of rows.outliers) score(row)
    const { keys, distances } = exactSearch(
      rows.bytes,
      bytes,
      dimensions,
      count,
      MetricKind.IP,
      threadsFor(rows.bytes),
    )
    for (let index = 0; index < count; index++) {
      // The kernel gives one minus the inner product of the bytes.
      if ((1 - distances[index]!) / unit + bound < best.worst) return true
      score(Number(keys[index]!))
    }
    return false
  }

  #scoreAll(best: BestRows): void {
    const { dimensions, rows } = this
    const inPage = Math.max(1, Math.min(rows, Math.floor(2 ** 20 / dimensions)))
    const page = new Float32Array(inPage * dimensions)
    for (let first = 0; first < rows; first += inPage) {
      const count = Math.min(inPage, rows - first)
      this.#source.read(first, page.subarray(0, count * dimensions))
      for (let index = 0; index < count; index++) {
        const row = first + index
        if (this.#masked.has(row) || best.has(row)) continue
        best.add(row, page.subarray(index * dimensions, (index + 1) * dimensions))
      }
    }
  }
}
