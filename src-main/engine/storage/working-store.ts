/**
 * The working store of one persist dir: SQLite with every entry of the JSON files verbatim, where each vector is in the
 * packed file, and the manifest of source files. A change is durable when its transaction is committed here; the JSON
 * files follow.
 *
 * What a change touches is noted entry by entry, so that the JSON files can be brought up to date by copying everything
 * else. A file that was never written has no notes: it is written as a whole.
 */
import { randomUUID } from 'node:crypto'
import Database from 'better-sqlite3'
import { StackroomError } from '#contract'
import { errorCodeOf } from '#platform/file-errors.ts'
import { columnsOf, requireSound } from './damaged-store.ts'
import { countsTable, countWithTriggers } from './entry-counts.ts'
import { storeFileOf, sectionRoleOf, type SectionRole } from './llamaindex/store-files.ts'
import { nodeChangesTable, noteNodeChanges } from './node-changes.ts'
import { sourceTables, upgradeSourceTables } from './source-tables.ts'
import { storeChangesTable } from './store-changes.ts'

export const workingStoreVersion = 6

const schema = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  /* The JSON files as they were read or written last. No stamp: not written yet. */
  CREATE TABLE files (name TEXT PRIMARY KEY, stamp TEXT, bytes INTEGER, checksum INTEGER) WITHOUT ROWID;
  CREATE TABLE sections (
    id INTEGER PRIMARY KEY, file TEXT NOT NULL REFERENCES files, name TEXT NOT NULL, role TEXT NOT NULL,
    UNIQUE (file, name)
  );
  /* In each section's order. The value is JSON text, byte for byte. */
  CREATE TABLE entries (id INTEGER PRIMARY KEY, section INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL);
  /* Entries that differ from the JSON files. With a sequence: to be appended, in that order; else changed in place or gone. */
  CREATE TABLE changed (section INTEGER, key TEXT, sequence INTEGER, PRIMARY KEY (section, key)) WITHOUT ROWID;
  CREATE TABLE index_structs (key TEXT PRIMARY KEY, type TEXT NOT NULL) WITHOUT ROWID;
  /* What nodes_dict of an index struct gains (1) and loses (0): one huge string, so that only a persist rewrites it. */
  CREATE TABLE struct_changes (
    sequence INTEGER PRIMARY KEY, struct TEXT NOT NULL, node_id TEXT NOT NULL, added INTEGER NOT NULL
  );
  CREATE TABLE vector_stores (
    id INTEGER PRIMARY KEY, file TEXT NOT NULL UNIQUE, packed TEXT NOT NULL, dimensions INTEGER, rows INTEGER NOT NULL
  );
  CREATE TABLE vectors (store INTEGER, row INTEGER, node_id TEXT NOT NULL, PRIMARY KEY (store, row)) WITHOUT ROWID;
  /* Rows of the packed file that are not searched: deleted, replaced, zero, not a number, or without a node. */
  CREATE TABLE masked (id INTEGER PRIMARY KEY, store INTEGER NOT NULL, row INTEGER NOT NULL);
  ${sourceTables}
  ${storeChangesTable}
  /* Vectors of another model, gathered to take the place of all of a vector store's: see replace-vectors.ts. */
  CREATE TABLE replacement (row INTEGER PRIMARY KEY, node_id TEXT NOT NULL UNIQUE, text_hash TEXT NOT NULL);
  ${nodeChangesTable}
  ${countsTable}
`

const indexes = `
  CREATE UNIQUE INDEX IF NOT EXISTS entries_key ON entries (section, key);
  CREATE UNIQUE INDEX IF NOT EXISTS vectors_node ON vectors (store, node_id);
`

/** As `json.load`: the last value of a key counts, at the place of the first. */
const removeDuplicates = `
  CREATE TEMP TABLE doubles AS
    SELECT min(id) AS first, max(id) AS last, section, key FROM entries GROUP BY section, key HAVING count(*) > 1;
  UPDATE entries SET value = (SELECT value FROM entries AS other WHERE other.id = (SELECT last FROM doubles WHERE first = entries.id))
    WHERE id IN (SELECT first FROM doubles);
  DELETE FROM entries WHERE id IN (
    SELECT entries.id FROM entries JOIN doubles USING (section, key) WHERE entries.id <> doubles.first
  );
  DROP TABLE doubles;
  CREATE TEMP TABLE vector_doubles AS
    SELECT store, max(row) AS last, node_id FROM vectors GROUP BY store, node_id HAVING count(*) > 1;
  INSERT INTO masked (store, row)
    SELECT store, row FROM vectors JOIN vector_doubles USING (store, node_id) WHERE row <> last;
  DELETE FROM vectors WHERE EXISTS (
    SELECT 1 FROM vector_doubles AS d WHERE d.store = vectors.store AND d.node_id = vectors.node_id AND d.last <> vectors.row
  );
  DROP TABLE vector_doubles;
