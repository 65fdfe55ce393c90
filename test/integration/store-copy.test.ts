/** Copies from store to store, each with its real engine. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { ChromaEngine } from '#engine/stores/chroma/chroma-engine.ts'
import { openChromaEngine, openChromaStore } from '#engine/stores/chroma/open-chroma-store.ts'
import { copyStore, type CopyProgress } from '#engine/stores/copy-store.ts'
import { textNodeOf } from '#engine/stores/node-content.ts'
import { parsePostgresAddress } from '#engine/stores/pgvector/postgres-address.ts'
import { PostgresConnections } from '#engine/stores/pgvector/postgres-connections.ts'
import { PGVectorStore } from '#engine/stores/pgvector/pg-vector-store.ts'
import { tableName } from '#engine/stores/pgvector/table-schema.ts'
import { SimpleVectorStore } from '#engine/stores/simple/simple-vector-store.ts'
import type { NodeWithVector, VectorStore } from '#engine/stores/vector-store.ts'
import { startPostgres, type PostgresServer } from './postgres-server.ts'
import { nodeOf } from './store-conformance.ts'
import { codeOf, TestFolder } from './storage-test-folder.ts'

let server: PostgresServer
let connections: PostgresConnections
let home: string
let engine: ChromaEngine
const folders: TestFolder[] = []
let number = 0

beforeAll(async () => {
  server = await startPostgres()
  connections = new PostgresConnections({ address: parsePostgresAddress(server.address), connections: 1 })
  home = await mkdtemp(join(tmpdir(), 'stackroom-copy-'))
  engine = openChromaEngine({
    folder: join(home, 'chroma'),
    cacheFolder: join(tmpdir(), 'stackroom-test-cache'),
    migrate: false,
  })
})
afterEach(async () => {
  for (const folder of folders.splice(0)) await folder[Symbol.asyncDispose]()
})
afterAll(async () => {
  await engine.close()
  await connections.close()
  await server[Symbol.asyncDispose]()
  await rm(home, { recursive: true, force: true })
})

/** Unit vectors all over the sphere, the same ones each time. */
function vectorOf(index: number): number[] {
  const values = Array.from(
    { length: 16 },
    (_, place) => Math.sin((index + 1) * (place + 1) * 0.37) + Math.cos(index * place * 1.3),
  )
  const length = Math.hypot(...values)
  return values.map((value) => value / length)
}

function nodes(count: number): NodeWithVector[] {
  return Array.from({ length: count }, (_, index) =>
    nodeOf(`node ${index}`, vectorOf(index), {
      text: `text of ${index}: Größe "${index}" \n🐋`,
      metadata: { index, part: index / 8, tags: ['a', String(index % 7)], nothing: null },
      refDocId: `/documents/${index % 40}.txt`,
    }),
  )
}

async function simple(): Promise<{ store: SimpleVectorStore; texts: () => Promise<unknown[]> }> {
  const folder = await TestFolder.make()
  folders.push(folder)
  const storage = await folder.create()
  return {
    store: new SimpleVectorStore(storage),
    async texts() {
      await storage.persist()
      const names = ['docstore.json', 'default__vector_store.json']
      return Promise.all(
        names.map(async (name): Promise<unknown> =>
          JSON.parse(await readFile(join(folder.persistDir, name), 'utf8')),
        ),
      )
    },
  }
}

const chroma = (): Promise<VectorStore> =>
  openChromaStore(engine, { collection: `copy-${++number}`, create: { embeddingFunction: null } })
const postgres = (): VectorStore =>
  new PGVectorStore({ connections, table: tableName({ name: `copy_${++number}` }), shape: null, create: {} })

test('a folder that went through Chroma and PostgreSQL is the same folder again', async () => {
  const first = await simple()
  await first.store.add(nodes(1200))
  const before = await first.texts()
  const last = await simple()
  const stores = [first.store, await chroma(), postgres(), last.store]
  for (const [index, to] of stores.entries()) {
    const from = stores[index - 1]
    if (!from) continue
    const seen: CopyProgress[] = []
    const report = await copyStore(from, to, { onProgress: (progress) => seen.push(progress) })
    expect(report).toMatchObject({ nodes: 1200, alreadyThere: 0, check: { nodes: 1200, vectors: 200 } })
    expect(report.check.agreement).toBeGreaterThan(0.95)
    expect(seen.findLast(({ phase }) => phase === 'copying')).toEqual({
      phase: 'copying',
      done: 1200,
      total: 1200,
    })
  }
  expect(await last.texts()).toEqual(before)
  expect(await first.texts()).toEqual(before)
})

test('numbers and fields of a node that Stackroom does not know arrive character by character', async () => {
  const content =
    '{"id_": "odd", "embedding": null, "metadata": {"whole": 1.0, "tiny": 1e-07}, "own": [1.50], "relationships": {"1": {"node_id": "d", "node_type": "4", "metadata": {}, "hash": "h", "class_name": "RelatedNodeInfo"}}, "text": "text", "class_name": "IndexNode", "index_id": "i"}'
  const first = await simple()
  const node = textNodeOf('odd', content, 'text')
  await first.store.add([{ node, vector: Float32Array.from(vectorOf(1)), content }])
  const [pg, last] = [postgres(), await simple()]
  await copyStore(first.store, pg)
  await copyStore(pg, last.store)
  const [entry] = await last.store.get({ contents: true })
  expect(entry?.content).toBe(content)
  expect(await last.texts()).toEqual(await first.texts())
})

test('a copy that was broken off goes on, without nodes twice and without nodes missing', async () => {
  const { store: from } = await simple()
  await from.add(nodes(1200))
  const to = postgres()
  const stop = new AbortController()
  const broken = copyStore(from, to, {
    signal: stop.signal,
    onProgress: ({ done }) => {
      if (done >= 500) stop.abort(new Error('enough'))
    },
  })
  await expect(broken).rejects.toThrow('enough')
  const half = await to.count()
  expect(half).toBeGreaterThan(0)
  expect(half).toBeLessThan(1200)
  expect(await copyStore(from, to)).toMatchObject({ nodes: 1200, alreadyThere: half })
  expect(await to.count()).toBe(1200)
  expect(await copyStore(from, to)).toMatchObject({ nodes: 1200, alreadyThere: 1200 })
})

test('a target with nodes of somebody else is refused, and stays as it is', async () => {
  const { store: from } = await simple()
  await from.add(nodes(10))
  const to = postgres()
  await to.add([nodeOf('somebody else’s', vectorOf(0))])
  expect(await codeOf(copyStore(from, to))).toBe('invalid-input')
  expect(await to.count()).toBe(1)
})

test('a copy whose vectors are other ones is found out', async () => {
  const { store: from } = await simple()
  await from.add(nodes(50))
  const to = postgres()
  await copyStore(from, to)
  await server.database.query(
    `UPDATE data_copy_${number} SET embedding = embedding + '[${Array(16).fill(0.01).join(',')}]'`,
  )
  const { checkCopy } = await import('#engine/stores/check-copy.ts')
  expect(await codeOf(checkCopy(from, to))).toBe('bad-answer')
})
