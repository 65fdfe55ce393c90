/**
 * A table from pieces of text to small numbers that is asked by place in the text: the piece is never cut out, which is
 * what takes the time when millions of them are looked up. When it is full it starts over.
 */
export class PieceCounts {
  readonly #mask: number
  readonly #limit: number
  readonly #counts: Uint16Array
  /** Where a slot's piece stands in `#characters`, and its length. */
  readonly #starts: Uint32Array
  readonly #lengths: Uint8Array
  #characters: Uint16Array
  #used = 0
  #size = 0

  /** @param slots a power of two; pieces are kept up to three quarters of it */
  constructor(slots: number) {
    this.#mask = slots - 1
    this.#limit = (slots * 3) / 4
    this.#counts = new Uint16Array(slots)
    this.#starts = new Uint32Array(slots)
    this.#lengths = new Uint8Array(slots)
    this.#characters = new Uint16Array(slots * 4)
  }

  /** The slot that the piece is in, or belongs into. Pieces have less than 256 code units. */
  find(text: string, start: number, end: number): number {
    const length = end - start
    // FNV-1a over code units.
    let hash = 0x811c9dc5
    for (let index = start; index < end; index++) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
    }
    let slot = (hash ^ (hash >>> 15)) & this.#mask
    while (this.#counts[slot] !== 0 && !this.#holds(slot, text, start, length)) slot = (slot + 1) & this.#mask
    return slot
  }

  #holds(slot: number, text: string, start: number, length: number): boolean {
    if (this.#lengths[slot] !== length) return false
    const from = this.#starts[slot] ?? 0
    for (let index = 0; index < length; index++) {
      if (this.#characters[from + index] !== text.charCodeAt(start + index)) return false
    }
    return true
  }

  /** The number in the slot; 0 when the piece is not in the table. */
  at(slot: number): number {
    return this.#counts[slot] ?? 0
  }

  /** @param slot what `find` gave for this piece, with no other piece set since */
  set(slot: number, text: string, start: number, end: number, count: number): void {
    if (this.#size >= this.#limit) {
      this.#counts.fill(0)
      this.#size = 0
      this.#used = 0
    }
    const length = end - start
    if (this.#used + length > this.#characters.length) {
      const larger = new Uint16Array(this.#characters.length * 2)
      larger.set(this.#characters)
      this.#characters = larger
    }
    for (let index = 0; index < length; index++) {
      this.#characters[this.#used + index] = text.charCodeAt(start + index)
    }
    this.#starts[slot] = this.#used
    this.#lengths[slot] = length
    this.#counts[slot] = count
    this.#used += length
    this.#size++
  }
}
