/** A file that is written front to back: gathered into large writes, copied from another file where nothing changed. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  statSync,
  type Stats,
} from 'node:fs'
import { crc32 } from 'node:zlib'
import { writeFully } from '#platform/atomic-files.ts'
import { errorCodeOf } from '#platform/file-errors.ts'

const blockBytes = 1024 * 1024

export class OutputFile implements Disposable {
  readonly #file: number
  readonly #block = Buffer.allocUnsafe(blockBytes)
  #used = 0
  #bytes = 0
  #checksum = 0

  /** @param like a file whose mode and owner it gets, as far as the system lets us */
  constructor(path: string, like: string | null) {
    this.#file = openSync(path, 'w', 0o644)
    if (like !== null) this.#makeLike(statSync(like))
  }

  #makeLike({ mode, uid, gid }: Stats): void {
    fchmodSync(this.#file, mode & 0o7777)
    const own = fstatSync(this.#file)
    if (own.uid === uid && own.gid === gid) return
    try {
      fchownSync(this.#file, uid, gid)
    } catch (error) {
      // Only the superuser may give files away.
      if (errorCodeOf(error) !== 'EPERM') throw error
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** CRC-32 of what was written. */
  get checksum(): number {
    return this.#checksum
  }

  write(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    if (bytes.length > blockBytes - this.#used) this.#drain()
    if (bytes.length > blockBytes) this.#put(bytes)
    else {
      this.#block.set(bytes, this.#used)
      this.#used += bytes.length
    }
  }

  copy(source: number, start: number, end: number): void {
    this.#drain()
    const block = Buffer.allocUnsafe(Math.min(4 * blockBytes, Math.max(1, end - start)))
    for (let position = start; position < end;) {
      const count = readSync(source, block, 0, Math.min(block.length, end - position), position)
      if (count === 0) throw new Error('The file became shorter while it was copied.')
      this.#put(block.subarray(0, count))
      position += count
    }
  }

  #drain(): void {
    if (this.#used > 0) this.#put(this.#block.subarray(0, this.#used))
    this.#used = 0
  }

  #put(bytes: Uint8Array): void {
    writeFully(this.#file, bytes)
    this.#checksum = crc32(bytes, this.#checksum)
    this.#bytes += bytes.length
  }

  /** Everything is on the disk when this returns. */
  finish(): void {
    this.#drain()
    fsyncSync(this.#file)
  }
}
