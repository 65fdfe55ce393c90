/**
 * The bytes that a vector search ranks, kept beside the packed vectors so that opening a folder need not work them out
 * again. They can be made anew at any time: a file that does not fit is passed over.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { QuantisedVectors } from '#engine/retrieve/quantised-rows.ts'

export const quantisedEnding = '.i8'

const headerBytes = 64
const spareRows = 1024
const magic = 0x53523832

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
    const bytes = new Int8Array((rows + spareRows) * dimensions)
    const errors = new Float32Array(rows + spareRows)
    const length = count * dimensions
    if (!fill(file, headerBytes, new Uint8Array(bytes.buffer, 0, length))) return null
    if (!fill(file, headerBytes + length, new Uint8Array(errors.buffer, 0, count * 4))) return null
    return {
      rows: count,
      scaledRows: header.readUInt32LE(12),
      scale: header.readDoubleLE(16),
      largestError: header.readDoubleLE(24),
      errors,
      bytes,
    }
  } finally {
    closeSync(file)
  }
}

function fill(file: number, position: number, target: Uint8Array): boolean {
  for (let done = 0; done < target.length;) {
    const length = Math.min(target.length - done, 2 ** 30)
    const read = readSync(file, target, done, length, position + done)
    if (read === 0) return false
    done += read
  }
  return true
}

export async function writeQuantised(
  path: string,
  dimensions: number,
  vectors: QuantisedVectors,
): Promise<void> {
  const { rows, scaledRows, scale, largestError, errors, bytes } = vectors
  const header = Buffer.alloc(headerBytes)
  header.writeUInt32LE(magic, 0)
  header.writeUInt32LE(dimensions, 4)
  header.writeUInt32LE(rows, 8)
  header.writeUInt32LE(scaledRows, 12)
  header.writeDoubleLE(scale, 16)
  header.writeDoubleLE(largestError, 24)
  const temporary = `${path}.new`
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.write(header)
      await file.writeFile(new Uint8Array(bytes.buffer, bytes.byteOffset, rows * dimensions))
      // After the bytes: a row that is taken out meanwhile is then known as such.
      await file.writeFile(new Uint8Array(errors.buffer, errors.byteOffset, rows * 4))
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
