/**
 * Brings what another program changed into the working store that is there: entries whose text differs, and nothing else.
 * Packed vectors, the manifest and whoever reads meanwhile stay as they are. All of it is one transaction.
 */
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileStamp } from '#platform/atomic-files.ts'
import { explainFileError, isDamage } from '#platform/file-errors.ts'
import { isFaissIndex } from './foreign-vector-file.ts'
import { addStruct, changedWhileRead, maximumBytesOf } from './import-folder.ts'
import { checkEntry, damagedAt, scanStoreFile } from './llamaindex/json-scanner.ts'
import { sectionRoleOf, storeFileOf } from './llamaindex/store-files.ts'
import { storedKey } from './llamaindex/python-json.ts'
import { parseVector, parseVectorInto } from './llamaindex/vector-text.ts'
import type { PackedVectors } from './packed-vectors.ts'
import { readManifest, removeFromManifest } from './source-manifest.ts'
import { maskUnsearched, searchFilter, settleSections } from './settle-import.ts'
import { isSearchable } from './vector-import.ts'
import type { VectorStores } from './vector-stores.ts'
import type { SectionRow, WorkingStore } from './working-store.ts'

export interface ImportDifferenceOptions {
  readonly store: WorkingStore
  readonly vectors: VectorStores
  readonly persistDir: string
  /** JSON files that are there. */
  readonly names: readonly string[]
  readonly signal?: AbortSignal | undefined
}

/** Thrown inside, when reading everything anew is the better or the only way. */
class TooDifferent extends Error {}

/**
 * After it the working store has what the files have: changes that were not persisted are gone. False when so much differs
 * that everything should be read anew. Then, and when it throws (`damaged-file`, `file-changed`, `cancelled`, …), nothing
 * was done.
 */
export async function importDifference(options: ImportDifferenceOptions): Promise<boolean> {
  const { store, vectors, persistDir, names } = options
  const stamps = names.map((name) => fileStamp(join(persistDir, name)))
  store.database.exec('BEGIN IMMEDIATE')
  try {
    for (const [index, name] of names.entries()) await importFile(options, name, stamps[index] ?? null)
    settleSections(store)
    maskUnsearched(store)
    unmaskSearched(store, vectors)
    requireFewMasked(store)
    forgetSourcesWithoutDocuments(store)
    store.database.exec('DELETE FROM changed; DELETE FROM struct_changes')
    store.setMeta('unpersisted', null)
    store.setMeta('conflict', null)
    vectors.flush()
    for (const [index, name] of names.entries())
      if (fileStamp(join(persistDir, name)) !== stamps[index]) throw changedWhileRead(name)
    store.database.exec('COMMIT')
    return true
  } catch (error) {
    if (store.database.inTransaction) store.database.exec('ROLLBACK')
    store.forgetSections()
    vectors.forget()
    if (error instanceof TooDifferent) return false
    throw error
  }
}

async function importFile(
  { store, vectors, persistDir, signal }: ImportDifferenceOptions,
  name: string,
  stamp: string | null,
): Promise<void> {
  const path = join(persistDir, name)
  const role = storeFileOf(name)?.role ?? 'docstore'
  if (role === 'vector-store' && isFaissIndex(path)) throw new TooDifferent()
  store.addFile(name)
  const difference = new FileDifference(store, vectors, name)
  try {
    let pause = 0
    // A vector is checked by being read.
    const leaveUnchecked = (section: string): boolean => sectionRoleOf(role, section) === 'embeddings'
    const maximumBytesIn = (section: string): number => maximumBytesOf(store, sectionRoleOf(role, section))
    for (const token of scanStoreFile(path, { leaveUnchecked, maximumBytesIn })) {
      if (token.kind === 'section-start') difference.startSection(token.name)
      else if (token.kind === 'section-end') difference.endSection()
      else if (token.kind === 'entry') {
        if (!difference.vector(token.key, token.value)) {
          if (difference.isInVectors) checkEntry(path, token)
          difference.entry(token.key, token.value)
        }
        if (token.valueEnd - pause < 16 * 1024 * 1024) continue
        pause = token.valueEnd
        await nextTurn()
        signal?.throwIfAborted()
      } else if (token.kind === 'scalar' && sectionRoleOf(role, token.name) !== 'other') {
        throw damagedAt(path, `${token.name} is not an object`, token.keyStart)
      } else if (token.kind === 'file') {
        store
          .statement('UPDATE files SET stamp = ?, bytes = ?, checksum = ? WHERE name = ?')
          .run(stamp, token.bytes, token.checksum, name)
      }
    }
    difference.finish()
  } catch (error) {
    // What looks damaged may be half of what another program is writing.
    if (!(error instanceof TooDifferent) && fileStamp(path) !== stamp) throw changedWhileRead(name)
    throw isDamage(error) ? error : explainFileError(error, path)
  }
}

