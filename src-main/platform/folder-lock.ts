/**
 * One writing process for each folder. The lock itself is the operating system's, held through SQLite on an empty
 * database: it goes when its holder dies, however it dies, and needs no clock and no process table. Beside it stands who
 * holds it, for the sentence that others get.
 */
import Database from 'better-sqlite3'
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { errorCodeOf, isDamage } from './file-errors.ts'

const holderSchema = z.object({
  pid: z.number(),
  host: z.string(),
  program: z.string(),
  /** ISO 8601. */
  since: z.string(),
})
export type LockHolder = z.infer<typeof holderSchema>

export class FolderLock implements Disposable {
  readonly #database: Database.Database
  readonly #holderPath: string

  /** Throws `locked` with the holder in the sentence; other errors as the system gives them. */
  constructor(folder: string, program: string) {
    this.#holderPath = join(folder, 'lock.json')
    const path = join(folder, 'lock.sqlite')
    try {
      this.#database = lock(path)
    } catch (error) {
      if (errorCodeOf(error).startsWith('SQLITE_BUSY')) throw locked(readHolder(this.#holderPath), error)
      if (!isDamage(error)) throw error
      // It has no content. Emptied and not replaced, as another process may be about to lock the very same file.
      truncateSync(path)
      this.#database = lock(path)
    }
    const holder: LockHolder = {
      pid: process.pid,
      host: hostname(),
      program,
      since: new Date().toISOString(),
    }
    try {
      rmSync(this.#holderPath, { recursive: true, force: true })
      writeFileSync(this.#holderPath, JSON.stringify(holder))
    } catch {
      // The disk may be full: the lock is held all the same, others just do not learn by whom.
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#holderPath, { recursive: true, force: true })
    this.#database.close()
  }
}

/** Whether a process works on the folder now. Writes nothing. */
export function isLocked(folder: string): boolean {
  const path = join(folder, 'lock.sqlite')
  if (!existsSync(path)) return false
  const database = new Database(path, { readonly: true, fileMustExist: true, timeout: 0 })
  try {
    database.prepare('SELECT count(*) FROM sqlite_master').get()
    return false
  } catch (error) {
    if (errorCodeOf(error).startsWith('SQLITE_BUSY')) return true
    if (isDamage(error)) return false
    throw error
  } finally {
    database.close()
  }
}

function lock(path: string): Database.Database {
  const database = new Database(path, { timeout: 0 })
  try {
    database.pragma('journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function readHolder(path: string): LockHolder | null {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    // The holder is about to write it, or about to go.
    return null
  }
}

function locked(holder: LockHolder | null, cause: unknown): StackroomError {
  const who = holder
    ? `${holder.program} (process ${holder.pid} on ${holder.host}, since ${holder.since})`
    : 'Another Stackroom'
  return new StackroomError('locked', `${who} is working on this folder.`, {
    hint: 'Close it there, or wait until its work has ended. It can be searched here, but not changed.',
    cause,
  })
}
