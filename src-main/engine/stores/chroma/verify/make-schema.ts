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
  const entries = tables.schema.filter(({ sql }) => sql !== null)
  const isWhole =
    needed.every((name) => entries.some((entry) => entry.name === name)) && hasAllMigrations(tables)
  if (isWhole) for (const entry of entries) if (isMade(entry, entries)) database.exec(entry.sql ?? '')
  if (!isWhole) makeNewest(database)
  return (table) => {
    const made = columnsIn(database, table)
    const sql = entries.find(({ type, name }) => type === 'table' && name === table)?.sql
    const told = sql === undefined || sql === null ? made : columnsOfText(sql, table)
    return made.length === 0 ? [] : told.map((column) => (made.includes(column) ? column : null))
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

/** A virtual table makes the tables that it keeps its content in. */
function isMade({ name, type, table }: SchemaEntry, entries: readonly SchemaEntry[]): boolean {
  if (name.startsWith('sqlite_')) return false
  const isVirtual = (each: SchemaEntry): boolean => /^CREATE VIRTUAL/i.test(each.sql ?? '')
  return !entries.some(
    (each) => isVirtual(each) && (type === 'index' ? table : name).startsWith(`${each.name}_`),
  )
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

function columnsOfText(sql: string, table: string): string[] {
  const database = new Database(':memory:')
  try {
    database.exec(sql)
    return columnsIn(database, table)
  } finally {
    database.close()
  }
}

function columnsIn(database: Database.Database, table: string): string[] {
  const columns = new ChromaReader(database).each('SELECT name FROM pragma_table_info(?) ORDER BY cid', table)
  return [...columns].flatMap(([name]) => (typeof name === 'string' ? [name] : []))
}
