/**
 * Puts vectors back into embeddings_queue, so that every version of Chroma builds a collection's HNSW files anew from it: with no
 * files and no last change noted for them, it applies all that is in the queue. Nothing is embedded, and the records in SQLite
 * are not touched, as they have these changes already.
 */
import type Database from 'better-sqlite3'
import { ChromaReader } from './chroma-database.ts'
import { queueOperation } from './queued-changes.ts'
import { seqIdOf, seqIdWriter } from './seq-ids.ts'

export interface QueueTarget {
  readonly database: Database.Database
  readonly topic: string
  readonly metadataSegment: string
  readonly vectorSegment: string
  readonly dimension: number | null
}

interface QueuedId {
  /** Whether all of the queue, applied to nothing, leaves it with a vector. */
  hasVector: boolean
  /** A change of a record that should be there, with its vector: applied to nothing, Chroma passes over it. */
  firstUpdate: number | null
}

export class VectorQueue {
  readonly #target: QueueTarget
  readonly #queued = new Map<string, QueuedId>()
  readonly #recordSeqIds = new Map<string, number | null>()
  readonly #insert: Database.Statement
  readonly #fill: Database.Statement
  readonly #at: Database.Statement
  #nextFree = 1
  #lastUsed = 0
  #isRaised = false

  constructor(target: QueueTarget) {
    this.#target = target
    const { database, topic, metadataSegment } = target
    this.#insert = database.prepare(
      `INSERT INTO embeddings_queue (seq_id, operation, topic, id, vector, encoding) VALUES (?, ${queueOperation.upsert}, ?, ?, ?, 'FLOAT32')`,
    )
    this.#fill = database.prepare(
      `UPDATE embeddings_queue SET operation = ${queueOperation.upsert}, vector = ?, encoding = 'FLOAT32' WHERE seq_id = ?`,
    )
    this.#at = database.prepare(
      'SELECT topic, id, vector IS NULL AS lacks_vector, operation FROM embeddings_queue WHERE seq_id = ?',
    )
    const records = 'SELECT embedding_id, seq_id FROM embeddings WHERE segment_id = ?'
    for (const [id, seqId] of new ChromaReader(database).each(records, metadataSegment)) {
      if (typeof id === 'string') this.#recordSeqIds.set(id, seqIdOf(seqId))
    }
    const last: unknown = database
      .prepare('SELECT seq_id FROM max_seq_id WHERE segment_id = ?')
      .pluck()
      .get(metadataSegment)
    this.#lastUsed =
      seqIdOf(last) ??
      [...this.#recordSeqIds.values()].reduce<number>((most, each) => Math.max(most, each ?? 0), 0)
    this.#dropUnreadable()
    this.#readQueue(topic)
  }

  /** Records that still have no vector in the queue. */
  get missing(): string[] {
    return [...this.#recordSeqIds.keys()].filter((id) => this.#queued.get(id)?.hasVector !== true)
  }

  get records(): number {
    return this.#recordSeqIds.size
  }

  /** Keeps the vector of a record of which the queue has none. Vectors of other ids are passed over. */
  offer(id: string, vector: Float32Array): void {
    if (!this.#recordSeqIds.has(id) || this.#queued.get(id)?.hasVector === true) return
    if (vector.length !== this.#target.dimension || !vector.every(Number.isFinite)) return
    const queued = this.#queued.get(id)
    if (queued && queued.firstUpdate !== null) return
    const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)
    this.#put(id, bytes)
    this.#queued.set(id, { hasVector: true, firstUpdate: null })
  }

  /** Lets the next Chroma apply the whole queue. Call it once, after the last vector, in the same transaction. */
  finish(): void {
    const { database, vectorSegment, metadataSegment } = this.#target
    const makeUpsert = database.prepare(
      `UPDATE embeddings_queue SET operation = ${queueOperation.upsert} WHERE seq_id = ?`,
    )
    for (const [id, queued] of this.#queued) {
      if (queued.hasVector && !this.#recordSeqIds.has(id)) this.#forget(id)
      if (queued.hasVector || queued.firstUpdate === null || !this.#recordSeqIds.has(id)) continue
      makeUpsert.run(queued.firstUpdate)
      queued.hasVector = true
    }
    // A number that stayed here would make Chroma delete changes from the queue before its new files have them.
    database.prepare('DELETE FROM max_seq_id WHERE segment_id = ?').run(vectorSegment)
    if (this.#isRaised)
      database
        .prepare('INSERT OR REPLACE INTO max_seq_id (segment_id, seq_id) VALUES (?, ?)')
        .run(metadataSegment, seqIdWriter(new ChromaReader(database))(this.#lastUsed))
  }

  /** Of a record that is gone: its vector alone would be found, and be nothing. Changes that are to come stay. */
  #forget(id: string): void {
    this.#target.database
      .prepare('DELETE FROM embeddings_queue WHERE topic = ? AND id = ? AND seq_id <= ?')
      .run(this.#target.topic, id, this.#lastUsed)
  }

  /** At the number of the record's own last change, which is free unless the queue still has that change. */
  #put(id: string, bytes: Buffer): void {
    const own = this.#recordSeqIds.get(id) ?? null
    if (own !== null) {
      const there: unknown = this.#at.get(own)
      if (there === undefined) {
        this.#insert.run(own, this.#target.topic, id, bytes)
        return
      }
      if (isChangeOfMetadata(there, id, this.#target.topic)) {
        this.#fill.run(bytes, own)
        return
      }
    }
    this.#insert.run(this.#freeSeqId(), this.#target.topic, id, bytes)
  }

  #freeSeqId(): number {
    while (this.#at.get(this.#nextFree) !== undefined) this.#nextFree++
    const free = this.#nextFree++
    if (free > this.#lastUsed) {
      this.#lastUsed = free
      this.#isRaised = true
    }
    return free
  }

  /** Chroma stops at a vector of another length than the collection's. The records have these changes already. */
  #dropUnreadable(): void {
    const { database, topic, dimension } = this.#target
    if (dimension === null) return
    database
      .prepare('DELETE FROM embeddings_queue WHERE topic = ? AND length(vector) <> ? AND seq_id <= ?')
      .run(topic, dimension * 4, this.#lastUsed)
  }

  #readQueue(topic: string): void {
    const rows = new ChromaReader(this.#target.database).each(
      'SELECT seq_id, operation, id, vector IS NOT NULL FROM embeddings_queue WHERE topic = ? ORDER BY seq_id',
      topic,
    )
    for (const [seqId, operation, id, hasVector] of rows) {
      if (typeof id !== 'string' || typeof seqId !== 'number') continue
      const queued = this.#queued.get(id) ?? { hasVector: false, firstUpdate: null }
      this.#queued.set(id, queued)
      if (operation === queueOperation.delete) {
        queued.hasVector = false
        queued.firstUpdate = null
      } else if (hasVector === 1) {
        if (operation !== queueOperation.update) queued.hasVector = true
        else if (!queued.hasVector) queued.firstUpdate ??= seqId
      }
    }
  }
}

function isChangeOfMetadata(row: unknown, id: string, topic: string): boolean {
  if (typeof row !== 'object' || row === null) return false
  return (
    'id' in row &&
    row.id === id &&
    'topic' in row &&
    row.topic === topic &&
    'lacks_vector' in row &&
    row.lacks_vector === 1 &&
    'operation' in row &&
    row.operation !== queueOperation.delete
  )
}
