import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { verifyModel } from '#engine/embed/fingerprint.ts'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { cosine } from '#engine/embed/vectors.ts'
import { FileSecretStore } from '#platform/secrets.ts'
import { ApiServer, sendError, sendJson } from './embed-api-server.ts'

const resourcesFolder = resolve(import.meta.dirname, '../../resources')
const KEY = 'sk-planted-key-0123456789'
const bundledRegistry = new EmbedModelRegistry({ resourcesFolder, dataFolder: tmpdir() })
let bundled: EmbedModel
let server: ApiServer
let dataFolder: string
let registry: EmbedModelRegistry
let model: EmbedModel

beforeAll(async () => {
  bundled = await bundledRegistry.open(BUNDLED_MODEL_ID)
})
afterAll(() => bundledRegistry.close())

beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'stackroom-servers-'))
  server = await ApiServer.start(bundled)
  registry = openRegistry({})
  await addServer()
  model = await registry.open('here:minilm')
  server.requests.length = 0
})
afterEach(async () => {
  await registry.close()
  await server[Symbol.asyncDispose]()
  await rm(dataFolder, { recursive: true })
})

function openRegistry(requests: { timeLimitMs?: number }): EmbedModelRegistry {
  const secrets = new FileSecretStore({
    path: join(dataFolder, 'secrets.json'),
    environment: { HERE_KEY: KEY, AZURE_OPENAI_API_KEY: KEY },
  })
  return new EmbedModelRegistry({
    resourcesFolder,
    dataFolder,
    secrets,
    requests: { backoffMs: 5, ...requests },
  })
}

function addServer(settings: object = {}): Promise<void> {
  return registry.settings.setServer({
    name: 'here',
    kind: 'compatible',
    baseUrl: `${server.url}/v1`,
    keyName: 'HERE_KEY',
    models: {},
    ...settings,
  })
}

const texts = (count: number): string[] => Array.from({ length: count }, (_, i) => `Text number ${i}`)

/** Fails the first `times` requests. */
function failFirst(times: number, fail: ApiServer['trouble']): void {
  server.trouble = (...all) => times-- > 0 && fail(...all)
}

test('a server makes the vectors that its model makes, and its dimensions are found out and remembered', async () => {
  expect(model.identity).toMatchObject({ id: 'here:minilm', dimensions: 384, pooling: 'provider' })
  expect(model.offline).toBe(true)
  const [own, other] = [await model.embedQuery('a lighthouse'), await bundled.embedQuery('a lighthouse')]
  expect(cosine(own, other)).toBeGreaterThan(0.99999)
  await registry.open('here:minilm')
  expect(server.texts).toEqual(['a lighthouse'])
  expect(registry.list().map((info) => info.id)).toContain('here:minilm')
})

test('the key goes to the server and is in no file that was written, and no error', async () => {
  expect(server.headers[0]!.authorization).toBe(`Bearer ${KEY}`)
  for (const file of await readdir(dataFolder))
    expect(await readFile(join(dataFolder, file), 'utf8')).not.toContain(KEY)
  server.trouble = (_, response) => sendError(response, 400, `Bad request with key ${KEY}`)
  const error = await model.embedQuery('x').catch((error: Error) => error)
  expect(error).toMatchObject({ code: 'server-error' })
  expect(JSON.stringify(error) + String(error) + String((error as Error).cause)).not.toContain(KEY)
})

test('vectors come back to their texts whatever the order of the answer', async () => {
  server.order = (items) => items.toReversed()
  const vectors = await model.embedDocuments(texts(5))
  const expected = await bundled.embedDocuments(texts(5))
  vectors.forEach((vector, i) => expect(cosine(vector, expected[i]!)).toBeGreaterThan(0.99999))
})

