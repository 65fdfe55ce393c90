/**
 * One JSON file brought up to date: entries that did not change are copied from the file as it is, text and all, and what
 * changed is put where Python's dict would have it. Without a file to copy from, everything is written from the working
 * store.
 */
import { closeSync, openSync, statSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { scanStoreFile } from './llamaindex/json-scanner.ts'
import { keyText, storedKey } from './llamaindex/python-json.ts'
import { printVector } from './llamaindex/vector-text.ts'
import type { OutputFile } from './output-file.ts'
import type { VectorStores } from './vector-stores.ts'
import type { SectionRow, WorkingStore } from './working-store.ts'

export interface WriteStoreFileOptions {
  readonly store: WorkingStore
  readonly vectors: VectorStores
  /** Name of the JSON file. */
  readonly file: string
  readonly output: OutputFile
  readonly signal?: AbortSignal | undefined
}

/** How many entries are handled before other work gets its turn. */
const turn = 2000

/** Writes the file as a whole. Vectors are printed from float32, the shortest text that gives the same number. */
export async function writeWholeFile({
  store,
  vectors,
  file,
  output,
  signal,
}: WriteStoreFileOptions): Promise<void> {
  let before = '{'
  for (const section of store.sections()) {
    if (section.file !== file) continue
    output.write(`${before}${keyText(section.name)}: {`)
    before = ', '
    let separator = ''
    let count = 0
    for (const [key, value] of entriesOf(store, vectors, section)) {
      output.write(`${separator}${keyText(key)}: `)
      output.write(value)
      separator = ', '
      if (++count % turn === 0) {
        await nextTurn()
        signal?.throwIfAborted()
      }
    }
    output.write('}')
  }
  output.write(before === '{' ? '{}' : '}')
}

/** Pages, as a statement that is being stepped through keeps all others from the connection. */
function* entriesOf(
  store: WorkingStore,
  vectors: VectorStores,
  section: SectionRow,
): Generator<readonly [string, string | Uint8Array]> {
  if (section.role === 'embeddings') yield* vectorsOf(store, vectors, section)
  // The plus keeps SQLite from an index in which it would sort the whole section for each page.
  const statement = store.statement(
    'SELECT id, key, value FROM entries WHERE +section = ? AND id > ? ORDER BY id LIMIT 1000',
  )
  for (let after = -1; ;) {
    const rows = statement.all(section.id, after) as { id: number; key: string; value: Buffer }[]
    for (const { key, value } of rows) yield [key, value]
    const last = rows.at(-1)
    if (!last) return
    after = last.id
  }
}

function* vectorsOf(
  store: WorkingStore,
  vectors: VectorStores,
  section: SectionRow,
): Generator<readonly [string, string]> {
  const row = store.vectorStore(section.file)
  if (!row?.dimensions) return
  const packed = vectors.packed(row)
  const statement = store.statement(
    'SELECT row, node_id FROM vectors WHERE store = ? AND row > ? ORDER BY row LIMIT 1000',
  )
  for (let after = -1; ;) {
    const rows = statement.all(row.id, after) as { row: number; node_id: string }[]
    for (const { row: at, node_id } of rows) yield [node_id, printVector(packed.row(at))]
    const last = rows.at(-1)
    if (!last) return
    after = last.row
  }
}

interface SectionChanges {
  readonly section: SectionRow
  /** Keys that changed; true: to be appended. */
  readonly keys: ReadonlyMap<string, boolean>
}

/** Writes the file at `basePath` with what changed. */
export async function writeChangedFile(options: WriteStoreFileOptions, basePath: string): Promise<void> {
  const { store, file, signal } = options
  const changes = new Map(
    store
      .sections()
      .filter((section) => section.file === file)
      .map((section) => [section.name, readChanges(store, section)]),
  )
  const base = openSync(basePath, 'r')
  try {
    const writer = new ChangedFileWriter(options, base)
    let count = 0
    // It is the file that was checked when it was imported, or written here.
    for (const token of scanStoreFile(basePath, { leaveUnchecked: () => true })) {
      switch (token.kind) {
        case 'section-start':
          writer.startSection(changes.get(storedKey(token.name)))
          changes.delete(storedKey(token.name))
          break
        case 'entry':
          writer.entry({ ...token, key: storedKey(token.key) })
          break
        case 'section-end':
          writer.endSection(token.position)
          break
        case 'end':
          writer.addSections([...changes.values()], token.position, token.sections)
          break
        case 'scalar':
        case 'file':
          break
      }
      if (++count % turn === 0) {
        await nextTurn()
        signal?.throwIfAborted()
      }
    }
    writer.copyTo(statSync(basePath).size)
  } finally {
    closeSync(base)
  }
}

function readChanges(store: WorkingStore, section: SectionRow): SectionChanges {
  const rows = store
    .statement('SELECT key, sequence FROM changed WHERE section = ? ORDER BY sequence')
    .all(section.id) as { key: string; sequence: number | null }[]
  return { section, keys: new Map(rows.map(({ key, sequence }) => [key, sequence !== null])) }
}

class ChangedFileWriter {
  readonly #options: WriteStoreFileOptions
  readonly #base: number
  /** The base is written up to here, or left out. */
  #cursor = 0
  #changes: SectionChanges | undefined
  #seen = new Set<string>()
  /** Of the section: entries that stay, and where the last of them ends. */
  #kept = 0
  #lastEnd = 0
  #dropping = false

  constructor(options: WriteStoreFileOptions, base: number) {
    this.#options = options
    this.#base = base
  }

  copyTo(position: number): void {
    if (position > this.#cursor) this.#options.output.copy(this.#base, this.#cursor, position)
    this.#cursor = position
  }

  startSection(changes: SectionChanges | undefined): void {
    this.#changes = changes?.keys.size ? changes : undefined
    this.#seen = new Set()
    this.#kept = 0
    this.#dropping = false
  }

  entry({
    key,
    keyStart,
    valueStart,
    valueEnd,
  }: {
    key: string
    keyStart: number
    valueStart: number
    valueEnd: number
  }) {
    if (!this.#changes) {
      this.#kept++
      return
    }
    const isAppended = this.#changes.keys.get(key)
    const value =
      isAppended === false && !this.#seen.has(key) ? this.#value(this.#changes.section, key) : null
    if (isAppended !== undefined && value === null) {
      // Gone, or written at the end of the section.
      if (!this.#dropping) this.copyTo(this.#kept > 0 ? this.#lastEnd : keyStart)
      this.#dropping = true
      this.#cursor = valueEnd
      return
    }
    if (this.#dropping && this.#kept === 0) this.#cursor = keyStart
    this.#dropping = false
    if (value !== null) {
      this.#seen.add(key)
      this.copyTo(valueStart)
      this.#options.output.write(value)
      this.#cursor = valueEnd
    }
    this.#kept++
    this.#lastEnd = valueEnd
  }

  endSection(position: number): void {
    if (!this.#changes) return
    if (!this.#dropping) this.copyTo(position)
    this.#append(this.#changes, this.#kept > 0)
    this.#cursor = Math.max(this.#cursor, position)
  }

  #append({ section, keys }: SectionChanges, follows: boolean): void {
    const { output } = this.#options
    let separator = follows ? ', ' : ''
    for (const [key, isAppended] of keys) {
      const value = isAppended ? this.#value(section, key) : null
      if (value === null) continue
      output.write(`${separator}${keyText(key)}: `)
      output.write(value)
      separator = ', '
    }
  }

  /** Sections that the base does not have. */
  addSections(sections: readonly SectionChanges[], position: number, count: number): void {
    const { output } = this.#options
    this.copyTo(position)
    let separator = count > 0 ? ', ' : ''
    for (const changes of sections) {
      output.write(`${separator}${keyText(changes.section.name)}: {`)
      this.#append(changes, false)
      output.write('}')
      separator = ', '
    }
  }

  #value(section: SectionRow, key: string): string | Uint8Array | null {
    const { store, vectors } = this.#options
    const value = store.bytes(section.id, key)
    if (value !== null || section.role !== 'embeddings') return value
    const vectorStore = store.vectorStore(section.file)
    const row = vectorStore && store.rowOf(vectorStore.id, key)
    return vectorStore && typeof row === 'number' ? printVector(vectors.packed(vectorStore).row(row)) : null
  }
}
