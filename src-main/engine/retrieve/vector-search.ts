/**
 * Exact search by cosine similarity over many vectors. The vectors are held as bytes, which a kernel ranks in a few
 * milliseconds; the best of them are scored again with the float32 vectors, and more are taken until none that was left
 * out can belong to the answer.
 */
import { exactSearch, MetricKind } from 'usearch'
import { StackroomError } from '#contract'

/** Where the float32 vectors are: rows are fetched for scoring only. */
export interface VectorSource {
  readonly dimensions: number
  /** Fills `target` with the rows from `row` on. */
  read(row: number, target: Float32Array): number
}

export interface QuantisedVectors {
  readonly rows: number
  /** A unit vector's number times this is its byte. */
  readonly scale: number
  /** Largest length of the rounding error of a unit vector. */
  readonly largestError: number
  /** May have room behind the rows. */
  readonly bytes: Int8Array
}

export interface ScoredRow {
  readonly row: number
  /** Computed in float64, as LlamaIndex's `similarity` does. */
  readonly score: number
}

const firstCandidates = 64
/** Rounding errors of single numbers are independent and uniform: their sum is this many standard deviations off at most. */
const deviations = 8

export class VectorSearch {
  readonly dimensions: number
  readonly #source: VectorSource
  #bytes: Int8Array
  #rows = 0
  /** A unit vector's number times this is its byte. */
  #scale: number
  /** Largest length of the rounding error of a unit vector. */
  #largestError = 0
  readonly #masked = new Set<number>()

  /** @param known what `quantised` gave for the same source earlier, so that only newer rows are worked out */
  constructor(source: VectorSource, rows: number, known?: QuantisedVectors) {
    this.#source = source
    this.dimensions = source.dimensions
    this.#bytes = known?.bytes ?? new Int8Array((rows + 1024) * this.dimensions)
    this.#rows = known?.rows ?? 0
    this.#scale = known?.scale ?? 0
    this.#largestError = known?.largestError ?? 0
    this.add(rows)
  }

  /** For keeping. The bytes are a view of rows that do not change any more. */
  quantised(): QuantisedVectors {
    return {
      rows: this.#rows,
      scale: this.#scale,
      largestError: this.#largestError,
      bytes: this.#bytes.subarray(0, this.#rows * this.dimensions),
    }
  }

  get rows(): number {
    return this.#rows
  }

  mask(row: number): void {
    this.#masked.add(row)
  }

