/**
 * Changes in embeddings_queue: Chroma notes each change there first, applies it to its SQLite part at once, and writes its HNSW
 * files now and then. What these have is deleted from the queue later (or never, in folders that were made before 0.5.6).
 */
import type { ChromaReader } from './chroma-database.ts'

/** The codes of the column `operation`. */
export const queueOperation = { add: 0, update: 1, upsert: 2, delete: 3 } as const

export interface QueuedChange {
  readonly seqId: number
  readonly operation: number
  readonly id: string
  /** Null for a change of metadata alone, and for a vector that is none. */
  readonly vector: Float32Array | null
  readonly isReadable: boolean
}

export function* queuedChanges(database: ChromaReader, topic: string | null): Generator<QueuedChange> {
  if (topic === null) return
  const rows = database.each(
    'SELECT seq_id, operation, id, vector, encoding FROM embeddings_queue WHERE topic = ? ORDER BY seq_id',
    topic,
  )
  for (const [seqId, operation, id, bytes, encoding] of rows) {
    if (typeof seqId !== 'number' || typeof operation !== 'number' || typeof id !== 'string') continue
    const vector = bytes instanceof Uint8Array ? vectorOf(bytes, encoding) : null
    yield { seqId, operation, id, vector, isReadable: vector !== null || bytes === null }
  }
}

/** Chroma writes float32, least significant byte first. */
function vectorOf(bytes: Uint8Array, encoding: unknown): Float32Array | null {
  if (encoding !== 'FLOAT32' || bytes.length % 4 !== 0) return null
  // Copied, as the bytes of SQLite need not begin where numbers may.
  return new Float32Array(bytes.slice().buffer)
}

/** Which ids have a vector after this change, as Chroma's HNSW segments see it. */
export function applyChange(ids: Set<string>, { operation, id, vector }: QueuedChange): void {
  if (operation === queueOperation.delete) ids.delete(id)
  else if (vector !== null && (operation !== queueOperation.update || ids.has(id))) ids.add(id)
}

/** Which records there are after this change, as Chroma's metadata segments see it. */
export function applyToRecords(ids: Set<string>, { operation, id }: QueuedChange): void {
  if (operation === queueOperation.delete) ids.delete(id)
  else if (operation !== queueOperation.update) ids.add(id)
}
