/**
 * Lets Chroma build the HNSW files of a collection anew: every vector that can be read is put into the queue first, in one
 * transaction; then the old files are set aside, never deleted. A crash in between leaves a folder that can be repaired again.
 */
import type Database from 'better-sqlite3'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { syncFolder } from '#platform/atomic-files.ts'
import type { ChromaCollection } from './chroma-collections.ts'
import { refillQueue, type RefilledQueue } from './refill-queue.ts'

export interface RebuildOptions {
  readonly folder: string
  readonly database: Database.Database
  readonly collection: ChromaCollection
  /** Where old HNSW files go. */
  readonly setAside: string
  readonly signal: AbortSignal
}

export interface RebuiltSegment extends RefilledQueue {
  /** Where the old files are; null where there were none. */
  readonly setAside: string | null
}

export function rebuildSegment(options: RebuildOptions): RebuiltSegment | null {
  const { folder, database, collection, setAside, signal } = options
  const { vectorSegment, metadataSegment } = collection
  if (!vectorSegment || !metadataSegment) return null
  const segmentFolder = join(folder, vectorSegment.id)
  const refill = database.transaction(() =>
    refillQueue({
      database,
      collection,
      vectorSegment: vectorSegment.id,
      metadataSegment: metadataSegment.id,
      segmentFolder,
      signal,
    }),
  )
  const refilled = refill.exclusive()
  if (!existsSync(segmentFolder)) return { ...refilled, setAside: null }
  mkdirSync(setAside, { recursive: true })
  const target = join(setAside, vectorSegment.id)
  renameSync(segmentFolder, target)
  syncFolder(setAside)
  syncFolder(folder)
  return { ...refilled, setAside: target }
}
