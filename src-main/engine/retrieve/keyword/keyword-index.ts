/**
 * The keyword index of one folder: SQLite's FTS5 with bm25 over the words of the nodes, in a file of its own. It follows
 * another store and can be made anew from it at any time, so that a damaged one is thrown away.
 */
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { jsonValueSchema, type Metadata, type SearchKey } from '#contract'
import { hasFilter, matchesFilters, type MetadataFilters } from '#engine/stores/metadata-filters.ts'
import { isDamage } from '#platform/file-errors.ts'
import { matchExpression, type TermStatistics } from './match-expression.ts'
import { searchKeysOf } from './search-keys.ts'
import { formsOf, type QueryTerm } from './query-terms.ts'
import { wordsOf } from './words.ts'

/** Counted up when words are cut in another way: the index is then made anew. */
const version = '1'

const schema = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  /* Many nodes of a document have the same. */
  CREATE TABLE metadata (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, json TEXT NOT NULL);
  CREATE TABLE nodes (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, metadata INTEGER NOT NULL REFERENCES metadata);
  /* words: as they stand in the text; stems: the other forms of them; source: the path of the file. The words are cut here. */
  CREATE VIRTUAL TABLE search USING fts5(
    words, stems, source, content = '', contentless_delete = 1, tokenize = 'ascii'
  );
  INSERT INTO search (search, rank) VALUES ('hashsize', 16777216);
