/**
 * Which rows of the packed vectors a filter lets pass. Metadata are read once and kept, each distinct one only once, as most
 * nodes of a document have the same; later changes of nodes are taken in one by one.
 */
import { z } from 'zod'
import { jsonValueSchema, type Metadata } from '#contract'
import { matchesFilters, type MetadataFilters } from '#engine/stores/metadata-filters.ts'
import { originalKey, parsePythonJson } from './llamaindex/python-json.ts'
import { lastNodeChange, nodeChangesAfter, nodeChangesRun } from './node-changes.ts'
import { readNode } from './read-node.ts'
import type { SectionRow, VectorStoreRow, WorkingStore } from './working-store.ts'

export interface PassingRows {
  /** For each row 1 or 0. */
  readonly passes: Uint8Array
  readonly count: number
}

/** A person tries one filter after the other. */
const filtersKept = 8
const changesAtOnce = 10_000

export class FilteredRows {
  readonly #packed: string
  #run: string | null = null
  #sequence = 0
  #rows = 0
  /** Of each row, a place in `#distinct`; -1: there is no such node. */
  #metadataOf = new Int32Array(0)
  readonly #places = new Map<string, number>()
  readonly #distinct: Metadata[] = []
  readonly #kept = new Map<string, PassingRows>()

  /** For as long as the packed vectors are the same file. */
  constructor({ packed }: VectorStoreRow) {
    this.#packed = packed
  }

  isOf({ packed }: VectorStoreRow): boolean {
    return packed === this.#packed
  }

  passing(store: WorkingStore, row: VectorStoreRow, filters: MetadataFilters): PassingRows {
    this.#update(store, row)
    const key = JSON.stringify(filters)
    const kept = this.#kept.get(key)
    if (kept) return kept
    const passing = this.#distinct.map((metadata) => matchesFilters(metadata, filters))
    const passes = new Uint8Array(this.#rows)
    let count = 0
    for (let index = 0; index < this.#rows; index++) {
      const place = this.#metadataOf[index]!
      if (place < 0 || !passing[place]) continue
      passes[index] = 1
      count++
    }
    const [oldest] = this.#kept.keys()
    if (oldest !== undefined && this.#kept.size >= filtersKept) this.#kept.delete(oldest)
    this.#kept.set(key, { passes, count })
    return { passes, count }
  }

  #update(store: WorkingStore, row: VectorStoreRow): void {
    const { database } = store
    const run = nodeChangesRun(database)
    const changes =
      run !== null && run === this.#run ? nodeChangesAfter(database, this.#sequence, changesAtOnce) : null
    if (changes !== null && changes.length < changesAtOnce) {
      if (changes.length === 0 && row.rows === this.#rows) return
      this.#makeRoom(row.rows)
      this.#read(store, row, this.#rows)
      for (const { key } of changes) {
        const changed = store.rowOf(row.id, key)
        if (changed !== null) this.#metadataOf[changed] = this.#placeOf(textReader(store, row)(key))
      }
    } else {
      this.#places.clear()
      this.#distinct.length = 0
      this.#makeRoom(row.rows)
      this.#read(store, row, 0)
    }
    this.#kept.clear()
    this.#run = run
    this.#rows = row.rows
    this.#sequence = lastNodeChange(database)
  }

  #makeRoom(rows: number): void {
    if (rows <= this.#metadataOf.length) return
    const metadataOf = new Int32Array(Math.ceil(rows * 1.2)).fill(-1)
    metadataOf.set(this.#metadataOf.subarray(0, this.#rows))
    this.#metadataOf = metadataOf
  }

  #read(store: WorkingStore, row: VectorStoreRow, from: number): void {
    this.#metadataOf.fill(-1, from)
    const textOf = textReader(store, row)
    const rows = store
      .statement('SELECT row, node_id FROM vectors WHERE store = ? AND row >= ? ORDER BY row')
      .raw()
      .all(row.id, from) as [row: number, key: string][]
    for (const [number, key] of rows) this.#metadataOf[number] = this.#placeOf(textOf(key))
  }

  #placeOf(text: string | null): number {
    if (text === null) return -1
    let place = this.#places.get(text)
    if (place === undefined) {
      place = this.#distinct.push(metadataSchema.safeParse(parsePythonJson(text)).data ?? {}) - 1
      this.#places.set(text, place)
    }
    return place
  }
}

const metadataSchema = z.record(z.string(), jsonValueSchema)

/** SimpleVectorStore's `metadata_dict` of a node. Stores before 0.8 have none: then those of the docstore. */
function textReader(store: WorkingStore, { file }: VectorStoreRow): (key: string) => string | null {
  const section = store.section(file, 'vector-metadata')
  const nodes = store.sections().find(({ role }) => role === 'nodes')
  return (key) => (section ? store.get(section.id, key) : null) ?? (nodes ? ofNode(store, nodes, key) : null)
}

function ofNode(store: WorkingStore, { id, file }: SectionRow, key: string): string | null {
  const entry = store.get(id, key)
  return entry === null ? null : JSON.stringify(readNode(originalKey(key), entry, file).metadata)
}
