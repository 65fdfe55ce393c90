/** PGVector over a network that fails: what is told, and what has been written afterwards. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { StackroomError } from '#contract'
import { openPgvectorStore } from '#engine/stores/pgvector/open-pg-vector-store.ts'
import { parsePostgresAddress } from '#engine/stores/pgvector/postgres-address.ts'
import { PostgresConnections } from '#engine/stores/pgvector/postgres-connections.ts'
import { PGVectorStore } from '#engine/stores/pgvector/pg-vector-store.ts'
import { tableName } from '#engine/stores/pgvector/table-schema.ts'
import { cuttingProxy, type CuttingProxy } from './cutting-proxy.ts'
import { startPostgres, type PostgresServer } from './postgres-server.ts'
import { nodeOf } from './store-conformance.ts'
import { codeOf } from './storage-test-folder.ts'

let server: PostgresServer
let proxy: CuttingProxy
let connections: PostgresConnections
let store: PGVectorStore
let number = 0

const address = (port: number | string, rest = ''): string =>
  `postgres://postgres@127.0.0.1:${port}/postgres${rest}`
const soon = [1, 1, 1, 1]

beforeAll(async () => {
  server = await startPostgres()
  proxy = await cuttingProxy(server.port)
  const through = parsePostgresAddress(address(proxy.port))
  connections = new PostgresConnections({ address: through, connections: 1, waitsMs: soon })
})
afterAll(async () => {
  await connections.close()
  await proxy[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

function newStore(): PGVectorStore {
  return new PGVectorStore({
    connections,
    table: tableName({ name: `lost_${++number}` }),
    shape: null,
    create: {},
  })
}

const nodes = Array.from({ length: 2000 }, (_, index) =>
  nodeOf(`node ${index}`, [Math.cos(index), Math.sin(index), 1], { text: `text ${index} `.repeat(10) }),
)

async function idsInTable(): Promise<string[]> {
  const { rows } = await server.database.query<{ node_id: string }>(
    `SELECT node_id FROM data_lost_${number} ORDER BY id`,
  )
  return rows.map(({ node_id }) => node_id)
}

test.each([
  ['at once', [50]],
  ['in the middle of the first rows', [100_000]],
  ['again and again', [20_000, 300_000, 900_000, 1_500_000]],
])('a connection that is cut %s while nodes are written: all of them are there once', async (_, cuts) => {
  store = newStore()
  const before = proxy.cuts
  proxy.cutAfter(...cuts)
  await store.add(nodes)
  expect(proxy.cuts).toBe(before + cuts.length)
  expect(await idsInTable()).toEqual(nodes.map(({ node }) => node.id_))
})

test('a connection that is cut more often than is tried leaves what was there before', async () => {
  store = newStore()
  await store.add(nodes.slice(0, 10))
  proxy.cutAfter(...Array<number>(10).fill(100_000))
  const adding = store.add(nodes)
  expect(await codeOf(adding)).toBe('server-down')
  await expect(adding).rejects.toThrow(/broke off/)
  proxy.cutAfter()
  expect(await store.count()).toBe(10)
})

test('a call to a server that says nothing can be cancelled', async () => {
  store = newStore()
  await store.add(nodes.slice(0, 10))
  proxy.hold()
  const stop = new AbortController()
  const counting = store.count({ signal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(counting).rejects.toThrow('enough')
  proxy.letGo()
  expect(await store.count()).toBe(10)
})

async function hintOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (problem: unknown) => problem,
  )
  return error instanceof StackroomError ? `${error.code}: ${error.message} ${error.hint}` : String(error)
}

test('each reason why there is no connection is told by itself', async () => {
  const open = (at: string): Promise<string> => hintOf(openPgvectorStore(at, { waitsMs: [] }))
  expect(await open(address(9))).toMatch(
    /^server-down: PostgreSQL does not answer at 127.0.0.1:9.*server runs/,
  )
  expect(await open('postgres://me@nowhere.invalid/db')).toMatch(/^server-down: .*not known on the network/)
  expect(await open(address(server.port, '?sslmode=verify-full'))).toMatch(/^server-down: .*encryption/)
  expect(await open(address(server.port, '?sslmode=perhaps'))).toMatch(/^invalid-input: “perhaps”/)
  expect(await open('mysql://me@host/db')).toMatch(/^invalid-input: .*postgres:\/\//)
  expect(await open(address(server.port))).toMatch(/^not-found: There is no table “data_llamaindex”/)
})

test('vectors of another length than the column’s are told as such, also when another program made the table', async () => {
  store = newStore()
  await store.add(nodes.slice(0, 10))
  const other = new PGVectorStore({
    connections,
    table: tableName({ name: `lost_${number}` }),
    shape: null,
    create: {},
  })
  expect(await codeOf(other.add([nodeOf('longer', [1, 2, 3, 4])]))).toBe('dimension-mismatch')
})

test('a password never stands in what is told', async () => {
  const told = await hintOf(openPgvectorStore('postgres://me:hunter2@127.0.0.1:9/db', { waitsMs: [] }))
  expect(told).not.toContain('hunter2')
})