  /** Takes in the source's rows up to `rows`. */
  add(rows: number): void {
    const { dimensions } = this
    if (rows * dimensions > this.#bytes.length) {
      const larger = new Int8Array(Math.ceil(rows * 1.5) * dimensions)
      larger.set(this.#bytes.subarray(0, this.#rows * dimensions))
      this.#bytes = larger
    }
    const page = new Float32Array(
      Math.max(1, Math.min(rows - this.#rows, Math.ceil(2 ** 20 / dimensions))) * dimensions,
    )
    if (this.#scale === 0) this.#chooseScale(rows, page)
    while (this.#rows < rows) {
      const count = Math.min(rows - this.#rows, page.length / dimensions)
      this.#source.read(this.#rows, page.subarray(0, count * dimensions))
      for (let index = 0; index < count; index++) this.#quantise(page, index * dimensions, this.#rows++)
    }
  }

  /** The largest number of the unit vectors fills a byte; a few hundred vectors tell enough, later ones are cut off. */
  #chooseScale(rows: number, page: Float32Array): void {
    const { dimensions } = this
    const step = Math.max(1, Math.floor(rows / 512))
    let largest = 0
    const vector = page.subarray(0, dimensions)
    for (let row = 0; row < rows; row += step) {
      this.#source.read(row, vector)
      const length = norm(vector, 0, dimensions)
      if (!isUsable(length)) continue
      for (let index = 0; index < dimensions; index++)
        largest = Math.max(largest, Math.abs(vector[index]!) / length)
    }
    if (largest > 0) this.#scale = 127 / largest
  }

  #quantise(values: Float32Array, offset: number, row: number): void {
    const { dimensions } = this
    const bytes = this.#bytes
    const length = norm(values, offset, dimensions)
    if (!isUsable(length)) {
      this.#masked.add(row)
      bytes.fill(0, row * dimensions, (row + 1) * dimensions)
      return
    }
    const factor = this.#scale / length
    let error = 0
    for (let index = 0, target = row * dimensions; index < dimensions; index++, target++) {
      const exact = values[offset + index]! * factor
      // Half of what Math.round takes, over millions of numbers.
      let rounded = exact < 0 ? (exact - 0.5) | 0 : (exact + 0.5) | 0
      if (rounded > 127) rounded = 127
      else if (rounded < -127) rounded = -127
      bytes[target] = rounded
      error += (exact - rounded) * (exact - rounded)
    }
    const relative = Math.sqrt(error) / this.#scale
    if (relative > this.#largestError) this.#largestError = relative
  }

  /** Best first; equal scores in the order of the rows. Throws `dimension-mismatch` and `invalid-vector`. */
  search(query: Float32Array, topK: number): ScoredRow[] {
    const { dimensions } = this
    if (query.length !== dimensions)
      throw new StackroomError(
        'dimension-mismatch',
        `The query has ${query.length} dimensions, the index has ${dimensions}.`,
        { hint: 'Choose the embed model that the index was built with.' },
      )
    const queryLength = norm(query, 0, dimensions)
    if (!isUsable(queryLength))
      throw new StackroomError('invalid-vector', 'The query vector is zero or not a number.')
    const wanted = Math.min(topK, this.#rows - this.#masked.size)
    if (wanted <= 0) return []
    const ranked = new RankedCandidates(query, queryLength, this.#source)
    const { bytes: queryBytes, scale: queryScale, error: queryError } = quantiseQuery(query, queryLength)
    const unit = queryScale * this.#scale
    // The error of a similarity: the rounding of the query times the other's length, and the other way round.
    const certain = queryError * (1 + this.#largestError) + this.#largestError
    let observed = 0
    const likely = (deviations * Math.hypot(1 / queryScale, 1 / this.#scale)) / Math.sqrt(12)
    for (let count = Math.max(firstCandidates, wanted * 3); ; count *= 4) {
      count = Math.min(count, this.#rows)
      const { keys, distances } = exactSearch(
        this.#bytes.subarray(0, this.#rows * dimensions),
        queryBytes,
        dimensions,
        count,
        MetricKind.IP,
        1,
      )
      for (let index = 0; index < count; index++) {
        const row = Number(keys[index]!)
        if (this.#masked.has(row) || ranked.has(row)) continue
        const score = ranked.add(row)
        observed = Math.max(observed, Math.abs(score - similarityOf(distances[index]!, unit)))
      }
      if (count === this.#rows) return ranked.best(wanted)
      const best = ranked.best(wanted)
      const last = best[wanted - 1]
      const bound = Math.min(certain, Math.max(likely, 4 * observed))
      if (last && similarityOf(distances[count - 1]!, unit) + bound < last.score) return best
    }
  }
}

/** The kernel gives one minus the inner product of the bytes. */
function similarityOf(distance: number, unit: number): number {
  return (1 - distance) / unit
}

class RankedCandidates {
  readonly #query: Float32Array
  readonly #queryLength: number
  readonly #source: VectorSource
  readonly #vector: Float32Array
  readonly #scored: ScoredRow[] = []
  readonly #rows = new Set<number>()

  constructor(query: Float32Array, queryLength: number, source: VectorSource) {
    this.#query = query
    this.#queryLength = queryLength
    this.#source = source
    this.#vector = new Float32Array(query.length)
  }

  has(row: number): boolean {
    return this.#rows.has(row)
  }

  add(row: number): number {
    const query = this.#query
    const vector = this.#vector
    this.#source.read(row, vector)
    let product = 0
    let squares = 0
    for (let index = 0; index < query.length; index++) {
      const value = vector[index]!
      product += query[index]! * value
      squares += value * value
    }
    const score = product / (this.#queryLength * Math.sqrt(squares))
    this.#scored.push({ row, score })
    this.#rows.add(row)
    return score
  }

  best(count: number): ScoredRow[] {
    return this.#scored.sort((a, b) => b.score - a.score || a.row - b.row).slice(0, count)
  }
}

function quantiseQuery(
  query: Float32Array,
  length: number,
): { bytes: Int8Array; scale: number; error: number } {
  let largest = 0
  for (const value of query) largest = Math.max(largest, Math.abs(value))
  const scale = (127 * length) / largest
  const bytes = new Int8Array(query.length)
  let error = 0
  for (let index = 0; index < query.length; index++) {
    const exact = (query[index]! * scale) / length
    bytes[index] = Math.round(exact)
    error += (exact - bytes[index]!) ** 2
  }
  return { bytes, scale, error: Math.sqrt(error) / scale }
}

function isUsable(length: number): boolean {
  return Number.isFinite(length) && length > 0
}

function norm(values: Float32Array, offset: number, length: number): number {
  let sum = 0
  for (let index = offset; index < offset + length; index++) sum += values[index]! * values[index]!
  return Math.sqrt(sum)
}
