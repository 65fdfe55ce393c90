/**
 * Which engine can open a Chroma folder, told from the migrations that its database went through. An engine that is older
 * than the folder aborts its whole process; one that is newer migrates the folder at once and for good, so that the
 * program that made it cannot open it any more.
 */
import Database from 'better-sqlite3'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { errorCodeOf, explainFileError, isDamage } from '#platform/file-errors.ts'

export const chromaFile = 'chroma.sqlite3'

/** The last migration of each part of the database, in the engines that are installed (1.3.1 and 1.3.4 have the same). */
export const engineMigrations: Readonly<Record<string, number>> = {
  sysdb: 10,
  metadb: 6,
  embeddings_queue: 2,
}

export type FolderVersion = 'new' | 'same' | 'older' | 'newer'

export interface FolderMigrations {
  readonly version: FolderVersion
  /** Of the folder; empty for a new one. */
  readonly migrations: Readonly<Record<string, number>>
}

const rowsSchema = z.array(z.object({ dir: z.string(), version: z.number() }))

/**
 * Reads only, but what a killed engine left half-done is undone, as by every program that opens the database. Throws
 * `damaged-file`, `locked` when another program is writing to it right now, and `unsupported-format` for a database that
 * Chroma did not make.
 */
export function readFolderVersion(folder: string): FolderMigrations {
  const path = join(folder, chromaFile)
  if (!existsSync(path)) return { version: 'new', migrations: {} }
  const rows = readMigrations(path)
  if (rows.length === 0) return { version: 'new', migrations: {} }
  const migrations = Object.fromEntries(rows.map(({ dir, version }) => [dir, version]))
  return { version: compare(migrations), migrations }
}

function compare(migrations: Readonly<Record<string, number>>): FolderVersion {
  const isNewer = Object.entries(migrations).some(([part, last]) => last > (engineMigrations[part] ?? 0))
  if (isNewer) return 'newer'
  const isOlder = Object.entries(engineMigrations).some(([part, last]) => (migrations[part] ?? 0) < last)
  return isOlder ? 'older' : 'same'
}

function readMigrations(path: string): z.infer<typeof rowsSchema> {
  try {
    return readOrUndo(path)
  } catch (error) {
    if (isDamage(error))
      throw new StackroomError('damaged-file', `${path} is damaged.`, {
        hint: 'Run `stackroom verify` on the folder to see what can be saved.',
        cause: error,
      })
    if (errorCodeOf(error).startsWith('SQLITE_BUSY'))
      throw new StackroomError('locked', `Another program is writing to ${path}.`, {
        hint: 'Wait until its work has ended, or close it.',
        cause: error,
      })
    if (error instanceof Error && /no such (table|column)/.test(error.message))
      throw new StackroomError('unsupported-format', `${path} is not a database of Chroma 0.4 or newer.`, {
        cause: error,
      })
    throw explainFileError(error, path)
  }
}

function readOrUndo(path: string): z.infer<typeof rowsSchema> {
  try {
    return readRows(path, { readonly: true })
  } catch (error) {
    if (errorCodeOf(error) !== 'SQLITE_READONLY_ROLLBACK') throw error
    return readRows(path, { readonly: false })
  }
}

function readRows(path: string, mode: { readonly readonly: boolean }): z.infer<typeof rowsSchema> {
  const database = new Database(path, { ...mode, fileMustExist: true, timeout: 2000 })
  try {
    return rowsSchema.parse(
      database.prepare('SELECT dir, max(version) AS version FROM migrations GROUP BY dir').all(),
    )
  } finally {
    database.close()
  }
}

/** For sentences: `sysdb 9, metadb 5`. */
export function migrationsText(migrations: Readonly<Record<string, number>>): string {
  return Object.entries(migrations)
    .map(([part, last]) => `${part} ${last}`)
    .join(', ')
}