`

export interface IndexedNode {
  /** Whatever names it in the store that is followed. */
  readonly key: string
  readonly text: string
  readonly metadata: Metadata
  /** Path of its file. */
  readonly source: string | null
}

export interface KeywordHit {
  readonly key: string
  /** bm25: higher is better. */
  readonly score: number
}

const metadataSchema = z.record(z.string(), jsonValueSchema)

export class KeywordIndex implements Disposable {
  readonly #path: string
  #database: Database.Database
  readonly #statements = new Map<string, Database.Statement>()
  /** Which nodes a filter lets pass, by their ids; of the last filter. */
  #chosen: { readonly key: string; readonly passes: Uint8Array } | null = null
  /** Counts what changes an answer. */
  #changes = 0
  /** Of words, as long as nothing changes: the same ones come with every keystroke. */
  #rowsWith: { readonly state: string; readonly counts: Map<string, number> } = {
    state: '',
    counts: new Map(),
  }

  constructor(path: string) {
    this.#path = path
    this.#database = openOrMake(path)
    this.#prepare()
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }

  /** What its owner notes beside it. */
  meta(key: string): string | null {
    const value = this.#statement('SELECT value FROM meta WHERE key = ?').pluck().get(key)
    return typeof value === 'string' ? value : null
  }

  setMeta(key: string, value: string): void {
    this.#statement('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(key, value)
  }

  /** Empties it. */
  clear(): void {
    this.#database.close()
    this.#statements.clear()
    removeDatabase(this.#path)
    this.#database = openOrMake(this.#path)
    this.#prepare()
  }

  /** What is done within is done altogether or not at all. */
  transaction(work: () => void): void {
    this.#database.transaction(work).immediate()
  }

  get nodes(): number {
    return Number(this.#statement('SELECT count(*) FROM nodes').pluck().get())
  }

  put({ key, text, metadata, source }: IndexedNode): void {
    this.remove(key)
    const { lastInsertRowid } = this.#statement('INSERT INTO nodes (key, metadata) VALUES (?, ?)').run(
      key,
      this.#metadataId(JSON.stringify(metadata)),
    )
    const { words, stems } = cut(text)
    const path = cut(source ?? '')
    this.#statement('INSERT INTO search (rowid, words, stems, source) VALUES (?, ?, ?, ?)').run(
      lastInsertRowid,
      words,
      [stems, path.stems].filter((part) => part !== '').join(' '),
      path.words,
    )
    this.#changes++
  }

  remove(key: string): void {
    const id = this.#statement('SELECT id FROM nodes WHERE key = ?').pluck().get(key)
    if (id === undefined) return
    this.#statement('DELETE FROM search WHERE rowid = ?').run(id)
    this.#statement('DELETE FROM nodes WHERE id = ?').run(id)
    this.#changes++
  }

  /** Of nodes whose metadata name one of these documents. */
  keysOfDocuments(refDocIds: readonly string[]): string[] {
    if (refDocIds.length === 0) return []
    return this.#statement(
      `SELECT key FROM nodes WHERE metadata IN (
         SELECT id FROM metadata WHERE json_extract(json, '$.ref_doc_id') IN (SELECT value FROM json_each(?))
       )`,
    )
      .pluck()
      .all(JSON.stringify(refDocIds)) as string[]
  }

  #metadataId(json: string): number | bigint {
    const hash = createHash('sha256').update(json).digest().subarray(0, 16)
    const known = this.#statement('SELECT id FROM metadata WHERE hash = ?').pluck().get(hash)
    if (typeof known === 'number') return known
    return this.#statement('INSERT INTO metadata (hash, json) VALUES (?, ?)').run(hash, json).lastInsertRowid
  }

  /** Best first. */
  search(terms: readonly QueryTerm[], topK: number, filters: MetadataFilters | null): KeywordHit[] {
    const match = matchExpression(terms, this.#statistics())
    if (!match) return []
    const isFiltered = filters !== null && hasFilter(filters)
    if (isFiltered) this.#choose(filters)
    const where = isFiltered ? 'AND chosen(search.rowid)' : ''
    // FTS5 sorts by itself only where nothing else is asked.
    const order = !match.ranked ? '' : isFiltered ? 'ORDER BY score' : 'ORDER BY rank'
    const found = this.#statement(
      `SELECT key, score FROM (
         SELECT rowid AS id, bm25(search) AS score FROM search WHERE search MATCH ? ${where} ${order} LIMIT ?
       ) JOIN nodes USING (id) ORDER BY score`,
    ).all(match.expression, topK) as { key: string; score: number }[]
    return found.map(({ key, score }) => ({ key, score: -score }))
  }

  keys(): SearchKey[] {
    const rows = this.#statement(
      'SELECT json, count(*) AS nodes FROM nodes JOIN metadata ON metadata.id = nodes.metadata GROUP BY metadata.id',
    ).iterate() as IterableIterator<{ json: string; nodes: number }>
    return searchKeysOf(
      (function* () {
        for (const { json, nodes } of rows) yield { metadata: metadataSchema.parse(JSON.parse(json)), nodes }
      })(),
    )
  }

  #statistics(): TermStatistics {
    const state = this.#stateOfNow()
    if (this.#rowsWith.state !== state) this.#rowsWith = { state, counts: new Map() }
    const { counts } = this.#rowsWith
    const count = this.#statement('SELECT doc FROM temp.terms WHERE term = ?').pluck()
    const matching = this.#statement(
      'SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)',
    ).pluck()
    return {
      rows: this.nodes,
      rowsWith: (word) => {
        const rows = counts.get(word) ?? Number(count.get(word) ?? 0)
        counts.set(word, rows)
        return rows
      },
      rowsMatching: (expression, most) => Number(matching.get(expression, most)),
    }
  }

  /** Another one after each change, also of another process. */
  #stateOfNow(): string {
    return `${String(this.#database.pragma('data_version', { simple: true }))} ${this.#changes}`
  }

  #choose(filters: MetadataFilters): void {
    const key = JSON.stringify([filters, this.#stateOfNow()])
    if (this.#chosen?.key === key) return
    const passing = new Set<number>()
    for (const { id, json } of this.#statement(
      'SELECT id, json FROM metadata',
    ).iterate() as IterableIterator<{
      id: number
      json: string
    }>)
      if (matchesFilters(metadataSchema.parse(JSON.parse(json)), filters)) passing.add(id)
    const last = Number(this.#statement('SELECT max(id) FROM nodes').pluck().get() ?? 0)
    const passes = new Uint8Array(last + 1)
    const rows = this.#statement('SELECT id, metadata FROM nodes').raw().all() as [
      id: number,
      metadata: number,
    ][]
    for (const [id, metadata] of rows) if (passing.has(metadata)) passes[id] = 1
    this.#chosen = { key, passes }
  }

  #prepare(): void {
    this.#database.exec('CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, search, row)')
    this.#database.function('chosen', (id: unknown) =>
      typeof id === 'number' ? (this.#chosen?.passes[id] ?? 0) : 0,
    )
  }

  #statement(sql: string): Database.Statement {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

function cut(text: string): { words: string; stems: string } {
  const words = wordsOf(text)
  const stems = words.flatMap(({ text: folded, start, end }) => formsOf(text.slice(start, end), folded))
  return { words: words.map((word) => word.text).join(' '), stems: stems.join(' ') }
}

function openOrMake(path: string): Database.Database {
  try {
    return open(path)
  } catch (error) {
    if (!isDamage(error) && !(error instanceof OtherVersion)) throw error
    removeDatabase(path)
    return open(path)
  }
}

class OtherVersion extends Error {}

function open(path: string): Database.Database {
  const database = new Database(path, { timeout: 5000 })
  try {
    database.pragma('journal_mode = WAL')
    // A power cut may take the last changes back, not damage it; it then follows from where it is.
    database.pragma('synchronous = NORMAL')
    database
      .transaction(() => {
        const isNew = database.prepare('SELECT 1 FROM sqlite_master').get() === undefined
        if (!isNew) return
        database.exec(schema)
        database.prepare(`INSERT INTO meta VALUES ('version', ?)`).run(version)
      })
      .immediate()
    if (database.prepare(`SELECT value FROM meta WHERE key = 'version'`).pluck().get() !== version)
      throw new OtherVersion()
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function removeDatabase(path: string): void {
  for (const ending of ['', '-wal', '-shm', '-journal'])
    rmSync(path + ending, { recursive: true, force: true })
}