test('OpenAI’s own servers are asked for base64, with line breaks as spaces as LlamaIndex sends them', async () => {
  await addServer({ kind: 'openai', models: { minilm: { dimensions: 384 } } })
  const own = await registry.open('here:minilm')
  const [vector] = await own.embedDocuments(['two\nlines'])
  expect(server.requests).toMatchObject([{ encoding_format: 'base64', input: ['two lines'] }])
  const [expected] = await bundled.embedDocuments(['two lines'])
  expect(cosine(vector!, expected!)).toBeGreaterThan(0.999999)
})

test('fewer dimensions are asked for only where the model can shorten its vectors', async () => {
  await addServer({ kind: 'openai' })
  const large = await registry.open('here:text-embedding-3-large', { recorded: { dimensions: 384 } })
  await large.embedQuery('short')
  expect(server.requests.at(-1)).toMatchObject({ dimensions: 384 })
  const small = await registry.open('here:text-embedding-3-small')
  await expect(small.embedQuery('long')).rejects.toMatchObject({ code: 'dimension-mismatch' })
  expect(server.requests.at(-1)!.dimensions).toBeUndefined()
})

test('Azure is asked for its deployment, with the key in its own header', async () => {
  await registry.settings.setServer({
    name: 'azure',
    kind: 'azure',
    baseUrl: server.url,
    keyName: 'AZURE_OPENAI_API_KEY',
    models: { mine: { dimensions: 384 } },
  })
  await (await registry.open('azure:mine')).embedQuery('hello')
  expect(server.paths.at(-1)).toMatch(/^\/openai\/deployments\/mine\/embeddings\?api-version=/)
  expect(server.headers.at(-1)!['api-key']).toBe(KEY)
})

test('prefixes of a known family are put before queries and documents, and the user may say otherwise', async () => {
  const nomic = await registry.open('here:nomic-embed-text')
  server.requests.length = 0
  await nomic.embedQuery('q')
  await nomic.embedDocuments(['d'])
  expect(server.texts).toEqual(['search_query: q', 'search_document: d'])
  await registry.settings.setModel('here', 'nomic-embed-text', { queryPrefix: '', documentPrefix: 'doc: ' })
  const own = await registry.open('here:nomic-embed-text')
  expect(own.identity).toMatchObject({ queryPrefix: '', documentPrefix: 'doc: ' })
})

test('many texts go in bounded batches, a few requests at a time, each text once', async () => {
  const seen: number[] = []
  await model.embedDocuments(texts(150), { onVectors: async (indices) => void seen.push(...indices) })
  expect(server.texts.toSorted()).toEqual(texts(150).toSorted())
  expect(Math.max(...server.requests.map((request) => request.input.length))).toBeLessThanOrEqual(32)
  expect(server.mostAtOnce).toBe(2)
  expect(seen.toSorted((a, b) => a - b)).toEqual(texts(150).map((_, i) => i))
})

test('long texts make smaller batches', async () => {
  server.trouble = ({ input }, response) => {
    const data = input.map((_, index) => ({ index, embedding: Array(384).fill(1) }))
    sendJson(response, 200, { object: 'list', data })
    return true
  }
  await model.embedDocuments(texts(8).map((text) => text.padEnd(15_000, ' word')))
  expect(server.requests.map((request) => request.input.length)).toEqual([2, 2, 2, 2])
})

test.for([
  ['a server error', 500],
  ['a bad gateway', 502],
  ['an overload', 503],
] as const)('%s is tried again', async ([_, status]) => {
  failFirst(2, (_, response) => sendError(response, status, 'oops'))
  expect((await model.embedDocuments(['a'])).length).toBe(1)
  expect(server.requests.length).toBe(3)
})

test('a pause that the server asks for is kept', async () => {
  const times: number[] = []
  server.trouble = (_, response) => {
    times.push(Date.now())
    return times.length === 1 && sendError(response, 429, 'slow down', null, { 'retry-after-ms': '120' })
  }
  await model.embedDocuments(['a'])
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(119)
})

