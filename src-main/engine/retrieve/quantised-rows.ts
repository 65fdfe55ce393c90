/** Vectors as bytes, all on one scale, so that their inner products can be compared, and how far off each row is. */
import type { VectorSource } from './vector-search.ts'

export interface QuantisedVectors {
  readonly rows: number
  /** How many rows there were when the scale was chosen. */
  readonly scaledRows: number
  /** A unit vector's number times this is its byte. */
  readonly scale: number
  /** For each row, the length of the rounding error of its unit vector, rounded up. NaN: it was taken out. */
  readonly errors: Float32Array
  /** Rows with a larger error than this are set apart. */
  readonly largestError: number
  /** May have room behind the rows, as `errors` may. */
  readonly bytes: Int8Array
}

/** So many rows may be scored in every search because their error is larger than that of the others. */
const mostOutliers = 256
const sampleRows = 4096
const spareRows = 1024
const roundedUp = 1 + 2 ** -20

export class QuantisedRows {
  readonly #source: VectorSource
  readonly #dimensions: number
  #bytes: Int8Array
  #errors: Float32Array
  #rows = 0
  #scaledRows = 0
  #scale = 0
  #largestError = 0
  #outliers: number[] = []

  constructor(source: VectorSource, rows: number, known?: QuantisedVectors) {
    this.#source = source
    this.#dimensions = source.dimensions
    this.#bytes = known?.bytes ?? new Int8Array((rows + spareRows) * this.#dimensions)
    this.#errors = known?.errors ?? new Float32Array(rows + spareRows)
    this.#rows = known?.rows ?? 0
    this.#scale = known?.scale ?? 0
    this.#scaledRows = known?.scaledRows ?? 0
    this.#largestError = known?.largestError ?? 0
    this.#findOutliers()
  }

  get rows(): number {
    return this.#rows
  }

  get scale(): number {
    return this.#scale
  }

  get bytes(): Int8Array {
    return this.#bytes.subarray(0, this.#rows * this.#dimensions)
  }

  /** Of the rows that are no outliers. */
  get largestError(): number {
    return this.#largestError
  }

  get outliers(): readonly number[] {
    return this.#outliers
  }

  kept(): QuantisedVectors {
    return {
      rows: this.#rows,
      scaledRows: this.#scaledRows,
      scale: this.#scale,
      errors: this.#errors.subarray(0, this.#rows),
      largestError: this.#largestError,
      bytes: this.bytes,
    }
  }

  /** A row that is not searched any more takes no place among the best. */
  clear(row: number): void {
    if (row >= this.#rows) return
    this.#errors[row] = Number.NaN
    this.#bytes.fill(0, row * this.#dimensions, (row + 1) * this.#dimensions)
  }

  /** Takes in the source's rows up to `rows`. Gives those that no similarity can be computed with. */
  add(rows: number): number[] {
    const unusable: number[] = []
    if (rows <= this.#rows) return unusable
    this.#makeRoom(rows)
    if (this.#scale === 0 || rows > 2 * this.#scaledRows + spareRows) this.#chooseScale(rows)
    const page = this.#page(rows - this.#rows)
    while (this.#rows < rows) {
      const count = Math.min(rows - this.#rows, page.length / this.#dimensions)
      this.#source.read(this.#rows, page.subarray(0, count * this.#dimensions))
      for (let index = 0; index < count; index++) {
        const row = this.#rows++
        if (!this.#quantise(page, index * this.#dimensions, row)) unusable.push(row)
        else if (this.#errors[row]! > this.#largestError) this.#outliers.push(row)
      }
    }
    if (this.#outliers.length > mostOutliers) this.#setApart()
    return unusable
  }

  #page(rows: number): Float32Array {
    return new Float32Array(
      Math.max(1, Math.min(rows, Math.ceil(2 ** 18 / this.#dimensions))) * this.#dimensions,
    )
  }

  #makeRoom(rows: number): void {
    if (rows <= this.#errors.length && rows * this.#dimensions <= this.#bytes.length) return
    const bytes = new Int8Array((Math.ceil(rows * 1.5) + spareRows) * this.#dimensions)
    bytes.set(this.bytes)
    this.#bytes = bytes
    const errors = new Float32Array(bytes.length / this.#dimensions)
    errors.set(this.#errors.subarray(0, this.#rows))
    this.#errors = errors
  }

  /** The largest number of the unit vectors fills a byte, as far as a sample tells. */
  #chooseScale(rows: number): void {
    const dimensions = this.#dimensions
    const step = Math.max(1, Math.floor(rows / sampleRows))
    const largest: number[] = []
    const vector = new Float32Array(dimensions)
    for (let row = 0; row < rows; row += step) {
      this.#source.read(row, vector)
      const length = norm(vector, 0, dimensions)
      if (!isUsable(length)) continue
      let peak = 0
      for (let index = 0; index < dimensions; index++) peak = Math.max(peak, Math.abs(vector[index]!))
      largest.push(peak / length)
    }
    this.#scaledRows = rows
    // Numbers of one row in a thousand may be cut off rather than make all others coarse.
    const peak = largest.sort((a, b) => a - b)[Math.floor((largest.length - 1) * 0.999)]
    if (peak === undefined || Math.abs(127 / peak / this.#scale - 1) < 0.25) return
    this.#scale = 127 / peak
    // New arrays: the old ones may be on their way to the disk.
    if (this.#rows > 0) {
      this.#bytes = new Int8Array(this.#bytes.length)
      this.#errors = new Float32Array(this.#errors.length)
    }
    this.#rows = 0
    this.#outliers = []
    this.#largestError = 0
  }

  #quantise(values: Float32Array, offset: number, row: number): boolean {
    const dimensions = this.#dimensions
    const bytes = this.#bytes
    const length = norm(values, offset, dimensions)
    if (!isUsable(length)) {
      this.#errors[row] = 0
      bytes.fill(0, row * dimensions, (row + 1) * dimensions)
      return false
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
    this.#errors[row] = (Math.sqrt(error) / this.#scale) * roundedUp
    return true
  }

  /** Sets the rows with the largest errors apart, where that makes the bound of the others smaller by much. */
  #setApart(): void {
    const sorted = this.#errors
      .subarray(0, this.#rows)
      .filter((error) => !Number.isNaN(error))
      .sort()
    const largest = sorted.at(-1) ?? 0
    const usual = sorted[Math.max(0, sorted.length - 1 - mostOutliers / 2)] ?? 0
    this.#largestError = largest > 1.25 * usual ? usual : largest
    this.#findOutliers()
  }

  #findOutliers(): void {
    const errors = this.#errors
    const largest = this.#largestError
    const outliers: number[] = []
    for (let row = 0, rows = this.#rows; row < rows; row++) {
      if (!(errors[row]! <= largest)) outliers.push(row)
    }
    this.#outliers = outliers
  }
}

export function quantiseQuery(
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
  return { bytes, scale, error: (Math.sqrt(error) / scale) * roundedUp }
}

export function isUsable(length: number): boolean {
  return Number.isFinite(length) && length > 0
}

export function norm(values: Float32Array, offset: number, length: number): number {
  let sum = 0
  for (let index = offset; index < offset + length; index++) sum += values[index]! * values[index]!
  return Math.sqrt(sum)
}
