/**
 * The peers of the search benchmark that live in Node: LanceDB and sqlite-vec, on vectors that all have alike. They are
 * installed for the benchmark alone, in `.cache/bench-peers`, as nobody needs 230 MB of them for anything else.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { z } from 'zod'

const home = join(import.meta.dirname, '../../.cache/bench-peers')
const packages = { '@lancedb/lancedb': '0.39.0', 'sqlite-vec': '0.1.9' }

export interface PeerInput {
  readonly folder: string
  readonly dimensions: number
  readonly topK: number
  readonly vectors: Float32Array
  readonly queries: readonly Float32Array[]
}

export interface PeerMeasure {
  readonly name: string
  readonly buildSeconds: number
  readonly queryMs: readonly number[]
  readonly rows: readonly (readonly number[])[]
}

export async function installPeers(): Promise<void> {
  if (Object.keys(packages).every((name) => existsSync(join(home, 'node_modules', name)))) return
  await mkdir(home, { recursive: true })
  await writeFile(join(home, 'package.json'), JSON.stringify({ private: true, dependencies: packages }))
  await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: home })
}

/** Only what is used here of their interfaces; each asserts what it is given at run time. */
interface LanceQuery extends PromiseLike<never> {
  distanceType(type: 'cosine'): LanceQuery
  bypassVectorIndex(): LanceQuery
  select(columns: readonly string[]): LanceQuery
  limit(count: number): LanceQuery
  toArray(): Promise<readonly unknown[]>
}
interface LanceTable {
  add(rows: readonly unknown[]): Promise<unknown>
  vectorSearch(vector: Float32Array): LanceQuery
  createIndex(column: string, options: { config: unknown }): Promise<void>
  close(): void
}
interface Lance {
  connect(folder: string): Promise<{
    createTable(name: string, rows: readonly unknown[]): Promise<LanceTable>
    close(): void
  }>
  readonly Index: { ivfPq(options: { distanceType: 'cosine' }): unknown }
}
const isLance = (module: unknown): module is Lance =>
  typeof module === 'object' && module !== null && 'connect' in module && 'Index' in module
const idSchema = z.array(z.object({ id: z.coerce.number() }))

/** Without an index, and from 100,000 rows on with the one that LanceDB makes when nothing is said. */
export async function measureLance(input: PeerInput): Promise<PeerMeasure[]> {
  const lance: unknown = createRequire(join(home, 'package.json'))('@lancedb/lancedb')
  if (!isLance(lance)) throw new Error('This LanceDB has another interface.')
  const count = input.vectors.length / input.dimensions
  const rowsFrom = (first: number): { id: number; vector: Float32Array }[] =>
    Array.from({ length: Math.min(10_000, count - first) }, (_, index) => ({
      id: first + index,
      vector: rowOf(input, first + index),
    }))
  const begun = performance.now()
  const database = await lance.connect(join(input.folder, 'lance'))
  const table = await database.createTable('bench', rowsFrom(0))
  for (let first = 10_000; first < count; first += 10_000) await table.add(rowsFrom(first))
  const buildSeconds = (performance.now() - begun) / 1000
  const search = async (vector: Float32Array, exact: boolean): Promise<number[]> => {
    const query = table
      .vectorSearch(vector)
      .distanceType('cosine')
      .select(['id', '_distance'])
      .limit(input.topK)
    return idSchema.parse(await (exact ? query.bypassVectorIndex() : query).toArray()).map(({ id }) => id)
  }
  const measures = [
    { name: 'LanceDB, no index', buildSeconds, ...(await ask(input, (vector) => search(vector, true))) },
  ]
  if (count >= 100_000) {
    const indexed = performance.now()
    await table.createIndex('vector', { config: lance.Index.ivfPq({ distanceType: 'cosine' }) })
    const indexSeconds = (performance.now() - indexed) / 1000
    measures.push({
      name: 'LanceDB, its default index (IVF_PQ)',
      buildSeconds: buildSeconds + indexSeconds,
      ...(await ask(input, (vector) => search(vector, false))),
    })
  }
  table.close()
  database.close()
  return measures
}

export async function measureSqliteVec(input: PeerInput): Promise<PeerMeasure> {
  const extension = z
    .object({ getLoadablePath: z.function({ input: [], output: z.string() }) })
    .parse(createRequire(join(home, 'package.json'))('sqlite-vec'))
  const begun = performance.now()
  const database = new Database(join(input.folder, 'sqlite-vec.sqlite'))
  try {
    database.loadExtension(extension.getLoadablePath())
    database.exec(
      `CREATE VIRTUAL TABLE bench USING vec0(vector float[${input.dimensions}] distance_metric=cosine)`,
    )
    const insert = database.prepare('INSERT INTO bench (rowid, vector) VALUES (?, ?)')
    database.transaction(() => {
      for (let row = 0; row < input.vectors.length / input.dimensions; row++)
        insert.run(BigInt(row), rowOf(input, row))
    })()
    const buildSeconds = (performance.now() - begun) / 1000
    const select = database.prepare(
      'SELECT rowid AS id FROM bench WHERE vector MATCH ? AND k = ? ORDER BY distance',
    )
    const answers = await ask(input, (vector) =>
      Promise.resolve(idSchema.parse(select.all(vector, input.topK)).map(({ id }) => id)),
    )
    return { name: 'sqlite-vec', buildSeconds, ...answers }
  } finally {
    database.close()
  }
}

export function rowOf({ vectors, dimensions }: PeerInput, row: number): Float32Array {
  return vectors.subarray(row * dimensions, (row + 1) * dimensions)
}

/** Each query once, after one that does not count. */
export async function ask(
  { queries }: Pick<PeerInput, 'queries'>,
  query: (vector: Float32Array) => Promise<readonly number[]>,
): Promise<{ queryMs: number[]; rows: (readonly number[])[] }> {
  const [first] = queries
  if (first) await query(first)
  const queryMs: number[] = []
  const rows: (readonly number[])[] = []
  for (const vector of queries) {
    const asked = performance.now()
    rows.push(await query(vector))
    queryMs.push(performance.now() - asked)
  }
  return { queryMs, rows }
}
