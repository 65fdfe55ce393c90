/**
 * What the files of a folder say, gathered so that one part can be compared with another. It is kept in a private database
 * of SQLite that lies on the disk and goes when it is closed: memory does not grow with the folder.
 */
import Database from 'better-sqlite3'
import type { SectionRole } from '../llamaindex/store-files.ts'

const schema = `
  /* Sections as they stand in the files. */
  CREATE TABLE sections (id INTEGER PRIMARY KEY, file TEXT, name TEXT, role TEXT);
  /* Every entry, in the order of the files. */
  CREATE TABLE entries (section INTEGER, key TEXT, offset INTEGER);
  /* With a key twice, the last one counts, as json.load has it. */
  CREATE TABLE nodes (
    key TEXT PRIMARY KEY, section INTEGER, is_document INTEGER, has_children INTEGER, source TEXT, content TEXT, hash TEXT,
    other_hash TEXT, may_differ INTEGER
  ) WITHOUT ROWID;
  CREATE TABLE relations (node TEXT, kind INTEGER, target TEXT);
  CREATE TABLE hashes (key TEXT PRIMARY KEY, section INTEGER, doc_hash TEXT, ref_doc_id TEXT) WITHOUT ROWID;
  CREATE TABLE documents (key TEXT PRIMARY KEY, section INTEGER) WITHOUT ROWID;
  CREATE TABLE listed (document TEXT, node TEXT, position INTEGER);
  CREATE TABLE structs (key TEXT PRIMARY KEY, section INTEGER, type TEXT) WITHOUT ROWID;
  CREATE TABLE named (struct TEXT, vector TEXT, node TEXT);
  CREATE TABLE vectors (section INTEGER, key TEXT, dimensions INTEGER, state TEXT, PRIMARY KEY (section, key)) WITHOUT ROWID;
  CREATE TABLE ref_doc_ids (section INTEGER, key TEXT, ref_doc_id TEXT, PRIMARY KEY (section, key)) WITHOUT ROWID;
  CREATE TABLE vector_metadata (section INTEGER, key TEXT, PRIMARY KEY (section, key)) WITHOUT ROWID;
  /* Nodes of graphs may have vectors, too. */
  CREATE TABLE graph_nodes (key TEXT PRIMARY KEY) WITHOUT ROWID;
`

const indexes = `
  CREATE INDEX entries_key ON entries (section, key);
  CREATE INDEX nodes_source ON nodes (source);
  CREATE INDEX nodes_content ON nodes (content);
  CREATE INDEX relations_node ON relations (node, kind, target);
  CREATE INDEX relations_target ON relations (target);
  CREATE INDEX listed_pair ON listed (document, node);
  CREATE INDEX named_vector ON named (vector);
  CREATE INDEX named_node ON named (node);
  CREATE INDEX vectors_key ON vectors (key);
`

export interface FactSection {
  readonly id: number
  readonly file: string
  readonly name: string
  readonly role: SectionRole
}

export class Facts implements Disposable {
  readonly #database: Database.Database
  readonly #statements = new Map<string, Database.Statement>()
  readonly sections: FactSection[] = []
  /** Store files that were read to their end. */
  readonly complete = new Set<string>()
  /** Store files that no program can read as they are: cut off, or with entries that are no JSON. */
  readonly broken = new Set<string>()

  constructor() {
    this.#database = new Database('')
    this.#database.pragma('journal_mode = OFF')
    this.#database.pragma('synchronous = OFF')
    this.#database.pragma('temp_store = FILE')
    this.#database.pragma('cache_size = -65536')
    this.#database.exec(schema)
    this.#database.exec('BEGIN')
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }

  /** Everything is gathered: questions are quick from now on. */
  finish(): void {
    this.#database.exec('COMMIT')
    this.#database.exec(indexes)
    this.#database.exec('ANALYZE')
  }

  run(sql: string, ...parameters: unknown[]): void {
    this.#prepare(sql).run(...parameters)
  }

  /** Rows one after the other; no other question may be asked before the last one was taken. */
  *rows(sql: string, ...parameters: unknown[]): Generator<Record<string, unknown>, void, undefined> {
    yield* this.#prepare(sql).iterate(...parameters) as IterableIterator<Record<string, unknown>>
  }

  number(sql: string, ...parameters: unknown[]): number {
    return Number(
      this.#prepare(sql)
        .pluck()
        .get(...parameters) ?? 0,
    )
  }

  has(table: 'nodes' | 'documents' | 'structs', key: string): boolean {
    return this.number(`SELECT 1 FROM ${table} WHERE key = ?`, key) === 1
  }

  /** Where a key begins in its file: the last time, as that is the entry that counts. */
  offsetOf(section: number, key: string): number | undefined {
    const offset = this.#prepare('SELECT max(offset) FROM entries WHERE section = ? AND key = ?')
      .pluck()
      .get(section, key)
    return typeof offset === 'number' ? offset : undefined
  }

  addSection(file: string, name: string, role: SectionRole): FactSection {
    const section = { id: this.sections.length + 1, file, name, role }
    this.sections.push(section)
    this.run('INSERT INTO sections VALUES (?, ?, ?, ?)', section.id, file, name, role)
    return section
  }

  section(id: number): FactSection | undefined {
    return this.sections[id - 1]
  }

  /** The sections of this role; a file that could not be read to its end may have had more. */
  ofRole(role: SectionRole): FactSection[] {
    return this.sections.filter((section) => section.role === role)
  }

  #prepare(sql: string): Database.Statement {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
