/**
 * The bytes that a vector search ranks, kept beside the packed vectors so that opening a folder need not work them out
 * again. They can be made anew at any time: a file that does not fit is passed over.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { QuantisedVectors } from '#engine/retrieve/vector-search.ts'

export const quantisedEnding = '.i8'

const headerBytes = 64
const magic = 0x53523831

/** Null when there is none, or it is not of these vectors. With room for more rows behind. */
export function readQuantised(path: string, dimensions: number, rows: number): QuantisedVectors | null {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return null
  }
  try {
    const header = Buffer.alloc(headerBytes)
    if (readSync(file, header, 0, headerBytes, 0) !== headerBytes) return null
    const count = header.readUInt32LE(8)
    if (header.readUInt32LE(0) !== magic || header.readUInt32LE(4) !== dimensions || count > rows) return null
    const bytes = new Int8Array((rows + 1024) * dimensions)
    const target = new Uint8Array(bytes.buffer)
    for (let done = 0; done < count * dimensions;) {
      const length = Math.min(count * dimensions - done, 2 ** 30)
      const read = readSync(file, target, done, length, headerBytes + done)
      if (read === 0) return null
      done += read
    }
    return { rows: count, scale: header.readDoubleLE(16), largestError: header.readDoubleLE(24), bytes }
  } finally {
    closeSync(file)
  }
}

export async function writeQuantised(
  path: string,
  dimensions: number,
  vectors: QuantisedVectors,
): Promise<void> {
  const { rows, scale, largestError, bytes } = vectors
  const header = Buffer.alloc(headerBytes)
  header.writeUInt32LE(magic, 0)
  header.writeUInt32LE(dimensions, 4)
  header.writeUInt32LE(rows, 8)
  header.writeDoubleLE(scale, 16)
  header.writeDoubleLE(largestError, 24)
  const temporary = `${path}.new`
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.write(header)
      await file.writeFile(new Uint8Array(bytes.buffer, bytes.byteOffset, rows * dimensions))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
