/** Tables that LlamaIndex's PGVectorStore and Stackroom write and read in turn, on a whole PostgreSQL server. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { jsonValueSchema, type Metadata } from '#contract'
import type { MetadataFilters } from '#engine/stores/metadata-filters.ts'
import { listPgvectorCollections, openPgvectorStore } from '#engine/stores/pgvector/open-pg-vector-store.ts'
import type { PGVectorStore } from '#engine/stores/pgvector/pg-vector-store.ts'
import type { NewTableSettings } from '#engine/stores/pgvector/table-schema.ts'
import { textSearchQuery } from '#engine/stores/pgvector/text-search-query.ts'
import type { QueryMode } from '#engine/stores/vector-store.ts'
import { conformsToVectorStore, nodeOf, type StoreHarness } from '../integration/store-conformance.ts'
import { codeOf } from '../integration/storage-test-folder.ts'
import { python, startWholePostgres, type WholePostgres } from './whole-postgres.ts'

const run = promisify(execFile)
const password = 'a password: ü/@?'

let home: string
let server: WholePostgres
let port: string
let address: string

beforeAll(async () => {
  server = await startWholePostgres(password)
  ;({ home, port } = server)
  address = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`
})
afterAll(() => server[Symbol.asyncDispose]())

const rowsSchema = z.array(z.array(z.unknown()))
const seenSchema = z.object({
  answers: z
    .array(
      z.array(
        z.object({
          nodeId: z.string(),
          score: z.number(),
          text: z.string(),
          metadata: z.record(z.string(), jsonValueSchema),
        }),
      ),
    )
    .nullable(),
  rows: z.record(z.string(), z.array(z.string())),
  columns: rowsSchema,
  shape: rowsSchema,
  indexes: rowsSchema,
})
type Seen = z.infer<typeof seenSchema>

/** The same settings for both: LlamaIndex's keywords, and ours. */
interface Flavour {
  readonly python: Readonly<Record<string, unknown>>
  readonly ours: NewTableSettings
}
const plain: Flavour = { python: {}, ours: {} }
const rich: Flavour = {
  python: {
    use_jsonb: true,
    hybrid_search: true,
    text_search_config: 'english',
    hnsw_kwargs: { hnsw_m: 16, hnsw_ef_construction: 64, hnsw_ef_search: 40 },
  },
  ours: { jsonb: true, textSearch: 'english', hnsw: { m: 16, efConstruction: 64 } },
}
const flavours: readonly (readonly [string, Flavour])[] = [
  ['a table as LlamaIndex makes it', plain],
  ['a table with jsonb, text search and an HNSW index', rich],
]

async function withPython(
  command: 'write' | 'read' | 'delete',
  table: string,
  flavour: Flavour,
  given: unknown,
): Promise<Seen> {
  return seenSchema.parse(await askPython(command, table, flavour, given))
}

async function askPython(command: string, table: string, flavour: Flavour, given: unknown): Promise<unknown> {
  const path = join(home, `${table}.json`)
  await writeFile(path, JSON.stringify({ settings: flavour.python, given }))
  const script = join(import.meta.dirname, 'pgvector_store.py')
  const { stdout } = await run(python, [script, port, password, table, command, path], { maxBuffer: 1 << 28 })
  return JSON.parse(stdout)
}

async function withStackroom<Value>(
  table: string,
  { ours }: Flavour,
  work: (store: PGVectorStore) => Promise<Value>,
): Promise<Value> {
  await using store = await openPgvectorStore(address, { table, create: ours })
  return await work(store)
}

interface Item {
  readonly id: string
  readonly refDocId: string
  readonly text: string
  readonly metadata: Metadata
  readonly vector: readonly number[]
}
const items: readonly Item[] = [
  {
    id: 'a',
    refDocId: '/books/Wal.txt',
    text: 'Call me Ishmael, the whale hunter. 🐋',
    metadata: { year: 1851, title: 'Größe', part: 0.5, tags: ['sea', 'whale'] },
    vector: [1, 0.25, 0, 0],
  },
  {
    id: 'b',
    refDocId: '/books/Wal.txt',
    text: 'Some years ago\n"never" mind\\ how long precisely',
    metadata: { year: 1851, title: "it's x", none: null, tags: [] },
    vector: [0.5, 0.5, 0.25, 0],
  },
  {
    id: 'ключ',
    refDocId: 'c:\\docs\\é.md',
    text: 'two whales hunting in version 1.5 of the sea',
    metadata: { year: 2001, flag: true, nested: { deep: [1, 'two'] } },
    vector: [0.1, 0, 1, 0.125],
  },
  { id: 'd', refDocId: 'plain', text: 'three', metadata: {}, vector: [0, 0.75, 0, 1] },
]
const nodes = items.map(({ id, vector, ...options }) => nodeOf(id, vector, options))

