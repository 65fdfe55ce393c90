/** Brings the rows of the damaged tables into the new ones, and fills in what other places of the file say. */
import type Database from 'better-sqlite3'
import type { ColumnsOf } from './make-schema.ts'
import type { SalvagedTables } from './salvaged-tables.ts'
import type { SqliteRow } from './sqlite-pages.ts'
import type { SqliteValue } from './sqlite-record.ts'
import { ChromaReader } from './chroma-database.ts'
import { seqIdOf, seqIdWriter } from './seq-ids.ts'

export interface CopyRowsOptions {
  readonly database: Database.Database
  readonly tables: SalvagedTables
  readonly columnsOf: ColumnsOf
  readonly signal: AbortSignal
}

export interface CopiedRows {
  readonly records: number
  /** Records of which only an index tells. */
  readonly fromIndex: number
  readonly documents: number
  /** Documents that are only in the index of the full-text search. */
  readonly fromSearch: number
  readonly values: number
}

/** In an order in which those that refer to others come later. Leave `migrations` out: the schema may be another one. */
const copied = [
  'tenants',
  'databases',
  'collections',
  'collection_metadata',
  'segments',
  'segment_metadata',
  'max_seq_id',
  'embeddings_queue_config',
  'maintenance_log',
  'embeddings_queue',
  'embeddings',
  'embedding_metadata',
  'embedding_metadata_array',
]

/** Columns that are the number of their row, and are kept nowhere else. */
const rowNumbers: Readonly<Record<string, string>> = {
  embeddings: 'id',
  embeddings_queue: 'seq_id',
  embeddings_queue_config: 'id',
}

/** Rows of Chroma 0.4 on pages that no tree leads to, by what they look like. A topic has no place in newer tables. */
const withTopics: Readonly<Record<string, { table: string; columns: readonly (string | null)[] }>> = {
  collections_with_topic: { table: 'collections', columns: ['id', 'name', null, 'dimension', 'database_id'] },
  segments_with_topic: { table: 'segments', columns: ['id', 'type', 'scope', null, 'collection'] },
}

const documentKey = 'chroma:document'

export function copyRows(options: CopyRowsOptions): CopiedRows {
  const { database, tables, columnsOf, signal } = options
  // A schema that was made anew has all of its own.
  if (count(database, 'SELECT count(*) FROM migrations') === 0) copyTable(options, 'migrations')
  for (const table of copied) {
    signal.throwIfAborted()
    if (columnsOf(table).length > 0) copyTable(options, table)
  }
  for (const [lost, { table, columns }] of Object.entries(withTopics))
    copyRowsOf(database, tables.rows(lost), table, columns)
  separateMetadata(database)
  const known = count(database, 'SELECT count(*) FROM embeddings')
  restoreFromIndex(database, tables)
  const records = count(database, 'SELECT count(*) FROM embeddings')
  const byDocuments = "SELECT count(*) FROM embedding_metadata WHERE key = 'chroma:document'"
  const knownDocuments = count(database, byDocuments)
  restoreDocuments(database, tables)
  const documents = count(database, byDocuments)
  if (columnsOf('embedding_fulltext_search').length > 0)
    database.exec(`INSERT INTO embedding_fulltext_search (rowid, string_value)
      SELECT id, string_value FROM embedding_metadata WHERE key = '${documentKey}' AND string_value IS NOT NULL`)
  return {
    records,
    fromIndex: records - known,
    documents,
    fromSearch: documents - knownDocuments,
    values: count(database, `SELECT count(*) FROM embedding_metadata WHERE key <> '${documentKey}'`),
  }
}

function copyTable({ database, tables, columnsOf }: CopyRowsOptions, table: string): void {
  copyRowsOf(database, tables.rows(table), table, columnsOf(table))
}

function copyRowsOf(
  database: Database.Database,
  rows: Iterable<SqliteRow>,
  table: string,
  columns: readonly (string | null)[],
): void {
  const named = columns.filter((column) => column !== null)
  const insert = database.prepare(
    `INSERT OR IGNORE INTO ${table} (${named.join(', ')}) VALUES (${named.map(() => '?').join(', ')})`,
  )
  const stored = seqIdWriter(new ChromaReader(database))
  const seqIdColumn = table === 'embeddings_queue' ? -1 : named.indexOf('seq_id')
  for (const row of rows) {
    const values = valuesFor(row, columns, rowNumbers[table])
    // The schema that is saved to may be a newer one.
    const seqId = seqIdOf(values[seqIdColumn])
    if (seqId !== null) values[seqIdColumn] = stored(seqId)
    insert.run(values)
  }
}

/** Rows from before a column was added have none for it. */
function valuesFor(
  { rowid, values }: SqliteRow,
  columns: readonly (string | null)[],
  rowNumber: string | undefined,
): SqliteValue[] {
  return columns.flatMap((column, index) => {
    if (column === null) return []
    return [column === rowNumber ? rowid : (values[index] ?? null)]
  })
}

/** On pages that no tree leads to, metadata of segments looks like that of collections. */
function separateMetadata(database: Database.Database): void {
  const ofSegments = 'collection_id IN (SELECT id FROM segments)'
  const columns = ['key', 'str_value', 'int_value', 'float_value'].join(', ')
  database.exec(`
    INSERT OR IGNORE INTO segment_metadata (segment_id, ${columns})
      SELECT collection_id, ${columns} FROM collection_metadata WHERE ${ofSegments};
    DELETE FROM collection_metadata WHERE ${ofSegments}`)
}

/** UNIQUE (segment_id, embedding_id) keeps both beside the number of the row. */
function restoreFromIndex(database: Database.Database, tables: SalvagedTables): void {
  let last = lastSeqId(database)
  const stored = seqIdWriter(new ChromaReader(database))
  const has = database.prepare(
    'SELECT 1 FROM embeddings WHERE id = ? OR (segment_id = ? AND embedding_id = ?)',
  )
  const insert = database.prepare(
    'INSERT INTO embeddings (id, segment_id, embedding_id, seq_id) VALUES (?, ?, ?, ?)',
  )
  for (const { values } of tables.indexRows('embeddings', 3)) {
    const [segment, id, row] = values
    if (typeof segment !== 'string' || typeof id !== 'string' || typeof row !== 'number') continue
    if (has.get(row, segment, id) === undefined) insert.run(row, segment, id, stored(++last))
  }
}

/** The full-text search keeps a copy of each document, by the number of its record. */
function restoreDocuments(database: Database.Database, tables: SalvagedTables): void {
  const insert = database.prepare(
    `INSERT OR IGNORE INTO embedding_metadata (id, key, string_value)
     SELECT id, '${documentKey}', ? FROM embeddings WHERE id = ?`,
  )
  for (const { rowid, values } of tables.rows('embedding_fulltext_search_content')) {
    const document = values[1]
    if (typeof document === 'string') insert.run(document, rowid)
  }
}

/** Of all changes that anything tells of. */
function lastSeqId(database: Database.Database): number {
  let last = 0
  for (const sql of [
    'SELECT max(seq_id) FROM embeddings_queue',
    'SELECT seq_id FROM max_seq_id',
    'SELECT seq_id FROM embeddings',
  ])
    for (const [seqId] of new ChromaReader(database).each(sql)) last = Math.max(last, seqIdOf(seqId) ?? 0)
  return last
}

function count(database: Database.Database, sql: string): number {
  const value: unknown = database.prepare(sql).pluck().get()
  return typeof value === 'number' ? value : 0
}
