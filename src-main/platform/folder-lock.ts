/**
 * One writing process for each folder. The lock itself is the operating system's, held through SQLite on an empty
 * database: it goes when its holder dies, however it dies, and needs no clock and no process table. Beside it stands who
 * holds it, for the sentence that others get.
 */
import Database from 'better-sqlite3'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { errorCodeOf } from './file-errors.ts'

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
    const database = new Database(join(folder, 'lock.sqlite'), { timeout: 0 })
    try {
      database.pragma('journal_mode = MEMORY')
      database.exec('BEGIN EXCLUSIVE')
    } catch (error) {
      database.close()
      if (errorCodeOf(error).startsWith('SQLITE_BUSY')) throw locked(readHolder(this.#holderPath), error)
      throw error
    }
    this.#database = database
    const holder: LockHolder = {
      pid: process.pid,
      host: hostname(),
      program,
      since: new Date().toISOString(),
    }
    writeFileSync(this.#holderPath, JSON.stringify(holder))
  }

  [Symbol.dispose](): void {
    rmSync(this.#holderPath, { force: true })
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
    throw error
  } finally {
    database.close()
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
