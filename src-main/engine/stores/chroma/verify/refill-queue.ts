/** Puts every vector of a collection that can be read from its HNSW files back into the queue. Call it in a transaction. */
import type Database from 'better-sqlite3'
import type { ChromaCollection } from './chroma-collections.ts'
import { VectorQueue } from './queue-vectors.ts'
import { readHnsw } from './read-hnsw.ts'

export interface RefillOptions {
  readonly database: Database.Database
  readonly collection: ChromaCollection
  readonly vectorSegment: string
  readonly metadataSegment: string
  /** The folder of its HNSW files; it need not be there. */
  readonly segmentFolder: string
  readonly signal: AbortSignal
}

export interface RefilledQueue {
  readonly records: number
  /** Records whose vector is nowhere any more. */
  readonly withoutVector: readonly string[]
  /** Vectors in the files that belong to no known id. */
  readonly withoutId: number
}

export function refillQueue(options: RefillOptions): RefilledQueue {
  const { database, collection, vectorSegment, metadataSegment, segmentFolder, signal } = options
  const { dimension, maxNeighbours } = collection
  const topic = collection.topic ?? topicOf(collection.id)
  const queue = new VectorQueue({ database, topic, metadataSegment, vectorSegment, dimension })
  const { withoutId } = readHnsw({
    folder: segmentFolder,
    dimension,
    maxNeighbours,
    isNormalised: collection.metric === 'cosine',
    signal,
    onVector: (vector, id) => {
      if (id !== null) queue.offer(id, vector)
    },
  })
  queue.finish()
  return { records: queue.records, withoutVector: queue.missing, withoutId }
}

/** What Chroma calls it where nothing was set otherwise. */
function topicOf(collectionId: string): string {
  return `persistent://default/default/${collectionId}`
}
