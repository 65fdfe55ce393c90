/**
 * How texts become what the model reads: each text's tokens are cut into windows, windows of like length are put into
 * batches, and the vectors of a text's windows become one again.
 */
import { normalize } from './vectors.ts'

export interface Window {
  /** Place of the text that it belongs to. */
  readonly text: number
  /** Without special tokens. */
  readonly ids: readonly number[]
}

/** One window for each text, or as many as it needs; an empty text has one, empty. */
export function cutIntoWindows(texts: readonly (readonly number[])[], size: number): Window[] {
  return texts.flatMap((ids, text) => {
    if (ids.length <= size) return [{ text, ids }]
    const windows: Window[] = []
    for (let start = 0; start < ids.length; start += size)
      windows.push({ text, ids: ids.slice(start, start + size) })
    return windows
  })
}

/**
 * Windows sorted by length, shortest first, in batches whose padded size stays within `budget` tokens; at least one
 * window in each. `extra` is the number of special tokens that each window gets.
 */
export function packIntoBatches(windows: readonly Window[], budget: number, extra: number): Window[][] {
  const sorted = windows.toSorted((a, b) => a.ids.length - b.ids.length)
  const batches: Window[][] = []
  let batch: Window[] = []
  for (const window of sorted) {
    if (batch.length > 0 && (batch.length + 1) * (window.ids.length + extra) > budget) {
      batches.push(batch)
      batch = []
    }
    batch.push(window)
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

/** Collects the windows' vectors: a text's vector is their mean, weighted by the windows' tokens. */
export class WindowMeans {
  readonly #dimensions: number
  readonly #normalized: boolean
  readonly #sums: Float32Array<ArrayBuffer>
  readonly #weights: Float64Array

  constructor(texts: number, dimensions: number, normalized: boolean) {
    this.#dimensions = dimensions
    this.#normalized = normalized
    this.#sums = new Float32Array(texts * dimensions)
    this.#weights = new Float64Array(texts)
  }

  /** `vector` as the model made it; it is normalised in place when the model's vectors are. */
  add(window: Window, vector: Float32Array): void {
    if (this.#normalized) normalize(vector)
    const weight = Math.max(1, window.ids.length)
    const start = window.text * this.#dimensions
    for (let i = 0; i < this.#dimensions; i++) this.#sums[start + i]! += vector[i]! * weight
    this.#weights[window.text]! += weight
  }

  /** All texts' vectors, one after the other. */
  finish(): Float32Array<ArrayBuffer> {
    for (let text = 0; text < this.#weights.length; text++) {
      const vector = this.#sums.subarray(text * this.#dimensions, (text + 1) * this.#dimensions)
      for (let i = 0; i < vector.length; i++) vector[i]! /= this.#weights[text]!
      if (this.#normalized) normalize(vector)
    }
    return this.#sums
  }
}
