/**
 * Vectors of one vector store as float32, row after row in one file. Rows are only ever added: what stands behind the
 * rows that the working store counts was never committed, and is written over.
 */
import { closeSync, constants, fdatasyncSync, openSync, readSync } from 'node:fs'
import { writeFully } from '#platform/atomic-files.ts'

export const packedEnding = '.f32'

export class PackedVectors implements Disposable {
  readonly dimensions: number
  readonly #file: number

  /** @param mode `write` makes the file when it is not there */
  constructor(path: string, dimensions: number, mode: 'read' | 'write') {
    this.dimensions = dimensions
    // Not opened for appending: rows go to a position.
    this.#file = openSync(
      path,
      mode === 'read' ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT,
      0o600,
    )
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  write(row: number, vectors: Float32Array): void {
    writeFully(this.#file, bytesOf(vectors), row * this.dimensions * 4)
  }

  flush(): void {
    fdatasyncSync(this.#file)
  }

  /** Fills `target` with the rows from `row` on; says how many whole rows there were. */
  read(row: number, target: Float32Array): number {
    const bytes = bytesOf(target)
    const start = row * this.dimensions * 4
    let done = 0
    while (done < bytes.length) {
      const count = readSync(this.#file, bytes, done, bytes.length - done, start + done)
      if (count === 0) break
      done += count
    }
    return Math.floor(done / (this.dimensions * 4))
  }

  row(row: number): Float32Array {
    const vector = new Float32Array(this.dimensions)
    this.read(row, vector)
    return vector
  }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
