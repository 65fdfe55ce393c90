/**
 * Saves what can be read of a Chroma folder whose SQLite part is damaged: into a new Chroma folder beside it, which Chroma opens
 * as any other. Rows come from the pages that are whole, vectors from the queue and from the HNSW files. The damaged folder
 * is not touched.
 */
import Database from 'better-sqlite3'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { FolderRepair } from '#contract'
import { syncFolder, unfinishedEnding } from '#platform/atomic-files.ts'
import { chromaFile } from '../folder-version.ts'
import { copyRows, type CopiedRows } from './copy-rows.ts'
import { makeSchema } from './make-schema.ts'
import { completeParents } from './complete-parents.ts'
import { saveVectors } from './save-vectors.ts'
import { SalvagedTables } from './salvaged-tables.ts'
import { SqlitePages } from './sqlite-pages.ts'

export interface SalvageOptions {
  readonly folder: string
  readonly signal: AbortSignal
}

export interface SavedFolder {
  readonly saved: string
  readonly actions: FolderRepair['actions']
}

/** Throws what the system throws; a folder that is half made is removed. */
export function salvageChromaFolder({ folder, signal }: SalvageOptions): SavedFolder {
  const saved = freePath(`${folder}-saved`)
  const unfinished = saved + unfinishedEnding
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished)
  try {
    const actions = salvage(folder, join(unfinished, chromaFile), signal)
    renameSync(unfinished, saved)
    syncFolder(dirname(saved))
    return {
      saved,
      actions: [...actions, told(1, `What could be saved is in ${saved}. The damaged folder is as it was.`)],
    }
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    throw error
  }
}

function salvage(folder: string, target: string, signal: AbortSignal): FolderRepair['actions'] {
  using pages = new SqlitePages(join(folder, chromaFile))
  const tables = new SalvagedTables(pages)
  const database = new Database(target)
  try {
    database.pragma('synchronous = OFF')
    database.pragma('foreign_keys = OFF')
    const columnsOf = makeSchema(database, tables)
    const copied = database.transaction(() => copyRows({ database, tables, columnsOf, signal }))()
    const parents = completeParents(database, folder)
    const vectors = saveVectors({ database, folder, signal })
    database.exec('VACUUM')
    database.pragma('synchronous = FULL')
    database.exec('CREATE TABLE flushed (id INTEGER); DROP TABLE flushed')
    return [
      ...recoveredTold(pages),
      ...rowsTold(copied, tables),
      ...parents.map((message) => told(1, message)),
      ...vectors.map(({ collection, records, vectors: count }) =>
        told(count, `Collection ${collection}: ${records} records, ${count} of them with their vectors.`),
      ),
    ]
  } finally {
    database.close()
  }
}

function recoveredTold({ recovered }: SqlitePages): FolderRepair['actions'] {
  if (!recovered) return []
  const pages = recovered.offsets.size
  return [
    recovered.kind === 'journal'
      ? told(pages, `A change that was broken off was undone: ${pages} pages are as they were before it.`)
      : told(
          pages,
          `${pages} pages come from the database’s log, as the last change that was ended left them.`,
        ),
  ]
}

function rowsTold(
  { records, fromIndex, documents, fromSearch, values }: CopiedRows,
  { damagedPages, damagedRows }: SalvagedTables,
): FolderRepair['actions'] {
  const lines = [
    told(
      records,
      `${records} records with ${documents} documents and ${values} values of metadata could be read.`,
    ),
  ]
  if (damagedPages > 0 || damagedRows > 0)
    lines.push(
      told(
        damagedPages,
        `${damagedPages} pages are empty, and ${damagedRows} rows on others cannot be read.`,
      ),
    )
  if (fromIndex > 0)
    lines.push(
      told(fromIndex, `${fromIndex} records of these are known from an index alone, with their ids.`),
    )
  if (fromSearch > 0)
    lines.push(
      told(fromSearch, `${fromSearch} documents of these come from the index of the full-text search.`),
    )
  return lines
}

function told(count: number, message: string): FolderRepair['actions'][number] {
  return { code: 'damaged-database', count, message }
}

function freePath(wanted: string): string {
  for (let number = 1; ; number++) {
    const path = number === 1 ? wanted : `${wanted}-${number}`
    if (!existsSync(path)) return path
  }
}
