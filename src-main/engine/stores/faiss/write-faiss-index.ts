/** Flat indexes, with and without an id map, as `faiss.write_index` writes them, byte by byte. */
import { StackroomError } from '#contract'
import type { FaissIndex } from './faiss-index.ts'

/** FAISS writes this number where older versions had something. */
const unused = 1n << 20n
const headerBytes = 4 + 4 + 8 + 8 + 8 + 1 + 4

/** Throws `invalid-input` for another kind: what FAISS was trained with is not kept here. */
export function faissIndexBytes(index: FaissIndex): Buffer {
  const { dimensions, storage, idMap, ids, vectors, metric } = index
  if (storage !== 'flat' || vectors.length !== ids.length * dimensions)
    throw new StackroomError('invalid-input', 'Only flat FAISS indexes are written.')
  const count = ids.length
  const flat = [
    header(metric === 'l2' ? 'IxF2' : 'IxFI', index, count),
    int64(vectors.length),
    bytesOf(vectors),
  ]
  if (idMap === null) return Buffer.concat(flat)
  const list = Buffer.allocUnsafe(count * 8)
  for (const [place, id] of ids.entries()) list.writeBigInt64LE(BigInt(id), place * 8)
  return Buffer.concat([
    header(idMap === 'IDMap' ? 'IxMp' : 'IxM2', index, count),
    ...flat,
    int64(count),
    list,
  ])
}

function header(code: string, { dimensions, metric }: FaissIndex, count: number): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.write(code, 'latin1')
  header.writeInt32LE(dimensions, 4)
  header.writeBigInt64LE(BigInt(count), 8)
  header.writeBigInt64LE(unused, 16)
  header.writeBigInt64LE(unused, 24)
  // It is trained.
  header.writeUInt8(1, 32)
  header.writeInt32LE(metric === 'ip' ? 0 : 1, 33)
  return header
}

function int64(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(8)
  buffer.writeBigInt64LE(BigInt(value))
  return buffer
}

function bytesOf(vectors: Float32Array): Buffer {
  return Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength)
}
