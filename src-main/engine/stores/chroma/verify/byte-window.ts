/** Reads a file that may be larger than memory from front to back, some bytes at a time. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const windowBytes = 1 << 20

export class ByteWindow implements Disposable {
  readonly fileBytes: number
  readonly #descriptor: number
  #window: Buffer = Buffer.alloc(0)
  #start = 0

  constructor(path: string) {
    this.#descriptor = openSync(path, 'r')
    this.fileBytes = fstatSync(this.#descriptor).size
  }

  /** Those bytes, or null where the file ends before. They hold until the next call. */
  at(offset: number, length: number): Buffer | null {
    if (offset + length > this.fileBytes) return null
    const from = offset - this.#start
    if (from >= 0 && from + length <= this.#window.length) return this.#window.subarray(from, from + length)
    const window = Buffer.alloc(Math.min(Math.max(windowBytes, length), this.fileBytes - offset))
    let filled = 0
    while (filled < window.length) {
      const count = readSync(this.#descriptor, window, filled, window.length - filled, offset + filled)
      if (count === 0) break
      filled += count
    }
    this.#window = window.subarray(0, filled)
    this.#start = offset
    return filled < length ? null : this.#window.subarray(0, length)
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor)
  }
}