test.for([
  ['seconds', (): string => '1', 990],
  // as a date it says whole seconds
  ['a date', (): string => new Date(Date.now() + 2000).toUTCString(), 900],
] as const)('Retry-After is kept, in %s', async ([_, after, atLeast]) => {
  const times: number[] = []
  server.trouble = (_request, response) => {
    times.push(Date.now())
    return times.length === 1 && sendError(response, 429, 'slow down', null, { 'retry-after': after() })
  }
  await model.embedDocuments(['a'])
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(atLeast)
})

test('a pause of an hour is not waited for', async () => {
  server.trouble = (_, response) => sendError(response, 429, 'slow down', null, { 'retry-after': '3600' })
  await expect(model.embedDocuments(['a'])).rejects.toMatchObject({ code: 'rate-limited' })
  expect(server.requests.length).toBe(1)
})

test('half an answer is tried again', async () => {
  failFirst(1, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"data": [{"ind', () => response.destroy())
    return true
  })
  expect((await model.embedDocuments(['a'])).length).toBe(1)
  failFirst(1, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"data": [{"ind')
    return true
  })
  expect((await model.embedDocuments(['a'])).length).toBe(1)
})

test('a server that never answers is given up after the time limit', async () => {
  await using impatient = openRegistry({ timeLimitMs: 50 })
  const slow = await impatient.open('here:minilm')
  server.trouble = () => true
  await expect(slow.embedQuery('a')).rejects.toMatchObject({ code: 'time-limit' })
  expect(server.requests.length).toBe(2)
})

test.for([
  [401, null, 'wrong-key', /does not accept the key/],
  [403, null, 'wrong-key', /does not allow this with the key it was given: The server says why/],
  [404, 'model_not_found', 'no-such-model', /no embedding model named minilm/],
  [429, 'insufficient_quota', 'no-quota', /no quota/],
  [402, null, 'no-quota', /no quota/],
  [400, null, 'server-error', /says why/],
] as const)(
  'status %i (%s) is the error %s, and is not tried again',
  async ([status, code, expected, words]) => {
    server.trouble = (_, response) => sendError(response, status, 'The server says why.', code)
    await expect(model.embedDocuments(['a'])).rejects.toMatchObject({
      code: expected,
      message: expect.stringMatching(words) as string,
      hint: expect.any(String) as string,
    })
    expect(server.requests.length).toBe(1)
  },
)

const asOpenAi = (message: string): object => ({ error: { message, type: 'invalid_request_error' } })

test.for([
  ['Ollama', 400, asOpenAi('this model does not support embeddings')],
  ['an older Ollama', 500, { error: 'this model does not support embeddings' }],
  ['llama.cpp', 501, asOpenAi('This server does not support embeddings. Start it with `--embeddings`')],
  ['vLLM', 400, { object: 'error', message: 'The model does not support Embeddings API', code: 400 }],
  ['OpenAI', 403, asOpenAi('You are not allowed to generate embeddings from this model')],
  [
    'Azure',
    400,
    asOpenAi(
      'The embeddings operation does not work with the specified model, gpt-4o. Please choose another.',
    ),
  ],
  ['LM Studio', 200, { error: 'The model is not an embedding model.' }],
  ['a server that only says so', 501, {}],
] as const)(
  'a chat model at %s is told from a model that embeds, at once, and the hint is to choose another',
  async ([, status, body]) => {
    server.trouble = (_, response) => (sendJson(response, status, body), true)
    await expect(model.embedDocuments(['a'])).rejects.toMatchObject({
      code: 'no-such-model',
      message: expect.stringContaining('minilm at here cannot embed') as string,
      hint: expect.stringContaining('Choose an embedding model') as string,
    })
    expect(server.requests.length).toBe(1)
  },
)

test('an error that says nothing is tried again, and then the hint thinks of a chat model, too', async () => {
  const chat = await registry.open('here:llama3', { recorded: { dimensions: 384 } })
  server.trouble = (_, response) => sendError(response, 500, 'something went wrong')
  await expect(chat.embedQuery('a')).rejects.toMatchObject({
    code: 'server-error',
    hint: expect.stringContaining('If llama3 is a chat model it cannot embed: choose') as string,
  })
  expect(server.requests.length).toBe(2)
})

test.for([
  [
    'a model that is not there',
    400,
    { object: 'error', message: 'Invalid model: mistral-larg' },
    'no-such-model',
  ],
  ['a model to be pulled', 404, { error: 'model "minilm" not found, try pulling it first' }, 'no-such-model'],
  ['a wrong path', 405, {}, 'no-such-model'],
  ['a value that makes no sense', 400, { detail: [{ msg: 'dimensions: too small' }] }, 'server-error'],
  ['an account without money', 403, asOpenAi('Your credit balance is too low.'), 'no-quota'],
  [
    'a text of which the model makes nothing',
    500,
    { error: 'json: unsupported value: NaN' },
    'invalid-vector',
  ],
  ['a text that is too long for llama.cpp', 500, asOpenAi('input is too large to process.'), 'text-too-long'],
] as const)('%s is told in the server’s words, and not tried again', async ([, status, body, code]) => {
  server.trouble = (_, response) => (sendJson(response, status, body), true)
  await expect(model.embedDocuments(['a'])).rejects.toMatchObject({
    code,
    message: expect.not.stringMatching(/no body|\{|undefined|null/) as string,
    hint: expect.stringMatching(/^[A-Z].*\.$/) as string,
  })
  expect(server.requests.length).toBe(1)
})

test('a server that takes fewer texts at once gets fewer', async () => {
  server.trouble = ({ input }, response) =>
    input.length > 10 && sendError(response, 400, 'batch size is invalid, it should not be larger than 10')
  expect((await model.embedDocuments(texts(40))).every((vector) => vector.length === 384)).toBe(true)
})

test('a name that no network knows, and encryption where there is none, are told as such', async () => {
  await addServer({ baseUrl: 'http://nowhere.invalid/v1', models: { minilm: { dimensions: 384 } } })
  const unknown = await registry.open('here:minilm')
  await expect(unknown.embedQuery('a')).rejects.toMatchObject({
    code: 'server-down',
    message: expect.stringContaining('the name nowhere.invalid is not known') as string,
  })
  await addServer({
    baseUrl: `${server.url.replace('http:', 'https:')}/v1`,
    models: { minilm: { dimensions: 384 } },
  })
  const encrypted = await registry.open('here:minilm')
  await expect(encrypted.embedQuery('a')).rejects.toMatchObject({
    code: 'server-down',
    hint: expect.stringContaining('http://') as string,
  })
})

test('a server that does not list its models is said to be one, and not to have none of a made-up name', async () => {
  await addServer({ baseUrl: `${server.url}/nothing` })
  server.listsModels = false
  await expect(registry.listServerModels('here')).rejects.toMatchObject({
    code: 'not-found',
    message: `here does not list its models at ${server.url}/nothing.`,
    hint: expect.stringContaining('/v1') as string,
  })
})

test('a text that is too long is found among the others, and the others are embedded', async () => {
  const done: number[] = []
  server.trouble = (request, response) =>
    request.input.includes('TOO LONG') &&
    sendError(response, 400, "This model's maximum context length is 8192 tokens.")
  const work = model.embedDocuments([...texts(10), 'TOO LONG', ...texts(10)], {
    onVectors: async (indices) => void done.push(...indices),
  })
  await expect(work).rejects.toMatchObject({ code: 'text-too-long' })
  expect(done.length).toBeGreaterThan(0)
})

test('a batch that is too big for the server is sent in smaller ones', async () => {
  server.trouble = (request, response) =>
    request.input.length > 8 && sendError(response, 413, 'batch size 32 > maximum allowed batch size 8')
  expect((await model.embedDocuments(texts(40))).every((vector) => vector.length === 384)).toBe(true)
})

test('a server that is down is said to be down', async () => {
  const { url } = server
  await server[Symbol.asyncDispose]()
  await expect(model.embedQuery('a')).rejects.toMatchObject({
    code: 'server-down',
    message: `here cannot be reached at ${url}/v1, or broke off its answer.`,
  })
  server = await ApiServer.start(bundled)
})

test('answers that are no vectors are refused in words', async () => {
  const answer = (data: unknown): void => {
    server.trouble = (_, response) => (sendJson(response, 200, { object: 'list', data }), true)
  }
  answer([{ index: 0, embedding: Array(384).fill(0) }])
  await expect(model.embedDocuments(['a'])).rejects.toMatchObject({ code: 'invalid-vector' })
  answer([{ index: 0, embedding: [null, ...Array<number>(383).fill(1)] }])
  await expect(model.embedDocuments(['a'])).rejects.toMatchObject({ code: 'invalid-vector' })
  answer([{ index: 0, embedding: [1, 2, 3] }])
  await expect(model.embedDocuments(['a'])).rejects.toMatchObject({ code: 'dimension-mismatch' })
  answer([])
  await expect(model.embedDocuments(['a'])).rejects.toMatchObject({ code: 'bad-answer' })
  answer([
    { index: 0, embedding: [1] },
    { index: 0, embedding: [1] },
  ])
  await expect(model.embedDocuments(['a', 'b'])).rejects.toMatchObject({ code: 'bad-answer' })
  server.trouble = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome</html>')
    return true
  }
  await expect(model.embedDocuments(['a'])).rejects.toMatchObject({ code: 'bad-answer' })
})

test('cancelling stops requests under way, waits for a retry, and everything after', async () => {
  for (const trouble of [
    () => true,
    ((_, response) =>
      sendError(response, 429, 'wait', null, { 'retry-after': '30' })) as ApiServer['trouble'],
  ]) {
    server.requests.length = 0
    server.trouble = trouble
    const controller = new AbortController()
    const work = model.embedDocuments(texts(200), { signal: controller.signal })
    await expect.poll(() => server.requests.length).toBeGreaterThan(0)
    controller.abort()
    await expect(work).rejects.toThrow(/abort/)
    expect(server.requests.length).toBeLessThanOrEqual(2)
  }
})

test('a key that is missing is asked for by name before anything is sent', async () => {
  await addServer({ keyName: 'OTHER_KEY' })
  await expect(registry.open('here:minilm')).rejects.toMatchObject({
    code: 'no-key',
    hint: expect.stringContaining('OTHER_KEY') as string,
  })
  await expect(registry.open('nowhere:model')).rejects.toMatchObject({ code: 'no-such-model' })
})

test('a key that was entered is kept for the next start in a file of the user’s own', async () => {
  await registry.secrets.set('OTHER_KEY', 'sk-other')
  await addServer({ keyName: 'OTHER_KEY' })
  await using later = openRegistry({})
  await (await later.open('here:minilm')).embedQuery('a')
  expect(server.headers.at(-1)!.authorization).toBe('Bearer sk-other')
})

test('the models of a server are listed, those that can embed first', async () => {
  expect(await registry.listServerModels('here')).toEqual([
    { id: 'here:nomic-embed-text:latest', canEmbed: true },
    { id: 'here:llama3.2:3b', canEmbed: false },
    { id: 'here:whisper-1', canEmbed: false },
  ])
})

test('an index can be verified against a server’s model', async () => {
  const vector = await bundled.embedQuery('A page about the sea.')
  const sample = { plainText: 'A page about the sea.', embedText: 'A page about the sea.', vector }
  expect(await verifyModel(model, [sample])).toMatchObject({ verdict: 'verified' })
  server.trouble = (_, response) => sendError(response, 401, 'no')
  expect(await verifyModel(model, [sample])).toMatchObject({
    verdict: 'cannot-tell',
    error: { code: 'wrong-key' },
  })
})

test('servers and folders that the user added are there after a restart', async () => {
  await registry.addFolder(registry.bundledModelFolder)
  await using later = openRegistry({})
  const ids = later.list().map((info) => info.id)
  expect(ids).toContain(`onnx:${registry.bundledModelFolder}`)
  expect(ids).toContain('here:minilm')
  expect(ids).toContain('openai:text-embedding-3-small')
})