interface Question {
  readonly vector: readonly number[]
  readonly topK: number
  readonly text?: string
  readonly mode?: QueryMode
  readonly mmrThreshold?: number
  readonly filters?: MetadataFilters
}
const filters: MetadataFilters[] = [
  { filters: [{ key: 'year', value: 1851 }] },
  { filters: [{ key: 'part', operator: '>', value: 0.25 }] },
  { filters: [{ key: 'title', operator: 'in', value: ['x', 'Größe'] }] },
  { filters: [{ key: 'tags', operator: 'any', value: ['sea', 'land'] }] },
  { filters: [{ key: 'tags', operator: 'all', value: ['sea', 'land'] }] },
  { filters: [{ key: 'title', operator: 'text_match', value: 'Gr' }] },
  {
    condition: 'or',
    filters: [
      { key: 'ref_doc_id', value: 'plain' },
      {
        condition: 'and',
        filters: [
          { key: 'year', operator: '>=', value: 2000 },
          { key: 'year', operator: '<', value: 2002 },
        ],
      },
    ],
  },
]
const questions: readonly Question[] = [
  { vector: [1, 0, 0, 0], topK: 3 },
  { vector: [0.1, 0.2, 0.9, 0.3], topK: 2 },
  { vector: [0, 1, 0, 1], topK: 10 },
  ...filters.map((filter) => ({ vector: [1, 0, 0, 0.5], topK: 10, filters: filter })),
]
const inWords: readonly Question[] = [
  { vector: [1, 0, 0, 0], topK: 2, mode: 'hybrid', text: 'whales, hunting!' },
  { vector: [1, 0, 0, 0], topK: 2, mode: 'text_search', text: 'whale OR "version 1.5"?' },
  { vector: [1, 0, 0, 0], topK: 5, mode: 'text_search', text: 'whale', filters: filters[0]! },
]

async function expectSameAnswers(
  store: PGVectorStore,
  asked: readonly Question[],
  { answers }: Seen,
): Promise<void> {
  for (const [index, { vector, ...question }] of asked.entries()) {
    const hits = await store.query({ ...question, vector: Float32Array.from(vector) })
    const theirs = answers?.[index] ?? []
    expect(hits.map(({ nodeId }) => nodeId)).toEqual(theirs.map(({ nodeId }) => nodeId))
    for (const [rank, { score, node }] of hits.entries()) {
      expect(score).toBeCloseTo(theirs[rank]?.score ?? Number.NaN, 6)
      expect(node?.text).toBe(theirs[rank]?.text)
      expect(node?.metadata).toEqual(theirs[rank]?.metadata)
    }
  }
}

let tables = 0
const newTable = (): string => `interop_${++tables}`

test.each(flavours)(
  '%s: what Stackroom wrote is found by LlamaIndex, with the same scores',
  async (_, flavour) => {
    const table = newTable()
    await withStackroom(table, flavour, (store) => store.add(nodes))
    const asked = flavour === rich ? [...questions, ...inWords] : questions
    const seen = await withPython('read', table, flavour, asked)
    expect(seen.answers?.flat().length).toBeGreaterThan(15)
    await withStackroom(table, flavour, (store) => expectSameAnswers(store, asked, seen))
  },
)

test.each(flavours)(
  '%s: what LlamaIndex wrote is found by Stackroom, with the same scores',
  async (_, flavour) => {
    const table = newTable()
    await withPython('write', table, flavour, items)
    const asked = flavour === rich ? [...questions, ...inWords] : questions
    const seen = await withPython('read', table, flavour, asked)
    await withStackroom(table, flavour, async (store) => {
      await expectSameAnswers(store, asked, seen)
      const [entry] = await store.get({ nodeIds: ['a'], vectors: true })
      expect(entry?.node).toMatchObject({ refDocId: '/books/Wal.txt', startCharIdx: 3, endCharIdx: 7 })
      expect(Array.from(entry?.vector ?? [])).toEqual(items[0]?.vector)
      expect(store.capabilities.queryModes.includes('hybrid')).toBe(flavour === rich)
    })
  },
)

test.each(flavours)(
  '%s: columns, indexes and rows are the same, character by character',
  async (_, flavour) => {
    const [theirTable, ourTable] = [newTable(), newTable()]
    const theirs = await withPython('write', theirTable, flavour, items)
    await withStackroom(ourTable, flavour, (store) => store.add(nodes))
    const ours = await withPython('read', ourTable, flavour, [])
    expect(ours.rows).toEqual(theirs.rows)
    const renamed = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value).replaceAll(ourTable, theirTable))
    expect(renamed(ours.columns)).toEqual(theirs.columns)
    expect(ours.shape).toEqual(theirs.shape)
    // Ours alone: without it a node is looked for in the whole table.
    const isOwn = (index: unknown): boolean => JSON.stringify(index).includes('_idx_node_id')
    expect(ours.indexes.filter(isOwn)).toHaveLength(1)
    expect(renamed(ours.indexes.filter((index) => !isOwn(index)))).toEqual(theirs.indexes)
  },
)

