/** Chroma servers that somebody else runs, by their address: behind a path, with a token, down, or no Chroma at all. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ChromaClient } from '#engine/stores/chroma/chroma-client.ts'
import { ChromaEngines, type HeldEngine } from '#engine/stores/chroma/chroma-engines.ts'
import { remoteServer } from '#engine/stores/chroma/chroma-server.ts'
import { openChromaStore } from '#engine/stores/chroma/open-chroma-store.ts'
import { nodeOf } from './store-conformance.ts'
import { codeOf } from './storage-test-folder.ts'

const token = 'a-secret-token'
const cacheFolder = join(tmpdir(), 'stackroom-test-cache')
const certificate = resolve(import.meta.dirname, '../fixtures/tls/certificate.pem')

let home: string
let engines: ChromaEngines
let held: HeldEngine
let servers: Server[]
/** A real Chroma behind a path and a token, as it is run for many. */
let url: string
/** The same behind a certificate that nothing trusts. */
let secureUrl: string

async function serve(listener: RequestListener): Promise<string> {
  return `http://${await listening(createServer(listener))}`
}

async function serveSecurely(listener: RequestListener): Promise<string> {
  const key = readFileSync(join(certificate, '../key.pem'))
  return `https://${await listening(createTlsServer({ cert: readFileSync(certificate), key }, listener))}`
}

async function listening(server: Server): Promise<string> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
}

/** Servers take the token in one of two headers, as they are set up. */
function hasToken({ headers }: { headers: NodeJS.Dict<string | string[]> }, isBearer: boolean): boolean {
  return isBearer ? headers.authorization === `Bearer ${token}` : headers['x-chroma-token'] === token
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-chroma-'))
  servers = []
  engines = new ChromaEngines()
  held = engines.hold({ folder: join(home, 'chroma'), cacheFolder, migrate: false })
  const chroma = await held.engine.use((address) => Promise.resolve(address))
  const proxy: RequestListener = (incoming, outgoing) => {
    const isBearer = incoming.url?.startsWith('/bearer') ?? false
    if (!hasToken(incoming, isBearer)) {
      outgoing.writeHead(401).end('{"error":"AuthError","message":"no"}')
      return
    }
    const path = (incoming.url ?? '').replace(/^\/(behind\/this|bearer)/, '')
    const passed = request(
      chroma + path,
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
      },
    )
    incoming.pipe(passed)
  }
  url = `${await serve(proxy)}/behind/this/`
  secureUrl = await serveSecurely(proxy)
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

test('the token goes in either header', async () => {
  const bearer = url.replace('/behind/this/', '/bearer')
  const store = await openChromaStore(remoteServer({ url: bearer, token }), { collection: 'bearer', create })
  expect(await store.count()).toBe(0)
  expect(await codeOf(openChromaStore(remoteServer({ url: bearer }), { collection: 'bearer' }))).toBe(
    'wrong-key',
  )
})

test('a server tells where a token leads', async () => {
  expect(await new ChromaClient(remoteServer({ url, token })).identity()).toEqual({
    tenant: 'default_tenant',
    databases: ['default_database'],
  })
  const anything = await serve((incoming, outgoing) =>
    outgoing.end(
      incoming.url === '/api/v2/version' ? '"1.0.0"' : '{"user_id":"a","tenant":"*","databases":["*"]}',
    ),
  )
  expect(await new ChromaClient(remoteServer({ url: anything })).identity()).toEqual({
    tenant: null,
    databases: null,
  })
})

test('another tenant and database of a server are kept apart from the default ones', async () => {
  const server = remoteServer({ url, token })
  const address = await held.engine.use((at) => Promise.resolve(at))
  const post = (path: string, body: unknown) =>
    fetch(`${address}/api/v2/${path}`, { method: 'POST', body: JSON.stringify(body), headers: json })
  const json = { 'content-type': 'application/json' }
  await post('tenants', { name: 'library' })
  await post('tenants/library/databases', { name: 'branch' })
  const database = { tenant: 'library', database: 'branch' }
  const store = await openChromaStore(server, { collection: 'apart', database, create })
  await store.add([nodeOf('a', [1, 0, 0])])
  expect(await store.listNamespaces()).toEqual(['apart'])
  expect(await codeOf(openChromaStore(server, { collection: 'apart' }))).toBe('not-found')
  const client = new ChromaClient(server, database)
  expect(await client.listCollections()).toMatchObject([{ ...database, name: 'apart', dimension: 3 }])
})

test('databases and collections of a server are listed', async () => {
  const client = new ChromaClient(remoteServer({ url, token }))
  await client.getOrCreateCollection({ name: 'listed', metric: 'l2', embeddingFunction: null })
  expect(await client.listDatabases()).toContain('default_database')
  expect((await client.listCollections()).map(({ name }) => name)).toContain('listed')
  await client.deleteCollection('listed')
  expect((await client.listCollections()).map(({ name }) => name)).not.toContain('listed')
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
  expect(await codeOf(openChromaStore(server, { collection: 'new-one', database, create }))).toBe('not-found')
})

test.each([
  // What Chroma 0.4.24 says of version 2 of the interface, and what 0.6.3 says.
  ['version 1 of the interface alone', 404, '{"detail":"Not Found"}'],
  ['version 2, but passes over ids in queries', 200, '"0.6.3"'],
])('a server that has %s is told as too old', async (_, status, answer) => {
  const address = await serve((_incoming, outgoing) => outgoing.writeHead(status).end(answer))
  const opening = openChromaStore(remoteServer({ url: address }), { collection: 'any' })
  await expect(opening).rejects.toMatchObject({ code: 'engine-unavailable' })
  await expect(opening).rejects.toThrow('too old')
})

test('a certificate that nothing trusts is told as such, and no token is sent', async () => {
  const opening = openChromaStore(remoteServer({ url: secureUrl, token }), { collection: 'remote' })
  await expect(opening).rejects.toMatchObject({ code: 'server-down' })
  await expect(opening).rejects.toThrow('certificate')
})

test('a certificate that NODE_EXTRA_CA_CERTS names is trusted', async () => {
  const script = `
    const { remoteServer } = await import('#engine/stores/chroma/chroma-server.ts')
    const { ChromaClient } = await import('#engine/stores/chroma/chroma-client.ts')
    console.log((await new ChromaClient(remoteServer({ url: '${secureUrl}', token: '${token}' })).identity()).tenant)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate },
    cwd: resolve(import.meta.dirname, '../..'),
  })
  expect(stdout.trim()).toBe('default_tenant')
})

test('http where https is spoken, and the other way round, are told', async () => {
  const plain = remoteServer({ url: secureUrl.replace('https:', 'http:') })
  expect(await codeOf(openChromaStore(plain, { collection: 'any' }))).toMatch(/server-down|bad-answer/)
  const secure = remoteServer({ url: url.replace('http:', 'https:') })
  await expect(openChromaStore(secure, { collection: 'any' })).rejects.toThrow('encryption')
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
