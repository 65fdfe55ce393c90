/**
 * Rows of deleted and replaced vectors stay in the packed file, which only ever grows. When they are many, what is left is
 * copied to a file of another name, and one transaction makes that the one in use: a crash before it leaves an unknown
 * file, one after it leaves the old file, and the next opening clears away either. Readers follow the name.
 */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { syncFolder } from '#platform/atomic-files.ts'
import { PackedVectors, packedEnding } from './packed-vectors.ts'
import { quantisedEnding, readQuantised, writeQuantised } from './quantised-file.ts'
import type { VectorStores } from './vector-stores.ts'
import type { VectorStoreRow, WorkingStore } from './working-store.ts'

/** Fewer than these are not worth it. */
const leastRows = 1000
const blockBytes = 4 * 1024 * 1024

export interface CompactVectorsOptions {
  readonly store: WorkingStore
  readonly vectors: VectorStores
  readonly workingFolder: string
  /** Share of the rows that must be of no use. */
  readonly share: number
}

/** Says how many rows were reclaimed. */
export async function compactVectors(options: CompactVectorsOptions): Promise<number> {
  const { store, share } = options
  let reclaimed = 0
  for (const row of store.vectorStores()) {
    const unused = row.rows - store.countVectors(row.id)
    if (row.dimensions === null || unused < leastRows || unused < row.rows * share) continue
    await compact(options, row, row.dimensions)
    reclaimed += unused
  }
  return reclaimed
}

async function compact(
  { store, vectors, workingFolder }: CompactVectorsOptions,
  row: VectorStoreRow,
  dimensions: number,
): Promise<void> {
  const name = `vectors-${randomUUID()}`
  const path = join(workingFolder, name)
  const oldPath = join(workingFolder, row.packed)
  const used = store
    .statement('SELECT row FROM vectors WHERE store = ? ORDER BY row')
    .pluck()
    .all(row.id) as number[]
  try {
    copyRows(oldPath + packedEnding, path + packedEnding, dimensions, used)
    await copyQuantised(oldPath + quantisedEnding, path + quantisedEnding, dimensions, row.rows, used)
    syncFolder(workingFolder)
    store.database.transaction(() => renumber(store, row.id, name, used.length))()
  } catch (error) {
    removeVectors(path)
    throw error
  }
  vectors.forget()
}

function copyRows(from: string, to: string, dimensions: number, rows: readonly number[]): void {
  using source = new PackedVectors(from, dimensions, 'read')
  using target = new PackedVectors(to, dimensions, 'write')
  const block = new Float32Array(Math.max(1, Math.floor(blockBytes / 4 / dimensions)) * dimensions)
  let written = 0
  for (const { first, count } of runsOf(rows, block.length / dimensions)) {
    const values = block.subarray(0, count * dimensions)
    if (source.read(first, values) !== count) throw new Error(`${from} is shorter than its rows.`)
    target.write(written, values)
    written += count
  }
  target.flush()
}

/** Rows that follow each other, at most so many at a time. */
function* runsOf(rows: readonly number[], most: number): Generator<{ first: number; count: number }> {
  for (let start = 0; start < rows.length;) {
    let end = start + 1
    while (end < rows.length && end - start < most && rows[end] === rows[end - 1]! + 1) end++
    yield { first: rows[start]!, count: end - start }
    start = end
  }
}

/** The bytes that a search ranks need not be worked out again. */
async function copyQuantised(
  from: string,
  to: string,
  dimensions: number,
  rows: number,
  used: readonly number[],
): Promise<void> {
  const known = readQuantised(from, dimensions, rows)
  if (!known) return
  const kept = used.filter((row) => row < known.rows)
  const bytes = new Int8Array(kept.length * dimensions)
  kept.forEach((row, index) =>
    bytes.set(known.bytes.subarray(row * dimensions, (row + 1) * dimensions), index * dimensions),
  )
  const errors = Float32Array.from(kept, (row) => known.errors[row]!)
  await writeQuantised(to, dimensions, {
    ...known,
    rows: kept.length,
    scaledRows: kept.length,
    bytes,
    errors,
  })
}

function renumber(store: WorkingStore, id: number, packed: string, rows: number): void {
  store.database.exec(`
    CREATE TEMP TABLE moved (old INTEGER PRIMARY KEY, new INTEGER NOT NULL, node_id TEXT NOT NULL, is_masked INTEGER NOT NULL);
    INSERT INTO moved SELECT row, row_number() OVER (ORDER BY row) - 1, node_id,
      EXISTS (SELECT 1 FROM masked WHERE masked.store = vectors.store AND masked.row = vectors.row)
      FROM vectors WHERE store = ${id};
    DELETE FROM masked WHERE store = ${id};
    DELETE FROM vectors WHERE store = ${id};
    INSERT INTO vectors (store, row, node_id) SELECT ${id}, new, node_id FROM moved ORDER BY new;
    INSERT INTO masked (store, row) SELECT ${id}, new FROM moved WHERE is_masked ORDER BY new;
    DROP TABLE moved;
  `)
  store.statement('UPDATE vector_stores SET packed = ?, rows = ? WHERE id = ?').run(packed, rows, id)
}

function removeVectors(path: string): void {
  for (const ending of [packedEnding, quantisedEnding]) rmSync(path + ending, { force: true })
}