`

export interface SectionRow {
  readonly id: number
  readonly file: string
  readonly name: string
  readonly role: SectionRole
}

export interface VectorStoreRow {
  readonly id: number
  readonly file: string
  /** Name of the packed file, without its ending. */
  readonly packed: string
  readonly dimensions: number | null
  /** Rows of the packed file that count; what stands behind them was never committed. */
  readonly rows: number
}

export type WorkingStoreMode = 'create' | 'write' | 'read'

function expectedColumns(): string {
  const database = new Database(':memory:')
  try {
    database.exec(schema)
    return columnsOf(database)
  } finally {
    database.close()
  }
}

export class WorkingStore implements Disposable {
  readonly database: Database.Database
  readonly #statements = new Map<string, Database.Statement>()
  #sections: SectionRow[] | undefined
  /** The last one given out. */
  #sequence: number | undefined

  /** Throws SQLite's errors, and `unsupported-format` for a working store of another version. */
  constructor(path: string, mode: WorkingStoreMode) {
    this.database = new Database(path, {
      readonly: mode === 'read',
      fileMustExist: mode !== 'create',
      timeout: 5000,
    })
    try {
      if (mode === 'create') {
        // Nobody sees this file before it is complete and flushed.
        this.database.pragma('journal_mode = OFF')
        this.database.pragma('synchronous = OFF')
        // Rows are appended: more pages in memory would not make it faster.
        this.database.pragma('cache_size = -4000')
        this.database.exec(schema)
        this.database.pragma(`user_version = ${workingStoreVersion}`)
      } else {
        if (mode === 'write') this.#upgrade()
        const version = this.database.pragma('user_version', { simple: true })
        if (version !== workingStoreVersion)
          throw new StackroomError(
            'unsupported-format',
            'The working store of this folder is of another version of Stackroom.',
          )
        requireSound(this.database, expectedColumns())
      }
      if (mode === 'write') {
        this.database.pragma('journal_mode = WAL')
        this.database.pragma('synchronous = FULL')
        this.database.pragma('wal_autocheckpoint = 4000')
      }
    } catch (error) {
      this.database.close()
      throw error
    }
  }

  /**
   * What versions 4 and 5 had is kept: 4 lacked what is known of source files by now, both the notes
   * for other stores, and of changed nodes.
   */
  #upgrade(): void {
    const version = this.database.pragma('user_version', { simple: true })
    if (version !== 4 && version !== 5) return
    this.database.transaction(() => {
      if (version === 4) upgradeSourceTables(this.database)
      this.database.exec(storeChangesTable)
      this.database.exec(nodeChangesTable)
      noteNodeChanges(this.database)
      this.database.pragma(`user_version = ${workingStoreVersion}`)
    })()
  }

  /** After the rows of an import are in: building an index at once is several times faster than row by row. */
  finishImport(): void {
    try {
      this.database.exec(indexes)
    } catch (error) {
      if (errorCodeOf(error) !== 'SQLITE_CONSTRAINT_UNIQUE') throw error
      this.database.exec(removeDuplicates)
      this.database.exec(indexes)
    }
    for (const section of this.sections()) {
      if (section.role === 'ref-doc-ids') this.#indexRefDocIds(section)
    }
    countWithTriggers(this.database)
    noteNodeChanges(this.database)
  }

  /** Which nodes belong to a document, as far as the vector store says. */
  #indexRefDocIds({ id }: SectionRow): void {
    this.database.exec(
      `CREATE INDEX IF NOT EXISTS ref_doc_ids_${id} ON entries (value) WHERE section = ${id}`,
    )
  }

  /** Keys of a section of the role `ref-doc-ids` whose value is one of these JSON texts. */
  keysWithValue({ id }: SectionRow, value: string): string[] {
    const sql = `SELECT key FROM entries INDEXED BY ref_doc_ids_${id} WHERE section = ${id} AND value = ?`
    const keys = this.statement(sql).pluck().all(Buffer.from(value))
    // SQLite holds any type in any column.
    if (!keys.every((key) => typeof key === 'string')) throw new SyntaxError('A key is no text.')
    return keys
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

  value(sql: string, ...parameters: unknown[]): unknown {
    return this.statement(sql)
      .pluck()
      .get(...parameters)
  }

  number(sql: string, ...parameters: unknown[]): number {
    return Number(this.value(sql, ...parameters) ?? 0)
  }

  meta(key: string): string | null {
    const value = this.value('SELECT value FROM meta WHERE key = ?', key)
    return typeof value === 'string' ? value : null
  }

  setMeta(key: string, value: string | null): void {
    if (value === null) this.statement('DELETE FROM meta WHERE key = ?').run(key)
    else this.statement('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(key, value)
  }

  /** Whether the JSON files have everything. */
  get isPersisted(): boolean {
    return this.unpersisted === null
  }

  /** Names what the JSON files lack: another name after each change, null when they lack nothing. */
  get unpersisted(): string | null {
    return this.meta('unpersisted')
  }

  noteUnpersisted(): void {
    this.setMeta('unpersisted', randomUUID())
  }

  sections(): readonly SectionRow[] {
    this.#sections ??= this.statement(
      'SELECT id, file, name, role FROM sections ORDER BY id',
    ).all() as SectionRow[]
    return this.#sections
  }

  section(file: string, role: SectionRole): SectionRow | undefined {
    return this.sections().find((section) => section.file === file && section.role === role)
  }

  addFile(name: string): void {
    this.statement('INSERT OR IGNORE INTO files (name) VALUES (?)').run(name)
  }

  addSection(file: string, name: string): SectionRow {
    const existing = this.statement(
      'SELECT id, file, name, role FROM sections WHERE file = ? AND name = ?',
    ).get(file, name) as SectionRow | undefined
    if (existing) return existing
    const role = sectionRoleOf(storeFileOf(file)?.role ?? 'docstore', name)
    this.statement('INSERT INTO sections (file, name, role) VALUES (?, ?, ?)').run(file, name, role)
    this.#sections = undefined
    const section = this.addSection(file, name)
    if (role === 'ref-doc-ids') this.#indexRefDocIds(section)
    return section
  }

  /** Forgets what was read of the sections: a transaction that made one was rolled back. */
  forgetSections(): void {
    this.#sections = undefined
  }

  get(section: number, key: string): string | null {
    const value = this.value('SELECT value FROM entries WHERE section = ? AND key = ?', section, key)
    return value instanceof Buffer ? value.toString('utf8') : null
  }

  bytes(section: number, key: string): Buffer | null {
    const value = this.value('SELECT value FROM entries WHERE section = ? AND key = ?', section, key)
    return value instanceof Buffer ? value : null
  }

  has(section: number, key: string): boolean {
    return this.value('SELECT 1 FROM entries WHERE section = ? AND key = ?', section, key) !== undefined
  }

  /** Brings SQLite's log into the database as far as nobody reads from it. */
  checkpoint(): void {
    this.database.pragma('wal_checkpoint(PASSIVE)')
  }

  /** How many entries a section has. Nothing is counted for it, see entry-counts.ts. */
  count(section: number | undefined): number {
    return section === undefined ? 0 : this.#counted('entries', section)
  }

  countVectors(store: number): number {
    return this.#counted('vectors', store)
  }

  /** Rows of the packed file that are not searched. */
  countMasked(store: number): number {
    return this.#counted('masked', store)
  }

  #counted(what: 'entries' | 'vectors' | 'masked', id: number): number {
    return this.number('SELECT count FROM counts WHERE what = ? AND id = ?', what, id)
  }

  /** As `dict[key] = value`: a new key goes to the end, an old one keeps its place. */
  put(section: SectionRow, key: string, value: string | Buffer): void {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    const { changes } = this.statement('UPDATE entries SET value = ? WHERE section = ? AND key = ?').run(
      bytes,
      section.id,
      key,
    )
    if (changes === 0)
      this.statement('INSERT INTO entries (section, key, value) VALUES (?, ?, ?)').run(section.id, key, bytes)
    this.noteChange(section, key, changes === 0)
  }

  /** As `dict.pop(key, None)`. */
  remove(section: SectionRow, key: string): boolean {
    const { changes } = this.statement('DELETE FROM entries WHERE section = ? AND key = ?').run(
      section.id,
      key,
    )
    if (changes > 0) this.noteChange(section, key, false)
    return changes > 0
  }

  /** Notes that the JSON file lacks this. `isNew`: the key was not there a moment ago. */
  noteChange(section: SectionRow, key: string, isNew: boolean): void {
    if (!this.isWritten(section.file)) return
    if (isNew)
      this.statement('INSERT OR REPLACE INTO changed VALUES (?, ?, ?)').run(
        section.id,
        key,
        this.#nextSequence(),
      )
    else this.statement('INSERT OR IGNORE INTO changed VALUES (?, ?, NULL)').run(section.id, key)
  }

  #nextSequence(): number {
    this.#sequence ??= this.number('SELECT max(sequence) FROM changed')
    return ++this.#sequence
  }

  isWritten(file: string): boolean {
    return typeof this.value('SELECT stamp FROM files WHERE name = ?', file) === 'string'
  }

  vectorStore(file: string): VectorStoreRow | undefined {
    return this.statement('SELECT * FROM vector_stores WHERE file = ?').get(file) as
      VectorStoreRow | undefined
  }

  vectorStores(): VectorStoreRow[] {
    return this.statement('SELECT * FROM vector_stores ORDER BY id').all() as VectorStoreRow[]
  }

  rowOf(store: number, nodeId: string): number | null {
    const row = this.value('SELECT row FROM vectors WHERE store = ? AND node_id = ?', store, nodeId)
    return typeof row === 'number' ? row : null
  }
}