/** The working store's side of one file that is read front to back. */
class FileDifference {
  readonly #store: WorkingStore
  readonly #file: string
  readonly #vectors: VectorDifference
  readonly #sections = new Set<number>()
  #section: SectionRow | undefined
  #entries: StoredEntries | undefined
  #seen = new Set<string>()
  #lastSection = 0
  /** Entries are in the order of their ids. */
  #lastId = 0

  constructor(store: WorkingStore, vectors: VectorStores, file: string) {
    this.#store = store
    this.#file = file
    this.#vectors = new VectorDifference(store, vectors, file)
  }

  startSection(name: string): void {
    const section = this.#store.addSection(this.#file, storedKey(name))
    if (section.id <= this.#lastSection) throw new TooDifferent()
    this.#section = section
    this.#lastSection = section.id
    this.#sections.add(section.id)
    this.#seen = new Set()
    this.#entries = new StoredEntries(this.#store, section.id)
    this.#lastId = 0
  }

  get isInVectors(): boolean {
    return this.#section?.role === 'embeddings'
  }

  /** Whether it is a vector, which is then done. */
  vector(key: string, value: Buffer): boolean {
    if (!this.#section || !this.isInVectors) return false
    this.#see(key)
    return this.#vectors.entry(this.#section, storedKey(key), value)
  }

  /** The last value of a key counts, at the place of the first: such a file is read as a whole. */
  #see(key: string): void {
    const stored = storedKey(key)
    if (this.#seen.has(stored)) throw new TooDifferent()
    this.#seen.add(stored)
  }

  entry(key: string, value: Buffer): void {
    const section = this.#section
    if (!section) throw new TooDifferent()
    if (section.role !== 'embeddings') this.#see(key)
    const stored = storedKey(key)
    const store = this.#store
    const old = this.#entries?.find(stored)
    if (old && old.id > this.#lastId) {
      this.#lastId = old.id
      if (old.value.equals(value)) return
      store.statement('UPDATE entries SET value = ? WHERE id = ?').run(value, old.id)
    } else {
      if (old) store.statement('DELETE FROM entries WHERE id = ?').run(old.id)
      const { lastInsertRowid } = store
        .statement('INSERT INTO entries (section, key, value) VALUES (?, ?, ?)')
        .run(section.id, stored, value)
      this.#lastId = Number(lastInsertRowid)
    }
    if (section.role === 'index-structs') addStruct(store, this.#file, stored, value)
  }

  endSection(): void {
    const section = this.#section
    if (!section) return
    if (section.role === 'embeddings') this.#vectors.removeUnseen(this.#seen)
    const store = this.#store
    if (section.role !== 'embeddings' && store.count(section.id) === this.#seen.size) return
    const keys = store.statement('SELECT key FROM entries WHERE section = ?').pluck().all(section.id)
    for (const key of keys as string[]) {
      if (this.#seen.has(key)) continue
      store.statement('DELETE FROM entries WHERE section = ? AND key = ?').run(section.id, key)
      if (section.role === 'index-structs')
        store.statement('DELETE FROM index_structs WHERE key = ?').run(key)
    }
  }

  /** Sections that are not in the file any more. */
  finish(): void {
    const store = this.#store
    for (const { id, file } of store.sections()) {
      if (file !== this.#file || this.#sections.has(id)) continue
      if (store.count(id) > 0) throw new TooDifferent()
      store.statement('DELETE FROM sections WHERE id = ?').run(id)
    }
    store.forgetSections()
  }
}

interface StoredEntry {
  readonly id: number
  readonly key: string
  readonly value: Buffer
}

/** Entries of a section, asked for nearly in their order: pages are several times faster than one after the other. */
class StoredEntries {
  readonly #store: WorkingStore
  readonly #section: number
  #page: readonly StoredEntry[] = []
  #next = 0
  #isEnded = false

  constructor(store: WorkingStore, section: number) {
    this.#store = store
    this.#section = section
  }

  find(key: string): StoredEntry | undefined {
    if (this.#next === this.#page.length) this.#turn()
    const index = this.#page.findIndex((entry, at) => at >= this.#next && entry.key === key)
    if (index < 0)
      return this.#store
        .statement('SELECT id, key, value FROM entries WHERE section = ? AND key = ?')
        .get(this.#section, key) as StoredEntry | undefined
    this.#next = index + 1
    return this.#page[index]
  }

  #turn(): void {
    if (this.#isEnded) return
    const after = this.#page.at(-1)?.id ?? -1
    // The plus keeps SQLite from an index in which it would sort the whole section for each page.
    this.#page = this.#store
      .statement('SELECT id, key, value FROM entries WHERE +section = ? AND id > ? ORDER BY id LIMIT 200')
      .all(this.#section, after) as StoredEntry[]
    this.#next = 0
    this.#isEnded = this.#page.length === 0
  }
}

const pageBytes = 4 * 1024 * 1024

/** Vectors have no text in the working store: they are compared as float32. */
class VectorDifference {
  readonly #store: WorkingStore
  readonly #vectors: VectorStores
  readonly #file: string
  #page = new Float32Array(0)
  #pageStart = 0
  #scratch = new Float32Array(0)

  constructor(store: WorkingStore, vectors: VectorStores, file: string) {
    this.#store = store
    this.#vectors = vectors
    this.#file = file
  }

  /** False when it is no vector of the length of the others: it is then kept as text. */
  entry(section: SectionRow, nodeId: string, value: Buffer): boolean {
    const row = this.#store.vectorStore(this.#file)
    const vector = nodeId.isWellFormed() ? this.#parse(value, row?.dimensions ?? null) : null
    const old = row ? this.#store.rowOf(row.id, nodeId) : null
    if (!vector) {
      if (row && old !== null) this.#vectors.drop(row.id, nodeId)
      return false
    }
    if (row && old !== null) {
      if (isSame(this.#row(this.#vectors.packed(row), old), vector)) return true
      this.#vectors.drop(row.id, nodeId)
    } else this.#store.statement('DELETE FROM entries WHERE section = ? AND key = ?').run(section.id, nodeId)
    this.#vectors.append(this.#file, nodeId, vector)
    return true
  }

  #parse(value: Buffer, dimensions: number | null): Float32Array | null {
    if (dimensions === null) {
      const first = parseVector(value)
      return first && first.length > 0 ? first : null
    }
    if (this.#scratch.length !== dimensions) this.#scratch = new Float32Array(dimensions)
    if (parseVectorInto(value, this.#scratch)) return this.#scratch
    const vector = parseVector(value)
    // Which length is the one to search is for whoever reads everything to say.
    if (vector && vector.length > 0 && vector.length !== dimensions) throw new TooDifferent()
    return vector?.length === dimensions ? vector : null
  }

  /** Rows are asked for nearly in their order. */
  #row(packed: PackedVectors, row: number): Float32Array {
    const { dimensions } = packed
    const inPage = this.#page.length / dimensions
    if (row < this.#pageStart || row >= this.#pageStart + inPage) {
      this.#page = new Float32Array(Math.max(1, Math.floor(pageBytes / 4 / dimensions)) * dimensions)
      this.#pageStart = row
      packed.read(row, this.#page)
    }
    const start = (row - this.#pageStart) * dimensions
    return this.#page.subarray(start, start + dimensions)
  }

  removeUnseen(seen: ReadonlySet<string>): void {
    const row = this.#store.vectorStore(this.#file)
    if (!row) return
    const keys = this.#store.statement('SELECT node_id FROM vectors WHERE store = ?').pluck().all(row.id)
    for (const key of keys as string[]) if (!seen.has(key)) this.#vectors.drop(row.id, key)
  }
}

function isSame(a: Float32Array, b: Float32Array): boolean {
  const bytes = Buffer.from(a.buffer, a.byteOffset, a.byteLength)
  return bytes.equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength))
}

/** A row that is masked stays so, as whoever reads takes in what is new and nothing else: the vector gets another row. */
function unmaskSearched(store: WorkingStore, vectors: VectorStores): void {
  const isSearched = searchFilter(store)
  const masked = store
    .statement(
      'SELECT DISTINCT vectors.store, vectors.row, node_id FROM masked JOIN vectors USING (store, row)',
    )
    .all() as { store: number; row: number; node_id: string }[]
  const byId = new Map(store.vectorStores().map((row) => [row.id, row]))
  for (const { store: id, row, node_id } of masked) {
    const vectorStore = byId.get(id)
    if (!vectorStore || !isSearched(id, node_id)) continue
    const vector = vectors.packed(vectorStore).row(row)
    if (!isSearchable(vector)) continue
    vectors.drop(id, node_id)
    vectors.append(vectorStore.file, node_id, vector)
  }
}

/** Rows are only ever added: when most of them are not searched any more, all are packed anew. */
function requireFewMasked(store: WorkingStore): void {
  for (const { id, rows } of store.vectorStores()) {
    if (rows > 1000 && store.countMasked(id) > rows / 2) throw new TooDifferent()
  }
}

/** What is known of source files stays, as long as every document made of them is still there. */
function forgetSourcesWithoutDocuments(store: WorkingStore): void {
  const documents = store.sections().find(({ role }) => role === 'ref-doc-info')
  for (const { path, refDocIds } of readManifest(store)) {
    if (!documents || !refDocIds.every((id) => store.has(documents.id, id))) removeFromManifest(store, path)
  }
}
