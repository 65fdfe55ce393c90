/** Puts the vectors of a damaged folder into the queue of the one that is saved to, where Chroma builds its HNSW files from them. */
import type Database from 'better-sqlite3'
import { readFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { readCollections, type ChromaCollection } from './chroma-collections.ts'
import { ChromaReader } from './chroma-database.ts'
import { hnswFiles, parseHeader } from './hnsw-header.ts'
import { queuedChanges } from './queued-changes.ts'
import { refillQueue } from './refill-queue.ts'

export interface SavedVectors {
  readonly collection: string
  readonly records: number
  readonly vectors: number
}

export interface SaveVectorsOptions {
  readonly database: Database.Database
  /** The damaged folder, which has the HNSW files. */
  readonly folder: string
  readonly signal: AbortSignal
}

export function saveVectors({ database, folder, signal }: SaveVectorsOptions): SavedVectors[] {
  const reader = new ChromaReader(database)
  return readCollections(reader).flatMap((collection) => {
    const { vectorSegment, metadataSegment } = collection
    if (!vectorSegment || !metadataSegment) return []
    const segmentFolder = join(folder, vectorSegment.id)
    const dimension = collection.dimension ?? dimensionIn(reader, collection, segmentFolder)
    if (dimension !== collection.dimension)
      database.prepare('UPDATE collections SET dimension = ? WHERE id = ?').run(dimension, collection.id)
    const refill = database.transaction(() =>
      refillQueue({
        database,
        collection: { ...collection, dimension },
        vectorSegment: vectorSegment.id,
        metadataSegment: metadataSegment.id,
        segmentFolder,
        signal,
      }),
    )
    const { records, withoutVector } = refill()
    return [{ collection: collection.name, records, vectors: records - withoutVector.length }]
  })
}

function dimensionIn(
  reader: ChromaReader,
  { topic }: ChromaCollection,
  segmentFolder: string,
): number | null {
  for (const { vector } of queuedChanges(reader, topic)) if (vector) return vector.length
  const path = join(segmentFolder, hnswFiles.header)
  const header = existsSync(path) ? parseHeader(readFileSync(path)) : null
  return header === null || typeof header === 'string' ? null : header.dimension
}