test('documents that one wrote are deleted by the other', async () => {
  const table = newTable()
  await withPython('write', table, plain, items)
  await withStackroom(table, plain, (store) => store.delete('/books/Wal.txt'))
  expect(Object.keys((await withPython('delete', table, plain, ['c:\\docs\\é.md'])).rows)).toEqual(['d'])
  await withStackroom(table, plain, (store) => store.add(nodes))
  const seen = await withPython('delete', table, plain, ['/books/Wal.txt', 'plain'])
  expect(Object.keys(seen.rows)).toEqual(['ключ'])
})

test('maximum marginal relevance chooses the same nodes in the same order', async () => {
  const table = newTable()
  await withPython('write', table, plain, items)
  const asked: Question[] = [0.1, 0.5, 0.9].map((mmrThreshold) => ({
    vector: [1, 0.3, 0.1, 0.05],
    topK: 3,
    mode: 'mmr',
    mmrThreshold,
  }))
  const { answers } = await withPython('read', table, plain, asked)
  await withStackroom(table, plain, async (store) => {
    for (const [index, { vector, ...question }] of asked.entries()) {
      const hits = await store.query({ ...question, vector: Float32Array.from(vector) })
      expect(hits.map(({ nodeId }) => nodeId)).toEqual(answers?.[index]?.map(({ nodeId }) => nodeId))
    }
  })
})

test('the words of a question are taken as LlamaIndex takes them', async () => {
  const asked = [
    'a.b c. d',
    '...',
    "it's (really) 1.5!",
    'x..y',
    'Größe/名前 _z',
    ' .a b. ',
    'a-b&c|d!e:*',
    '🐋 wal',
  ]
  const seen = z
    .object({ answers: z.array(z.string()) })
    .parse(await askPython('words', 'words', rich, asked))
  expect(asked.map(textSearchQuery)).toEqual(seen.answers)
})

test('tables of LlamaIndex are listed with their counts and dimensions, others are not', async () => {
  const table = newTable()
  await withPython('write', table, rich, items)
  await client(async (admin) => {
    await admin.query('CREATE TABLE data_of_somebody (id int, text text)')
  })
  const listed = await listPgvectorCollections(address)
  expect(listed.find(({ name }) => name === table)).toEqual({
    schema: 'public',
    name: table,
    records: items.length,
    dimension: 4,
    metric: 'cosine',
    textSearch: true,
  })
  expect(listed.some(({ name }) => name === 'of_somebody')).toBe(false)
})

test('a wrong password, a database and a table that are not there, and a table of somebody else are told apart', async () => {
  const wrong = (change: (url: URL) => void): string => {
    const url = new URL(address)
    change(url)
    return url.href
  }
  const table = newTable()
  await withPython('write', table, plain, items)
  expect(
    await codeOf(
      openPgvectorStore(
        wrong((url) => (url.password = 'guess')),
        { table },
      ),
    ),
  ).toBe('wrong-key')
  expect(
    await codeOf(
      openPgvectorStore(
        wrong((url) => (url.pathname = '/nowhere')),
        { table },
      ),
    ),
  ).toBe('not-found')
  expect(await codeOf(openPgvectorStore(address, { table: 'nowhere' }))).toBe('not-found')
  const refused = openPgvectorStore(address, { table: 'of_somebody' })
  expect(await codeOf(refused)).toBe('unsupported-format')
})

async function client<Value>(work: (admin: Client) => Promise<Value>): Promise<Value> {
  const admin = new Client({ connectionString: address })
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}

async function harness(create: NewTableSettings): Promise<StoreHarness> {
  const opened: PGVectorStore[] = []
  let table = ''
  const open = async (): Promise<PGVectorStore> => {
    const store = await openPgvectorStore(address, { table, create })
    opened.push(store)
    return store
  }
  const closeAll = async (): Promise<void> => {
    await Promise.all(opened.splice(0).map((store) => store.close()))
  }
  return {
    async empty() {
      await closeAll()
      table = newTable()
      return open()
    },
    again: open,
    /** All connections are cut, in the middle of whatever they do. */
    killEngine: () =>
      client(async (admin) => {
        await admin.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $1',
          ['client backend'],
        )
      }),
    [Symbol.asyncDispose]: closeAll,
  }
}

conformsToVectorStore('PGVector on a whole server', () => harness({}))
conformsToVectorStore('PGVector on a whole server, with jsonb, text search and HNSW', () =>
  harness(rich.ours),
)
