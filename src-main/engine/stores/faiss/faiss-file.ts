/** A FAISS file, read piece by piece: numbers little-endian, lists with their length in front, never more than the file has. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { StackroomError } from '#contract'
import { explaining } from '#platform/file-errors.ts'

const pieceBytes = 16 * 1024 * 1024

export class FaissFile implements Disposable {
  readonly path: string
  readonly #file: number
  readonly #size: number
  #position = 0

  constructor(path: string) {
    this.path = path
    this.#file = explaining(path, () => openSync(path, 'r'))
    this.#size = fstatSync(this.#file).size
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  /** Four letters that say what follows. */
  code(): string {
    return this.#bytes(4).toString('latin1')
  }

  byte(): number {
    return this.#bytes(1).readUInt8()
  }

  int32(): number {
    return this.#bytes(4).readInt32LE()
  }

  float32(): number {
    return this.#bytes(4).readFloatLE()
  }

  /** Of counts and ids. */
  int64(): number {
    const value = this.#bytes(8).readBigInt64LE()
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
      throw this.damaged()
    return Number(value)
  }

  /** A count of things of so many bytes that follow. */
  length(itemBytes: number): number {
    const count = this.int64()
    if (count < 0 || count * itemBytes > this.#size - this.#position) throw this.damaged()
    return count
  }

  int64s(count: number): number[] {
    this.#require(count * 8)
    return Array.from({ length: count }, () => this.int64())
  }

  floats(count: number): Float32Array {
    this.#require(count * 4)
    const floats = new Float32Array(count)
    this.#read(new Uint8Array(floats.buffer))
    return floats
  }

  bytes(count: number): Uint8Array {
    this.#require(count)
    const bytes = new Uint8Array(count)
    this.#read(bytes)
    return bytes
  }

  skip(count: number): void {
    this.#require(count)
    this.#position += count
  }

  damaged(cause?: unknown): StackroomError {
    return new StackroomError('damaged-file', `${this.path} is damaged: it is no whole FAISS index.`, {
      hint: 'Make the index anew, or restore the file from a backup.',
      cause,
    })
  }

  unsupported(what: string): StackroomError {
    return new StackroomError(
      'unsupported-format',
      `Stackroom does not read FAISS indexes of the kind ${what}.`,
      {
        hint: 'It reads Flat, IDMap, IDMap2, IVFFlat, HNSWFlat and 8-bit scalar quantised ones.',
      },
    )
  }

  #bytes(count: number): Buffer {
    this.#require(count)
    const buffer = Buffer.allocUnsafe(count)
    this.#read(buffer)
    return buffer
  }

  #require(count: number): void {
    if (!Number.isSafeInteger(count) || count < 0 || count > this.#size - this.#position) throw this.damaged()
  }

  #read(target: Uint8Array): void {
    for (let done = 0; done < target.length;) {
      const length = Math.min(pieceBytes, target.length - done)
      const read = readSync(this.#file, target, done, length, this.#position)
      if (read === 0) throw this.damaged()
      done += read
      this.#position += read
    }
  }
}
