/**
 * Makes a saved database one that Chroma opens: records need their segment, a segment its collection, a collection its database.
 * Where such a row is lost it is made anew, with a name that says so.
 */
import type Database from 'better-sqlite3'
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ChromaReader } from './chroma-database.ts'
import { hnswFiles } from './hnsw-header.ts'
import { readHnswIds } from './hnsw-ids.ts'
import { segmentFoldersIn } from './segment-folders.ts'
import { seqIdOf, seqIdWriter } from './seq-ids.ts'

const defaultTenant = 'default_tenant'
const defaultDatabase = '00000000-0000-0000-0000-000000000000'
const segmentTypes = {
  VECTOR: 'urn:chroma:segment/vector/hnsw-local-persisted',
  METADATA: 'urn:chroma:segment/metadata/sqlite',
} as const

/** Answers with a sentence for each thing that was made. */
export function completeParents(database: Database.Database, damagedFolder: string): string[] {
  const reader = new ChromaReader(database)
  const made: string[] = []
  makeDatabases(database, reader)
  for (const segment of texts(reader, 'SELECT DISTINCT segment_id FROM embeddings')) {
    if (reader.number('SELECT count(*) FROM segments WHERE id = ?', segment) > 0) continue
    const collection = collectionOf(reader, segment) ?? randomUUID()
    insertSegment(database, reader, segment, 'METADATA', collection)
    made.push(`The records of the segment ${segment} were given to the collection ${collection}.`)
  }
  for (const id of texts(reader, 'SELECT DISTINCT collection FROM segments'))
    if (reader.number('SELECT count(*) FROM collections WHERE id = ?', id) === 0) {
      insertCollection(database, reader, id)
      made.push(
        `The name and the configuration of the collection ${id} are lost: it is called saved-${id.slice(0, 8)} now.`,
      )
    }
  for (const id of texts(reader, 'SELECT id FROM collections'))
    completeSegments(database, reader, id, damagedFolder)
  completeSeqIds(database, reader)
  return made
}

function makeDatabases(database: Database.Database, reader: ChromaReader): void {
  if (!reader.hasTable('databases')) return
  database.prepare('INSERT OR IGNORE INTO tenants (id) VALUES (?)').run(defaultTenant)
  const insert = database.prepare('INSERT OR IGNORE INTO databases (id, name, tenant_id) VALUES (?, ?, ?)')
  insert.run(defaultDatabase, 'default_database', defaultTenant)
  for (const id of texts(reader, 'SELECT DISTINCT database_id FROM collections'))
    insert.run(id, `saved-${id.slice(0, 8)}`, defaultTenant)
  for (const id of texts(reader, 'SELECT DISTINCT tenant_id FROM databases'))
    database.prepare('INSERT OR IGNORE INTO tenants (id) VALUES (?)').run(id)
}

/** The one whose changes in the queue name the same ids, or the only one without records. */
function collectionOf(reader: ChromaReader, segment: string): string | undefined {
  const hasRecords = (id: string): boolean =>
    reader.number("SELECT count(*) FROM segments WHERE scope = 'METADATA' AND collection = ?", id) > 0
  const known = texts(reader, 'SELECT id FROM collections').filter((id) => !hasRecords(id))
  const queued = texts(reader, 'SELECT DISTINCT topic FROM embeddings_queue')
    .map((topic) => topic.slice(topic.lastIndexOf('/') + 1))
    .filter((id) => !hasRecords(id))
  const byQueue = queued.find(
    (id) =>
      reader.number(
        `SELECT count(*) FROM embeddings_queue WHERE topic LIKE '%/' || ?
           AND id IN (SELECT embedding_id FROM embeddings WHERE segment_id = ?)`,
        id,
        segment,
      ) > 0,
  )
  return byQueue ?? (known.length === 1 ? known[0] : undefined)
}

function insertCollection(database: Database.Database, reader: ChromaReader, id: string): void {
  const values: Record<string, string> = { id, name: `saved-${id.slice(0, 8)}` }
  if (reader.hasColumn('collections', 'database_id')) values.database_id = defaultDatabase
  if (reader.hasColumn('collections', 'topic')) values.topic = `persistent://default/default/${id}`
  if (reader.hasColumn('collections', 'config_json_str')) values.config_json_str = '{}'
  insert(database, 'collections', values)
}

function insertSegment(
  database: Database.Database,
  reader: ChromaReader,
  id: string,
  scope: keyof typeof segmentTypes,
  collection: string,
): void {
  const values: Record<string, string> = { id, type: segmentTypes[scope], scope, collection }
  if (reader.hasColumn('segments', 'topic')) values.topic = `persistent://default/default/${collection}`
  insert(database, 'segments', values)
}

function insert(database: Database.Database, table: string, values: Record<string, string>): void {
  const columns = Object.keys(values)
  database
    .prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
    .run(...Object.values(values))
}

function completeSegments(
  database: Database.Database,
  reader: ChromaReader,
  collection: string,
  damagedFolder: string,
): void {
  const segmentOf = (scope: string): string | undefined =>
    texts(reader, 'SELECT id FROM segments WHERE collection = ? AND scope = ?', collection, scope)[0]
  if (segmentOf('METADATA') === undefined)
    insertSegment(database, reader, randomUUID(), 'METADATA', collection)
  if (segmentOf('VECTOR') !== undefined) return
  const records = new Set(
    texts(reader, 'SELECT embedding_id FROM embeddings WHERE segment_id = ?', segmentOf('METADATA')),
  )
  const own = segmentFoldersIn(damagedFolder).find((folder) => {
    const path = join(damagedFolder, folder, hnswFiles.ids)
    const isTaken = reader.number('SELECT count(*) FROM segments WHERE id = ?', folder) > 0
    if (isTaken || !existsSync(path)) return false
    const ids = [...readHnswIds(readFileSync(path)).labels.keys()]
    // Of ids that may be anything, as numbers, two collections can have some in common.
    return ids.length > 0 && ids.filter((id) => records.has(id)).length > ids.length / 2
  })
  insertSegment(database, reader, own ?? randomUUID(), 'VECTOR', collection)
}

/** What a segment of records has is not applied to it again. */
function completeSeqIds(database: Database.Database, reader: ChromaReader): void {
  const stored = seqIdWriter(reader)
  for (const segment of texts(reader, "SELECT id FROM segments WHERE scope = 'METADATA'")) {
    let last = 0
    for (const [seqId] of reader.each('SELECT seq_id FROM embeddings WHERE segment_id = ?', segment))
      last = Math.max(last, seqIdOf(seqId) ?? 0)
    const [told] = reader.each('SELECT seq_id FROM max_seq_id WHERE segment_id = ?', segment)
    if (told && (seqIdOf(told[0]) ?? 0) >= last) continue
    if (last > 0)
      database
        .prepare('INSERT OR REPLACE INTO max_seq_id (segment_id, seq_id) VALUES (?, ?)')
        .run(segment, stored(last))
  }
}

function texts(reader: ChromaReader, sql: string, ...bound: unknown[]): string[] {
  return [...reader.each(sql, ...bound)].flatMap(([value]) => (typeof value === 'string' ? [value] : []))
}
