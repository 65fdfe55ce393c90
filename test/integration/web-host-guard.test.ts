/** Who may talk to the web host, and what may be uploaded to it. */
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createApplication } from '#app/application.ts'
import { WebServer } from '../../src-main/hosts/web/server.ts'

let folder: string
let server: WebServer
let address: URL
let cookie: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-web-'))
  await mkdir(join(folder, 'page'))
  await writeFile(join(folder, 'page', 'index.html'), '<!doctype html><title>Stackroom</title>')
  await writeFile(join(folder, 'secret.txt'), 'not for the page')
  server = await WebServer.start({
    port: 0,
    rendererFolder: join(folder, 'page'),
    createApplication: (emit) =>
      createApplication({
        services: { host: 'web' },
        version: '0.0.0',
        dataFolder: join(folder, 'data'),
        resourcesFolder: resolve(import.meta.dirname, '../../resources'),
        emit,
      }),
  })
  address = new URL(server.address)
  const { response } = await ask({ path: `${address.pathname}${address.search}`, cookie: '' })
  expect(response.statusCode).toBe(303)
  cookie = response.headers['set-cookie']![0]!.split(';')[0]!
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

interface Ask {
  readonly method?: string
  /** Sent as it is: nothing resolves its dots. */
  readonly path?: string
  readonly cookie?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

function ask(options: Ask = {}): Promise<{ response: IncomingMessage; body: string }> {
  const { method = 'GET', path = '/', headers = {}, body = '' } = options
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        host: '127.0.0.1',
        port: address.port,
        method,
        path,
        headers: { cookie: options.cookie ?? cookie, host: address.host, ...headers },
      },
      (response) => void text(response).then((body) => resolve({ response, body }), reject),
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

async function status(options: Ask): Promise<number | undefined> {
  return (await ask(options)).response.statusCode
}

/** Resolves with how the opening ended. */
function openSocket(headers: Record<string, string>, path = '/socket'): Promise<'open' | 'refused'> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${address.port}${path}`, { headers })
    socket.on('open', () => {
      socket.close()
      resolve('open')
    })
    socket.on('error', () => resolve('refused'))
  })
}

test('the page is served to whoever has the token, with a strict policy', async () => {
  const { response, body } = await ask()
  expect(response.statusCode).toBe(200)
  expect(body).toContain('Stackroom')
  expect(response.headers['content-security-policy']).toMatch(
    /^default-src 'none'; script-src 'self'; style-src 'self'/,
  )
  expect(response.headers['x-content-type-options']).toBe('nosniff')
})

test('nothing is served without the token, with a wrong one, or with that of another port', async () => {
  expect(await status({ cookie: '' })).toBe(401)
  expect(await status({ cookie: `${cookie}x` })).toBe(401)
  expect(await status({ cookie: cookie.replace(/^stackroom-\d+/, 'stackroom-1') })).toBe(401)
  expect(await status({ cookie: '', path: '/?token=guess' })).toBe(401)
})

test('a name that was pointed at this machine is refused, token or not', async () => {
  expect(await status({ headers: { host: 'evil.example' } })).toBe(403)
  expect(await status({ headers: { host: `evil.example:${address.port}` } })).toBe(403)
  expect(await status({ headers: { host: '127.0.0.1:1' } })).toBe(403)
})

test.each([
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/page/..%5c..%5csecret.txt',
  '/%00',
  '/%',
])('nothing outside of the page is served: %s', async (path) => {
  const { response, body } = await ask({ path })
  expect(response.statusCode).toBeGreaterThanOrEqual(400)
  expect(body).not.toContain('not for the page')
})

test('the socket opens for the own page only', async () => {
  const origin = `http://${address.host}`
  expect(await openSocket({ cookie, origin })).toBe('open')
  expect(await openSocket({ origin })).toBe('refused')
  expect(await openSocket({ cookie, origin: 'http://evil.example' })).toBe('refused')
  expect(await openSocket({ cookie })).toBe('refused')
  expect(await openSocket({ cookie, origin, host: 'evil.example' })).toBe('refused')
  expect(await openSocket({ cookie, origin }, '/other')).toBe('refused')
})

