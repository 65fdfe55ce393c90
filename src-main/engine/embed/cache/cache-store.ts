/**
 * The embedding cache's file: vectors by model identity and hash of the exact text, in SQLite. Several processes may use
 * the file at once. Synchronous, so it belongs into a worker.
 */
import { rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import { StackroomError } from '#contract'
import { isDamage } from '#platform/file-errors.ts'

export interface CacheStoreOptions {
  readonly path: string
  /** Bytes of vectors to keep. What was used least recently goes first. */
  readonly maximumBytes: number
}

/** A vector that is read is marked as used at most once an hour, so that reading hardly ever writes. */
const MARK_AFTER_MS = 3_600_000
/** Part of the bound that is left after eviction, so that not every write evicts. */
const EVICT_TO = 0.9

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS models (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS vectors (
    id INTEGER PRIMARY KEY,
    model INTEGER NOT NULL REFERENCES models (id),
    text BLOB NOT NULL,
    used INTEGER NOT NULL,
    vector BLOB NOT NULL,
    UNIQUE (model, text)
  );
  CREATE INDEX IF NOT EXISTS vectors_used ON vectors (used);
  CREATE TABLE IF NOT EXISTS size (bytes INTEGER NOT NULL);
  INSERT INTO size SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM size);
  CREATE TRIGGER IF NOT EXISTS vectors_grow AFTER INSERT ON vectors
    BEGIN UPDATE size SET bytes = bytes + length(NEW.vector); END;
  CREATE TRIGGER IF NOT EXISTS vectors_shrink AFTER DELETE ON vectors
    BEGIN UPDATE size SET bytes = bytes - length(OLD.vector); END;
`

type Bytes = Uint8Array<ArrayBufferLike>

export class CacheStore implements Disposable {
  readonly #database: Database.Database
  readonly #maximumBytes: number
  readonly #now: () => number

  constructor(options: CacheStoreOptions, now: () => number = Date.now) {
    this.#maximumBytes = options.maximumBytes
    this.#now = now
    this.#database = openDatabase(options.path)
  }

  /** Vectors for the texts' hashes, in their order; null where there is none. */
  read(model: Bytes, texts: readonly Bytes[]): (Float32Array<ArrayBuffer> | null)[] {
    const find = this.#database.prepare<[Bytes, Bytes], { id: number; used: number; vector: Buffer }>(
      'SELECT id, used, vector FROM vectors WHERE model = (SELECT id FROM models WHERE hash = ?) AND text = ?',
    )
    const stale: number[] = []
    const now = this.#now()
    const vectors = texts.map((text) => {
      const row = find.get(model, text)
      if (!row) return null
      if (now - row.used > MARK_AFTER_MS) stale.push(row.id)
      // a copy: SQLite's bytes may start where no float32 can
      return new Float32Array(Uint8Array.from(row.vector).buffer)
    })
    if (stale.length > 0) {
      const mark = this.#database.prepare('UPDATE vectors SET used = ? WHERE id = ?')
      this.#database.transaction(() => stale.forEach((id) => mark.run(now, id))).immediate()
    }
    return vectors
  }

  /** One transaction. A vector that is there already stays. */
  write(model: Bytes, texts: readonly Bytes[], vectors: readonly Float32Array[]): void {
    const database = this.#database
    const insertAll = database.transaction(() => {
      database.prepare('INSERT INTO models (hash) VALUES (?) ON CONFLICT DO NOTHING').run(model)
      const insert = database.prepare(
        `INSERT INTO vectors (model, text, used, vector)
         VALUES ((SELECT id FROM models WHERE hash = ?), ?, ?, ?) ON CONFLICT DO NOTHING`,
      )
      const now = this.#now()
      texts.forEach((text, i) => {
        const { buffer, byteOffset, byteLength } = vectors[i]!
        insert.run(model, text, now, Buffer.from(buffer, byteOffset, byteLength))
      })
      this.#evict()
    })
    try {
      insertAll.immediate()
    } catch (cause) {
      if (!(cause instanceof Database.SqliteError && cause.code === 'SQLITE_FULL')) throw cause
      throw new StackroomError('disk-full', 'The disk with the data folder is full.', {
        hint: 'Make room on it, then start again: what is done is kept.',
        cause,
      })
    }
  }

  #evict(): void {
    if (this.bytes() <= this.#maximumBytes) return
    const oldest = this.#database.prepare<[], { id: number; bytes: number }>(
      'SELECT id, length(vector) AS bytes FROM vectors ORDER BY used, id LIMIT 1000',
    )
    const remove = this.#database.prepare('DELETE FROM vectors WHERE id = ?')
    for (let bytes = this.bytes(); bytes > this.#maximumBytes * EVICT_TO;) {
      const rows = oldest.all()
      if (rows.length === 0) return
      for (const row of rows) {
        if (bytes <= this.#maximumBytes * EVICT_TO) return
        remove.run(row.id)
        bytes -= row.bytes
      }
    }
  }

  bytes(): number {
    return this.#database.prepare<[], { bytes: number }>('SELECT bytes FROM size').get()?.bytes ?? 0
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}

function openDatabase(path: string): Database.Database {
  try {
    return prepare(path)
  } catch (error) {
    if (!isDamage(error))
      throw new StackroomError('damaged-file', `The embedding cache ${path} cannot be opened.`, {
        hint: 'Check that the data folder can be written and that its disk has space.',
        cause: error,
      })
    // nothing but a cache: a damaged one is worth less than a new one
    for (const ending of ['', '-wal', '-shm']) rmSync(path + ending, { force: true })
    return prepare(path)
  }
}

function prepare(path: string): Database.Database {
  const database = new Database(path, { timeout: 10_000 })
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    database.transaction(() => database.exec(SCHEMA)).immediate()
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
