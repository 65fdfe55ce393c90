/**
 * A working store that is damaged, or not one of ours: `.stackroom` may have been copied from anywhere. Nobody works with
 * it: the next opening sets it aside and reads the JSON files again.
 */
import type Database from 'better-sqlite3'
import { existsSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { explainFileError, isDamage } from '#platform/file-errors.ts'
import { sectionRoleOf, storeFileOf } from './llamaindex/store-files.ts'
import { damageMark, workingFile } from './replace-working-store.ts'

const fileSchema = z.string().refine((name) => basename(name) === name && storeFileOf(name) !== null)
const vectorStoreSchema = z.object({
  file: fileSchema,
  // A name that leads out of the folder would be opened there.
  packed: z.string().regex(/^[\w-]+$/),
  dimensions: z.number().int().positive().nullable(),
  rows: z.number().int().nonnegative(),
})

const sectionSchema = z
  .object({ file: fileSchema, name: z.string(), role: z.string() })
  // A second docstore in one file has no role.
  .refine(
    ({ file, name, role }) =>
      role === 'other' || sectionRoleOf(storeFileOf(file)?.role ?? 'docstore', name) === role,
  )

/** Throws `damaged-file` when the tables have other columns than expected, or name packed files that cannot be ours. */
export function requireSound(database: Database.Database, expected: string): void {
  if (columnsOf(database) !== expected) throw damagedStore(database.name)
  const files = database.prepare('SELECT name FROM files').pluck().all()
  if (!z.array(fileSchema).safeParse(files).success) throw damagedStore(database.name)
  const sections = database.prepare('SELECT file, name, role FROM sections').all()
  if (!z.array(sectionSchema).safeParse(sections).success) throw damagedStore(database.name)
  const stores = database.prepare('SELECT * FROM vector_stores').all()
  if (!z.array(vectorStoreSchema).safeParse(stores).success) throw damagedStore(database.name)
}

/** Of all tables, to be compared. */
export function columnsOf(database: Database.Database): string {
  return database
    .prepare(
      `SELECT tables.name || '.' || columns.name || ' ' || columns.type || ' ' || columns.pk
       FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' ORDER BY 1`,
    )
    .pluck()
    .all()
    .join('\n')
}

function damagedStore(path: string, cause?: unknown): StackroomError {
  return new StackroomError('damaged-file', `Stackroom’s own working store ${path} is damaged.`, {
    hint: 'Close the folder and open it again: the working store is then made anew from the JSON files.',
    cause,
  })
}

/** SQLite's damage, or text in the working store that is not what was put there: the JSON files were checked before they came in. */
export function isUnreadable(error: unknown): boolean {
  return isDamage(error) || error instanceof SyntaxError || error instanceof z.ZodError
}

/** What went wrong with an open folder, as a sentence. Damage is noted for the next opening. */
export function explainStoreError(error: unknown, persistDir: string, workingFolder: string): unknown {
  if (!isUnreadable(error)) return explainFileError(error, persistDir)
  try {
    writeFileSync(join(workingFolder, damageMark), '')
  } catch {
    // The folder may be gone, or not ours to write to: then the next one finds out again.
  }
  return damagedStore(join(workingFolder, workingFile), error)
}

export function isNotedAsDamaged(workingFolder: string): boolean {
  return existsSync(join(workingFolder, damageMark))
}
