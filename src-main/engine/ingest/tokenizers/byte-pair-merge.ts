/**
 * Byte pair merging: of all neighbouring parts the pair with the lowest rank (the leftmost, if several) becomes one
 * part, until no pair has a rank. A heap of candidate pairs over a linked list of parts keeps it at n log n.
 */

/** The number of tokens that the bytes become; a rank is looked up by the bytes of the token. */
export function countMergedPairs(bytes: string, ranks: ReadonlyMap<string, number>): number {
  const length = bytes.length
  if (length < 2) return length
  // A part is named by the index of its first byte.
  const next = new Int32Array(length + 1)
  const previous = new Int32Array(length + 1)
  const alive = new Uint8Array(length + 1).fill(1)
  for (let index = 0; index <= length; index++) {
    next[index] = index + 1
    previous[index] = index - 1
  }
  const heap = new PairHeap()
  const offer = (left: number): void => {
    const right = next[left] ?? length
    if (left < 0 || right >= length) return
    const end = next[right] ?? length
    const rank = ranks.get(bytes.slice(left, end))
    if (rank !== undefined) heap.push(rank, left, end)
  }
  for (let index = 0; index < length - 1; index++) offer(index)

  let parts = length
  while (heap.pop()) {
    const { left, end } = heap
    // Stale when a part of the pair has been merged since.
    if (alive[left] === 0) continue
    const right = next[left] ?? length
    if (right >= length || (next[right] ?? length) !== end) continue
    alive[right] = 0
    next[left] = end
    if (end <= length) previous[end] = left
    parts--
    offer(previous[left] ?? -1)
    offer(left)
  }
  return parts
}

/** A binary heap of (rank, left, end), lowest rank first, then leftmost; `pop` leaves the entry in `left` and `end`. */
class PairHeap {
  readonly #keys: number[] = []
  readonly #ends: number[] = []
  left = 0
  end = 0

  push(rank: number, left: number, end: number): void {
    // One number orders by rank and then by place: places stay far below 2^32.
    const key = rank * 0x100000000 + left
    let index = this.#keys.length
    this.#keys.push(key)
    this.#ends.push(end)
    while (index > 0) {
      const parent = (index - 1) >> 1
      if ((this.#keys[parent] ?? 0) <= key) break
      this.#move(parent, index)
      index = parent
    }
    this.#keys[index] = key
    this.#ends[index] = end
  }

  /** False when the heap is empty. */
  pop(): boolean {
    const top = this.#keys[0]
    if (top === undefined) return false
    this.left = top % 0x100000000
    this.end = this.#ends[0] ?? 0
    const key = this.#keys.pop() ?? 0
    const end = this.#ends.pop() ?? 0
    const size = this.#keys.length
    if (size === 0) return true
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= size) break
      if (child + 1 < size && (this.#keys[child + 1] ?? 0) < (this.#keys[child] ?? 0)) child++
      if ((this.#keys[child] ?? 0) >= key) break
      this.#move(child, index)
      index = child
    }
    this.#keys[index] = key
    this.#ends[index] = end
    return true
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from] ?? 0
    this.#ends[to] = this.#ends[from] ?? 0
  }
}
