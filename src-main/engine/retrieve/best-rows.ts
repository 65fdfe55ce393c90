/** The best rows seen so far, scored as LlamaIndex's `similarity` scores: in float64. */

export interface ScoredRow {
  readonly row: number
  readonly score: number
}

export class BestRows {
  readonly #query: Float32Array
  readonly #queryLength: number
  readonly #wanted: number
  /** Best first. */
  readonly #best: ScoredRow[] = []
  readonly #seen = new Set<number>()

  constructor(query: Float32Array, queryLength: number, wanted: number) {
    this.#query = query
    this.#queryLength = queryLength
    this.#wanted = wanted
  }

  has(row: number): boolean {
    return this.#seen.has(row)
  }

  /** The score that a row must reach to belong to the best. */
  get worst(): number {
    return this.#best.length < this.#wanted ? Number.NEGATIVE_INFINITY : this.#best.at(-1)!.score
  }

  add(row: number, vector: Float32Array): void {
    this.#seen.add(row)
    const score = this.#score(vector)
    if (score < this.worst) return
    const place = this.#placeOf(row, score)
    if (place === this.#wanted) return
    this.#best.splice(place, 0, { row, score })
    if (this.#best.length > this.#wanted) this.#best.pop()
  }

  sorted(): ScoredRow[] {
    return this.#best
  }

  #placeOf(row: number, score: number): number {
    let low = 0
    let high = this.#best.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.#best[middle]!
      if (other.score > score || (other.score === score && other.row < row)) low = middle + 1
      else high = middle
    }
    return low
  }

  #score(vector: Float32Array): number {
    const query = this.#query
    let product = 0
    let squares = 0
    for (let index = 0; index < query.length; index++) {
      const value = vector[index]!
      product += query[index]! * value
      squares += value * value
    }
    return product / (this.#queryLength * Math.sqrt(squares))
  }
}
