/** Compares the two parts of a collection: the records in SQLite, and the vectors in the HNSW files and in the queue. */
import { join } from 'node:path'
import type { ProblemList } from '../../../storage/verify/problem-list.ts'
import type { ChromaCollection } from './chroma-collections.ts'
import type { ChromaReader } from './chroma-database.ts'
import { applyChange, applyToRecords, queuedChanges } from './queued-changes.ts'
import { readHnsw } from './read-hnsw.ts'

export interface CheckCollectionOptions {
  readonly folder: string
  readonly database: ChromaReader
  readonly collection: ChromaCollection
  readonly problems: ProblemList
  readonly signal: AbortSignal
  readonly onBytes?: (count: number) => void
}

export interface CheckedCollection {
  readonly collection: ChromaCollection
  readonly records: number
  readonly vectors: number
  /** Whether its HNSW files are to be made anew from all vectors that there are. */
  readonly needsRebuild: boolean
}

export function checkCollection(options: CheckCollectionOptions): CheckedCollection {
  const { folder, database, collection, problems, signal, onBytes } = options
  const { name: section, vectorSegment, metadataSegment, dimension, metric } = collection
  if (!vectorSegment || !metadataSegment) {
    problems.add({
      code: 'missing-segment',
      message: `The collection ${section} has no ${vectorSegment ? 'metadata' : 'vector'} segment.`,
      section,
      repairable: false,
    })
    return { collection, records: 0, vectors: 0, needsRebuild: false }
  }
  let needsRebuild = false
  const place = (file: string): string => `${vectorSegment.id}/${file}`
  const segment = readHnsw({
    folder: join(folder, vectorSegment.id),
    dimension,
    maxNeighbours: collection.maxNeighbours,
    isNormalised: metric === 'cosine',
    signal,
    ...(onBytes && { onBytes }),
    onVector: (vector, id, offset) => {
      const at = { file: place('data_level0.bin'), section, key: id ?? undefined, offset }
      const whose = id === null ? 'A vector' : `The vector of ${id}`
      if (!vector.every(Number.isFinite)) {
        problems.add({
          code: 'not-finite-vector',
          message: `${whose} has numbers that are not finite.`,
          repairable: true,
          ...at,
        })
        needsRebuild = true
      } else if (metric === 'cosine' && vector.every((number) => number === 0))
        problems.add({
          code: 'zero-vector',
          message: `${whose} has only zeros, which have no angle.`,
          severity: 'warning',
          repairable: false,
          ...at,
        })
    },
  })
  for (const { file, message, offset, isHarmless } of segment.damage) {
    needsRebuild = true
    problems.add({
      code: 'damaged-segment',
      message: `Collection ${section}: ${message}`,
      file: place(file),
      section,
      offset: offset ?? undefined,
      ...(isHarmless && { severity: 'warning' }),
      repairable: true,
    })
  }
  if (segment.header && dimension !== null && segment.header.dimension !== dimension)
    problems.add({
      code: 'mixed-dimensions',
      message: `The collection ${section} has ${dimension} dimensions, its HNSW files have ${segment.header.dimension}.`,
      file: place('header.bin'),
      section,
      repairable: false,
    })
  if (segment.withoutId > 0)
    problems.add({
      code: 'vector-without-record',
      message: `${segment.withoutId} vectors of the collection ${section} belong to no id that is known.`,
      file: place('data_level0.bin'),
      section,
      repairable: true,
    })
  const isDamaged = segment.damage.some(({ isHarmless }) => !isHarmless)
  if (!segment.exists && vectorSegment.maxSeqId !== null) {
    needsRebuild = true
    problems.add({
      code: 'missing-segment',
      message: `The HNSW files of the collection ${section} are gone, although changes were written to them.`,
      file: vectorSegment.id,
      section,
      repairable: true,
    })
  }
  const records = recordsOf(database, metadataSegment.id)
  const seenByRecords = metadataSegment.maxSeqId ?? 0
  const seenByVectors = segment.exists ? (vectorSegment.maxSeqId ?? segment.ids.maxSeqId ?? 0) : 0
  const vectors = new Set(segment.found)
  /** Also with changes that no engine would apply any more. */
  const somewhere = new Set(segment.found)
  for (const change of queuedChanges(database, collection.topic)) {
    const length = change.vector?.length
    const fits = length === undefined || dimension === null || length === dimension
    const usable = fits ? change : { ...change, vector: null }
    if (change.seqId > seenByRecords) applyToRecords(records, change)
    if (change.seqId > seenByVectors) applyChange(vectors, usable)
    if (usable.vector) somewhere.add(change.id)
    if (change.isReadable && fits) continue
    const repairable = change.seqId <= seenByRecords
    if (repairable) needsRebuild = true
    problems.add({
      code: change.isReadable ? 'mixed-dimensions' : 'unreadable-entry',
      message: change.isReadable
        ? `A change of ${change.id} in the queue has a vector of ${length} dimensions instead of ${dimension}.`
        : `A change of ${change.id} in the queue has a vector that cannot be read.`,
      file: 'chroma.sqlite3',
      section,
      key: change.id,
      repairable,
    })
  }
  for (const id of records) {
    if (vectors.has(id) || (isDamaged && somewhere.has(id))) continue
    const repairable = somewhere.has(id)
    if (repairable) needsRebuild = true
    problems.add({
      code: 'record-without-vector',
      message: `${id} has no vector${repairable ? ' in the HNSW files, but one in the queue' : ': a search does not find it, and one with a filter may fail'}.`,
      file: vectorSegment.id,
      section,
      key: id,
      repairable,
    })
  }
  for (const id of vectors) {
    if (records.has(id) || isDamaged) continue
    needsRebuild = true
    problems.add({
      code: 'vector-without-record',
      message: `The HNSW files have a vector of ${id}, which is no record.`,
      file: vectorSegment.id,
      section,
      key: id,
      repairable: true,
    })
  }
  return {
    collection,
    records: records.size,
    vectors: isDamaged ? somewhere.size : vectors.size,
    needsRebuild,
  }
}

function recordsOf(database: ChromaReader, segment: string): Set<string> {
  const ids = new Set<string>()
  for (const [id] of database.each('SELECT embedding_id FROM embeddings WHERE segment_id = ?', segment))
    if (typeof id === 'string') ids.add(id)
  return ids
}
