/** Chroma servers that somebody else runs, by their address: behind a path, with a token, down, or no Chroma at all. */
import { createServer, request, type RequestListener, type Server } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ChromaClient } from '#engine/stores/chroma/chroma-client.ts'
import { ChromaEngines, type HeldEngine } from '#engine/stores/chroma/chroma-engines.ts'
import { remoteServer } from '#engine/stores/chroma/chroma-server.ts'
import { listCollections } from '#engine/stores/chroma/list-collections.ts'
import { openChromaStore } from '#engine/stores/chroma/open-chroma-store.ts'
import { nodeOf } from './store-conformance.ts'
import { codeOf } from './storage-test-folder.ts'

const token = 'a-secret-token'
const cacheFolder = join(tmpdir(), 'stackroom-test-cache')

let home: string
let engines: ChromaEngines
let held: HeldEngine
let servers: Server[]
/** A real Chroma behind a path and a token, as it is run for many. */
let url: string

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-chroma-'))
  servers = []
  engines = new ChromaEngines()
  held = engines.hold({ folder: join(home, 'chroma'), cacheFolder, migrate: false })
  const chroma = await held.engine.use((address) => Promise.resolve(address))
  const proxy = await serve((incoming, outgoing) => {
    if (incoming.headers['x-chroma-token'] !== token) {
      outgoing.writeHead(401).end('{"error":"AuthError","message":"no"}')
      return
    }
    const path = (incoming.url ?? '').replace(/^\/behind\/this/, '')
    const passed = request(
      chroma + path,
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
      },
    )
    incoming.pipe(passed)
  })
  url = `${proxy}/behind/this/`
})

afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  await engines[Symbol.asyncDispose]()
  await rm(home, { recursive: true, force: true })
})

const create = { embeddingFunction: null } as const

test('a server behind a path and a token is used as a folder is', async () => {
  const server = remoteServer({ url, token })
  const store = await openChromaStore(server, { collection: 'remote', create })
  await store.add([nodeOf('a', [1, 0, 0]), nodeOf('b', [0, 1, 0])])
  const [hit] = await store.query({ vector: Float32Array.of(1, 0.1, 0), topK: 1 })
  expect(hit?.nodeId).toBe('a')
  expect(store.capabilities.shared).toBe(true)
  const local = await openChromaStore(held.engine, { collection: 'remote' })
  expect(await local.count()).toBe(2)
})

test('databases and collections of a server are listed', async () => {
  const client = new ChromaClient(remoteServer({ url, token }))
  await client.getOrCreateCollection({ name: 'listed', configuration: {} })
  expect(await client.listDatabases()).toContain('default_database')
  expect((await client.listCollections()).map(({ name }) => name)).toContain('listed')
  await client.deleteCollection('listed')
  expect((await client.listCollections()).map(({ name }) => name)).not.toContain('listed')
})

test('all collections of a tenant are listed with what they are', async () => {
  const store = await openChromaStore(held.engine, {
    collection: 'described',
    create: { metric: 'cosine', embeddingFunction: 'default' },
  })
  await store.add([nodeOf('a', [1, 0, 0, 0])])
  expect(store.metric).toBe('cosine')
  expect(await listCollections(remoteServer({ url, token }))).toContainEqual({
    tenant: 'default_tenant',
    database: 'default_database',
    name: 'described',
    records: 1,
    dimension: 4,
    metric: 'cosine',
    embeddingFunction: 'default',
    metadata: {},
  })
})

test('a wrong token is told as such, and is in no error', async () => {
  const opening = openChromaStore(remoteServer({ url, token: 'wrong-secret' }), { collection: 'remote' })
  expect(await codeOf(opening)).toBe('wrong-key')
  const error: unknown = await opening.catch((reason: unknown) => reason)
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('wrong-secret')
})

test('a collection, and a database, that is not there', async () => {
  const server = remoteServer({ url, token })
  expect(await codeOf(openChromaStore(server, { collection: 'nobody' }))).toBe('not-found')
  const database = { tenant: 'default_tenant', database: 'nobody' }
  expect(await codeOf(openChromaStore(server, { collection: 'remote', database }))).toBe('not-found')
})

test('a server that is down, and one that is no Chroma, are told apart', async () => {
  const address = await serve((_, outgoing) => outgoing.end('<html>hello</html>'))
  expect(await codeOf(openChromaStore(remoteServer({ url: address }), { collection: 'any' }))).toBe(
    'bad-answer',
  )
  servers.at(-1)?.closeAllConnections()
  servers.pop()?.close()
  expect(await codeOf(openChromaStore(remoteServer({ url: address }), { collection: 'any' }))).toBe(
    'server-down',
  )
})

test('what is no address is refused', () => {
  expect(() => remoteServer({ url: 'my server' })).toThrow('no address')
  expect(() => remoteServer({ url: 'file:///etc/passwd' })).toThrow('no address')
})

test('a request that is cancelled does not wait for its answer', async () => {
  const address = await serve(() => undefined)
  const stop = new AbortController()
  const opening = openChromaStore(
    remoteServer({ url: address }),
    { collection: 'any' },
    { signal: stop.signal },
  )
  stop.abort(new Error('enough'))
  await expect(opening).rejects.toThrow('enough')
})

test('a server that leads elsewhere is not followed with the token', async () => {
  const seen: unknown[] = []
  const other = await serve((incoming, outgoing) => {
    seen.push(incoming.headers['x-chroma-token'])
    outgoing.end('[]')
  })
  const address = await serve((_, outgoing) => outgoing.writeHead(302, { location: other }).end())
  const opening = openChromaStore(remoteServer({ url: address, token }), { collection: 'any' })
  expect(await codeOf(opening)).toBe('bad-answer')
  expect(seen).toEqual([])
})

test('names that Chroma does not take are refused before anything is asked', async () => {
  for (const collection of ['ab', 'a b c', '-abc', 'größe'])
    expect(await codeOf(openChromaStore(held.engine, { collection, create }))).toBe('invalid-input')
})

test('one folder has one engine, which ends with the last who holds it', async () => {
  const folder = join(home, 'shared')
  const first = engines.hold({ folder, cacheFolder, migrate: false })
  const second = engines.hold({ folder: join(home, '.', 'shared'), cacheFolder, migrate: false })
  expect(second.engine).toBe(first.engine)
  await openChromaStore(first.engine, { collection: 'held', create })
  await first[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
  expect(await second.engine.pid()).not.toBeNull()
  await second[Symbol.asyncDispose]()
  expect(await second.engine.pid()).toBeNull()
})
