/** The tables of the folder that is saved to: those of the damaged one where their text can be read, else the newest. */
import Database from 'better-sqlite3'
import { createHash } from 'node:crypto'
import { chromaMigrations, migrationsTable } from './chroma-migrations.ts'
import { ChromaReader } from './chroma-database.ts'
import type { SalvagedTables, SchemaEntry } from './salvaged-tables.ts'

const needed = [
  'migrations',
  'collections',
  'collection_metadata',
  'segments',
  'embeddings',
  'embedding_metadata',
  'embeddings_queue',
  'max_seq_id',
]

/** The columns of a table as the rows of the damaged file have them; null for one that has no place in the new table. */
export type ColumnsOf = (table: string) => readonly (string | null)[]

export function makeSchema(database: Database.Database, tables: SalvagedTables): ColumnsOf {
  const told = columnsTold(tables.schema)
  if (needed.every((name) => told.has(name)) && hasAllMigrations(tables)) makeAsTold(database, tables.schema)
  else makeNewest(database)
  return (table) => {
    const made = columnsIn(database, table)
    const columns = made.length === 0 ? [] : (told.get(table) ?? made)
    return columns.map((column) => (made.includes(column) ? column : null))
  }
}

/** The columns of each table whose text is as Chroma writes it: what is damaged may be read as something else. */
function columnsTold(schema: readonly SchemaEntry[]): Map<string, string[]> {
  const known = new Database(':memory:')
  const told = new Database(':memory:')
  try {
    known.pragma('foreign_keys = OFF')
    told.pragma('foreign_keys = OFF')
    makeNewest(known)
    const columns = new Map<string, string[]>()
    for (const { type, name, sql } of schema) {
      if (type !== 'table' || sql === null || !make(told, sql)) continue
      const own = columnsIn(told, name)
      const newest = [...columnsIn(known, name), 'topic']
      if (own.length > 0 && own.every((column) => newest.includes(column))) columns.set(name, own)
    }
    return columns
  } finally {
    known.close()
    told.close()
  }
}

function makeAsTold(database: Database.Database, schema: readonly SchemaEntry[]): void {
  const isVirtual = ({ sql }: SchemaEntry): boolean => /^CREATE VIRTUAL/i.test(sql ?? '')
  for (const { type, name, table, sql } of schema) {
    if (sql === null || name.startsWith('sqlite_')) continue
    // A virtual table makes the tables that it keeps its content in.
    const of = type === 'index' ? table : name
    if (schema.some((each) => isVirtual(each) && of.startsWith(`${each.name}_`))) continue
    make(database, sql)
  }
}

/** Whether it is one definition of a table or an index, and could be made. Nothing else in the file is ever run. */
function make(database: Database.Database, sql: string): boolean {
  if (!/^CREATE (TABLE|VIRTUAL TABLE|INDEX|UNIQUE INDEX)\b/i.test(sql)) return false
  try {
    database.prepare(sql).run()
    return true
  } catch {
    // Damaged text; preparing also refuses a second statement behind the first.
    return false
  }
}

function makeNewest(database: Database.Database): void {
  database.exec(migrationsTable)
  const insert = database.prepare('INSERT INTO migrations VALUES (?, ?, ?, ?, ?)')
  for (const { dir, version, filename, sql } of chromaMigrations) {
    database.exec(sql)
    insert.run(dir, version, filename, sql, createHash('md5').update(sql).digest('hex'))
  }
}

function hasAllMigrations(tables: SalvagedTables): boolean {
  const versions = new Map<string, Set<number>>()
  for (const { values } of tables.rows('migrations')) {
    const [dir, version] = values
    if (typeof dir !== 'string' || typeof version !== 'number') continue
    versions.set(dir, (versions.get(dir) ?? new Set()).add(version))
  }
  return (
    ['sysdb', 'metadb', 'embeddings_queue'].every((dir) => versions.has(dir)) &&
    [...versions.values()].every((known) => known.size === Math.max(...known))
  )
}

function columnsIn(database: Database.Database, table: string): string[] {
  const columns = new ChromaReader(database).each('SELECT name FROM pragma_table_info(?) ORDER BY cid', table)
  return [...columns].flatMap(([name]) => (typeof name === 'string' ? [name] : []))
}
