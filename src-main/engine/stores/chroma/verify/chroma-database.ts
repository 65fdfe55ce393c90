/**
 * A Chroma folder's SQLite part, read and never written. SQLite makes files of its own beside a database that has a log, even
 * when it only reads: such a one is read as a copy in another folder.
 */
import Database from 'better-sqlite3'
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { chromaFile } from '../folder-version.ts'

const besides = ['-wal', '-journal'] as const

/** What is asked of it, on any connection. */
export class ChromaReader {
  protected readonly database: Database.Database

  constructor(database: Database.Database) {
    this.database = database
  }

  rows(sql: string, ...bound: unknown[]): unknown[] {
    return this.database.prepare(sql).all(...bound)
  }

  /** Columns as an array, row after row. */
  *each(sql: string, ...bound: unknown[]): Generator<readonly unknown[]> {
    for (const row of this.database
      .prepare(sql)
      .raw()
      .iterate(...bound))
      if (Array.isArray(row)) yield row
  }

  number(sql: string, ...bound: unknown[]): number {
    const value = this.database
      .prepare(sql)
      .pluck()
      .get(...bound)
    return typeof value === 'number' ? value : 0
  }

  hasTable(name: string): boolean {
    return this.number("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", name) > 0
  }

  hasColumn(table: string, column: string): boolean {
    return this.number('SELECT count(*) FROM pragma_table_info(?) WHERE name = ?', table, column) > 0
  }
}

export class ChromaDatabase extends ChromaReader implements Disposable {
  readonly #copy: string | null

  private constructor(database: Database.Database, copy: string | null) {
    super(database)
    this.#copy = copy
  }

  /** Throws what SQLite throws. `copyTo` is a folder outside; it must be there. */
  static open(folder: string, copyTo: string): ChromaDatabase {
    const path = join(folder, chromaFile)
    const copy = needsCopy(path) ? copied(path, copyTo) : null
    try {
      const options = { readonly: copy === null, fileMustExist: true, timeout: 2000 }
      return new ChromaDatabase(new Database(copy === null ? path : join(copy, chromaFile), options), copy)
    } catch (error) {
      removeCopy(copy)
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.database.close()
    removeCopy(this.#copy)
  }
}

function removeCopy(copy: string | null): void {
  if (copy !== null) rmSync(copy, { recursive: true, force: true })
}

/** Bytes 18 and 19 are 2 in a database with a write-ahead log. */
function needsCopy(path: string): boolean {
  if (besides.some((ending) => existsSync(path + ending))) return true
  const header = Buffer.alloc(20)
  const file = openSync(path, 'r')
  try {
    readSync(file, header, 0, 20, 0)
  } finally {
    closeSync(file)
  }
  return header[18] === 2 || header[19] === 2
}

function copied(path: string, copyTo: string): string {
  const folder = mkdtempSync(join(copyTo, 'chroma-'))
  for (const ending of ['', ...besides])
    if (existsSync(path + ending))
      copyFileSync(path + ending, join(folder, chromaFile + ending), constants.COPYFILE_FICLONE)
  return folder
}