test('a message that is not of the contract ends the connection', async () => {
  for (const message of ['not json', '{"type":"call"}', '[]']) {
    const socket = new WebSocket(`ws://${address.host}/socket`, {
      headers: { cookie, origin: `http://${address.host}` },
    })
    await new Promise((resolve) => socket.on('open', resolve))
    const closed = new Promise<number>((resolve) => socket.on('close', resolve))
    socket.send(message)
    expect([1007, 1008]).toContain(await closed)
  }
})

function put(uploadId: string, path: string, body = 'hello', headers: Record<string, string> = {}) {
  return ask({
    method: 'PUT',
    path: `/upload/${uploadId}/${path}`,
    body,
    headers: { origin: `http://${address.host}`, ...headers },
  })
}

async function begin(name: string): Promise<{ uploadId: string; path: string }> {
  return server.application.handlers['uploads.begin']({ name }, { signal: new AbortController().signal })
}

test('dropped files land below their own folder, their folders kept', async () => {
  const { uploadId, path } = await begin('Notes')
  expect((await put(uploadId, 'a%20b/c%3F.txt')).response.statusCode).toBe(204)
  expect(await readFile(join(path, 'a b', 'c?.txt'), 'utf8')).toBe('hello')
  const second = await begin('Notes')
  expect(second.path).not.toBe(path)
})

test.each([
  '..',
  '../x',
  '%2e%2e/x',
  '..%2fx',
  'a/..%2f..%2fx',
  'a//b',
  '',
  '.',
  'x%00y',
  'a%5cb',
  '%2fetc%2fx',
  '%',
])('an upload to “%s” is refused and writes nothing', async (path) => {
  const { uploadId, path: target } = await begin('Refused')
  const { response } = await put(uploadId, path)
  expect(response.statusCode).toBeGreaterThanOrEqual(400)
  expect(await readdir(target)).toEqual([])
  expect(await readdir(join(folder, 'data', 'uploads'))).not.toContain('x')
  expect(await readdir(join(folder, 'data'))).not.toContain('x')
})

test('an upload needs a place that was asked for, the own page and the token', async () => {
  const { uploadId, path } = await begin('Guarded')
  expect((await put('unknown', 'a.txt')).response.statusCode).toBe(400)
  expect((await put(uploadId, 'a.txt', '', { origin: 'http://evil.example' })).response.statusCode).toBe(403)
  expect((await put(uploadId, 'a.txt', '', { cookie: '' })).response.statusCode).toBe(401)
  expect(await readdir(path)).toEqual([])
})

test('a file is not written over, and the refusal is a sentence', async () => {
  const { uploadId, path } = await begin('Twice')
  await put(uploadId, 'a.txt', 'first')
  const { response, body } = await put(uploadId, 'a.txt', 'second')
  expect(response.statusCode).toBe(400)
  expect(JSON.parse(body)).toMatchObject({ code: 'invalid-input' })
  expect(await readFile(join(path, 'a.txt'), 'utf8')).toBe('first')
})

test.each(['..', '.', 'a/b', 'a\\b', 'a\0b'])('an upload named %j is refused', async (name) => {
  await expect(begin(name)).rejects.toMatchObject({ code: 'invalid-input' })
})

test('a port that is taken is said so', async () => {
  const taken = WebServer.start({
    port: Number(address.port),
    rendererFolder: join(folder, 'page'),
    createApplication: (emit) =>
      createApplication({
        services: { host: 'web' },
        version: '0.0.0',
        dataFolder: join(folder, 'data-2'),
        resourcesFolder: resolve(import.meta.dirname, '../../resources'),
        emit,
      }),
  })
  await expect(taken).rejects.toMatchObject({
    code: 'busy',
    message: expect.stringContaining(address.port) as string,
  })
})
