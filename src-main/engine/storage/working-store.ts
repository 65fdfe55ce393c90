/**
 * The working store of one persist dir: SQLite with every entry of the JSON files verbatim, the packed vectors, and the
 * manifest of source files. A change is durable when its transaction is committed here; the JSON files follow.
 */
import Database from 'better-sqlite3'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { StoreEntry } from './llamaindex/entry-scanner.ts'

/** The JSON files that the working store knows entry by entry. Others are never touched. */
export const knownFiles = ['docstore.json', 'index_store.json', 'default__vector_store.json'] as const
export type KnownFile = (typeof knownFiles)[number]

export interface EntryRow {
  readonly position: number
  readonly key: string | null
  readonly text: string
}

const schemaVersion = 1
const schema = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE sections (position INTEGER PRIMARY KEY, file TEXT NOT NULL, section TEXT NOT NULL, UNIQUE (file, section));
  CREATE TABLE entries (
    position INTEGER PRIMARY KEY,
    section INTEGER NOT NULL REFERENCES sections,
    key TEXT,
    text TEXT NOT NULL
  );
  CREATE UNIQUE INDEX entries_key ON entries (section, key);
  CREATE INDEX entries_order ON entries (section, position);
  CREATE TABLE vectors (node_id TEXT PRIMARY KEY, vector BLOB NOT NULL);
  /* What the index struct's nodes_dict gains (1) and loses (0): one huge string, so it is rewritten by persist only. */
  CREATE TABLE struct_changes (sequence INTEGER PRIMARY KEY, node_id TEXT NOT NULL, added INTEGER NOT NULL);
  CREATE TABLE manifest (
    path TEXT PRIMARY KEY, bytes REAL NOT NULL, modified_ms REAL NOT NULL, content_hash TEXT NOT NULL, ref_doc_ids TEXT NOT NULL
  );
`

export class WorkingStore implements Disposable {
  readonly database: Database.Database
  readonly #sections = new Map<string, number>()
  readonly #statements = new Map<string, Database.Statement>()

  /** Throws SQLite's `SQLITE_BUSY` when another process has it: the file is locked for as long as it is open. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true })
    this.database = new Database(path, { timeout: 0 })
    try {
      // The operating system drops the lock when the holder dies, however it dies.
      this.database.pragma('locking_mode = EXCLUSIVE')
      this.database.pragma('journal_mode = WAL')
      this.database.pragma('synchronous = FULL')
      this.database.pragma('wal_autocheckpoint = 4000')
      if (this.database.pragma('user_version', { simple: true }) === 0) {
        this.database.transaction(() => {
          this.database.exec(schema)
          this.database.pragma(`user_version = ${schemaVersion}`)
        })()
      }
    } catch (error) {
      this.database.close()
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.database.close()
  }

  statement(sql: string): Database.Statement {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  meta(key: string): string | null {
    const value = this.statement('SELECT value FROM meta WHERE key = ?').pluck().get(key)
    return typeof value === 'string' ? value : null
  }

  setMeta(key: string, value: string): void {
    this.statement(
      'INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    ).run(key, value)
  }

  /** The section's number; made when it is new. */
  section(file: KnownFile, section: string): number {
    const name = `${file}/${section}`
    let position = this.#sections.get(name)
    if (position === undefined) {
      this.statement('INSERT INTO sections (file, section) VALUES (?, ?) ON CONFLICT DO NOTHING').run(
        file,
        section,
      )
      position = Number(
        this.statement('SELECT position FROM sections WHERE file = ? AND section = ?')
          .pluck()
          .get(file, section),
      )
      this.#sections.set(name, position)
    }
    return position
  }

  /** The sections of a file, in their order in it. */
  sections(file: KnownFile): { readonly position: number; readonly section: string }[] {
    return this.statement('SELECT position, section FROM sections WHERE file = ? ORDER BY position').all(
      file,
    ) as {
      position: number
      section: string
    }[]
  }

  /** Adds the entry, or replaces the text of the one with this key in its place. */
  put(file: KnownFile, { section, key, text }: StoreEntry): void {
    this.statement(
      'INSERT INTO entries (section, key, text) VALUES (?, ?, ?) ON CONFLICT (section, key) DO UPDATE SET text = excluded.text',
    ).run(this.section(file, section), key, text)
  }

  text(file: KnownFile, section: string, key: string): string | null {
    const text = this.statement('SELECT text FROM entries WHERE section = ? AND key = ?')
      .pluck()
      .get(this.section(file, section), key)
    return typeof text === 'string' ? text : null
  }

  remove(file: KnownFile, section: string, key: string): void {
    this.statement('DELETE FROM entries WHERE section = ? AND key = ?').run(this.section(file, section), key)
  }

  /** Entries of a section after a position, in order: paged, so that other work can go on between the pages. */
  page(section: number, after: number, count: number): EntryRow[] {
    return this.statement(
      'SELECT position, key, text FROM entries WHERE section = ? AND position > ? ORDER BY position LIMIT ?',
    ).all(section, after, count) as EntryRow[]
  }

  count(file: KnownFile, section: string): number {
    return Number(
      this.statement('SELECT count(*) FROM entries WHERE section = ? AND key IS NOT NULL')
        .pluck()
        .get(this.section(file, section)),
    )
  }

  clear(): void {
    this.database.exec(
      'DELETE FROM entries; DELETE FROM sections; DELETE FROM vectors; DELETE FROM struct_changes',
    )
    this.#sections.clear()
  }
}
