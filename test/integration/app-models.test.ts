/** Models through the app's handlers, with a real server that speaks OpenAI's API and the bundled model behind it. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import {
  toErrorShape,
  type CommandInput,
  type CommandName,
  type CommandOutput,
  type EventName,
  type EventPayload,
  type Job,
  type ModelEstimate,
} from '#contract'
import { createApplication, type Application } from '#app/application.ts'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { embedTextsOf } from '#engine/storage/embed-texts.ts'
import { ApiServer, sendError, sendJson } from './embed-api-server.ts'

const root = resolve(import.meta.dirname, '../..')
const resourcesFolder = join(root, 'resources')
const pythonStorage = join(root, 'test/fixtures/python-storage/storage')
const KEY = 'sk-planted-key-9876543210'
const context = { signal: new AbortController().signal }

const bundledRegistry = new EmbedModelRegistry({ resourcesFolder, dataFolder: tmpdir() })
/** Vectors as long as the bundled model's, and nothing like them. */
let other: EmbedModel
let folder: string
let server: ApiServer
let application: Application
let listeners: Set<(name: EventName, payload: EventPayload<EventName>) => void>
/** Everything that crossed the boundary. */
let answers: string

beforeAll(async () => {
  const bundled = await bundledRegistry.open(BUNDLED_MODEL_ID)
  const turn = (vector: Float32Array): Float32Array =>
    vector.map((_, i) => vector[(i * 7 + 3) % vector.length]!)
  other = {
    ...bundled,
    embedDocuments: async (texts) => (await bundled.embedDocuments(texts)).map(turn),
    embedQuery: async (text) => turn(await bundled.embedQuery(text)),
  }
})
afterAll(() => bundledRegistry.close())

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-models-'))
  listeners = new Set()
  answers = ''
  server = await ApiServer.start(other)
  application = await start()
})
afterEach(async () => {
  await application.close()
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

function start(dataFolder = join(folder, 'data')): Promise<Application> {
  return createApplication({
    services: { host: 'web' },
    version: '0.0.0',
    dataFolder,
    resourcesFolder,
    emit: (name, payload) => {
      answers += JSON.stringify(payload)
      listeners.forEach((listener) => listener(name, payload))
    },
  })
}

async function call<Name extends CommandName>(
  name: Name,
  input: CommandInput<Name>,
): Promise<CommandOutput<Name>> {
  const handler = application.handlers[name] as (
    input: CommandInput<Name>,
    given: typeof context,
  ) => Promise<CommandOutput<Name>> | CommandOutput<Name>
  try {
    const output = await handler(input, context)
    answers += JSON.stringify(output)
    return output
  } catch (error) {
    answers += JSON.stringify(toErrorShape(error))
    throw error
  }
}

function ended(jobId: string): Promise<Job> {
  return new Promise((resolve) => {
    const look = (): void => {
      void call('jobs.list', {}).then((jobs) => {
        const job = jobs.find(({ id }) => id === jobId)
        if (!job?.finishedAt) return
        listeners.delete(look)
        resolve(job)
      })
    }
    listeners.add(look)
    look()
  })
}

async function documents(files: Record<string, string>): Promise<string> {
  const path = join(folder, 'documents')
  await mkdir(path, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return path
}

/** A server beyond this machine, as far as its address says. */
async function addRemote(name = 'far'): Promise<void> {
  await call('models.saveServer', {
    name,
    kind: 'compatible',
    baseUrl: `${server.remoteUrl}/v1`,
    keyName: 'FAR_API_KEY',
    key: KEY,
  })
}

async function pythonFolder(name = 'python'): Promise<string> {
  const persistDir = join(folder, name)
  await cp(pythonStorage, persistDir, { recursive: true })
  return persistDir
}

const vectorsSchema = z.looseObject({ embedding_dict: z.record(z.string(), z.array(z.number())) })

/** The folder as another model of the same dimensions would have made it. */
async function turnVectors(persistDir: string): Promise<void> {
  const path = join(persistDir, 'default__vector_store.json')
  const store = vectorsSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  for (const [id, vector] of Object.entries(store.embedding_dict))
    store.embedding_dict[id] = vector.map((_, i) => vector[(i * 7 + 3) % vector.length]!)
  await writeFile(path, JSON.stringify(store))
}

/** The folder as a program made it that gives the server's model this of each node's text. */
async function embedWith(persistDir: string, given: (text: string) => string): Promise<void> {
  const docstore = z
    .looseObject({ 'docstore/data': z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(await readFile(join(persistDir, 'docstore.json'), 'utf8')))
  const path = join(persistDir, 'default__vector_store.json')
  const store = vectorsSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  for (const id of Object.keys(store.embedding_dict)) {
    const { embedText } = embedTextsOf(JSON.stringify(docstore['docstore/data'][id]))!
    const [vector] = await other.embedDocuments([given(embedText)])
    store.embedding_dict[id] = [...vector!]
  }
  await writeFile(path, JSON.stringify(store))
}

test('a server is added with its key, lists its models, and one of them is put on the list and tested', async () => {
  await addRemote()
  const servers = await call('models.servers', {})
  expect(servers.find(({ name }) => name === 'far')).toMatchObject({
    key: 'stored',
    origin: 'own',
    offline: false,
    host: new URL(server.remoteUrl).host,
    consents: [],
  })
  expect(servers.find(({ name }) => name === 'openai')).toMatchObject({ origin: 'known', kind: 'openai' })
  const offered = await call('models.ofServer', { server: 'far' })
  expect(offered[0]).toEqual({ id: 'far:nomic-embed-text:latest', canEmbed: true })
  const saved = await call('models.save', { id: 'far:nomic-embed-text:latest' })
  expect(saved).toMatchObject({
    dimensions: 384,
    offline: false,
    server: 'far',
    documentPrefix: 'search_document: ',
    removable: true,
  })
  const changed = await call('models.save', { id: saved.id, documentPrefix: 'doc: ' })
  expect(changed.documentPrefix).toBe('doc: ')
  expect(await call('models.test', { id: saved.id })).toMatchObject({
    ok: true,
    dimensions: 384,
    makesSense: true,
    error: null,
  })
  expect(server.texts.some((text) => text.startsWith('doc: The cat'))).toBe(true)
  await call('models.remove', { id: saved.id })
  expect((await call('models.list', {})).map(({ id }) => id)).not.toContain(saved.id)
  await call('models.removeServer', { server: 'far' })
  expect((await call('models.servers', {})).map(({ name }) => name)).not.toContain('far')
  expect(JSON.parse(await readFile(join(folder, 'data', 'secrets.json'), 'utf8'))).toEqual({})
})

test('a test says what is wrong: no key, a wrong key, a chat model, a server that is not there', async () => {
  await call('models.saveServer', {
    name: 'far',
    kind: 'compatible',
    baseUrl: `${server.url}/v1`,
    keyName: 'FAR_API_KEY',
  })
  const codeOf = async (id: string): Promise<string | undefined> =>
    (await call('models.test', { id })).error?.code
  expect(await codeOf('far:minilm')).toBe('no-key')
  await call('models.setKey', { server: 'far', key: KEY })
  server.trouble = (_, response) => sendError(response, 401, `Incorrect API key provided: ${KEY}`)
  expect(await codeOf('far:minilm')).toBe('wrong-key')
  server.trouble = (_, response) => sendError(response, 404, 'model not found', 'model_not_found')
  expect(await codeOf('far:llama3')).toBe('no-such-model')
  await call('models.saveServer', { name: 'far', kind: 'compatible', baseUrl: 'http://127.0.0.1:9/v1' })
  expect(await codeOf('far:minilm')).toBe('server-down')
  expect(await codeOf('nowhere:minilm')).toBe('no-such-model')
  expect(answers).not.toContain(KEY)
})

test('text is sent to a server only after consent for this folder, and no more once it is taken back', async () => {
  await addRemote()
  await call('models.save', { id: 'far:minilm' })
  server.requests.length = 0
  const paths = [await documents({ 'secret.txt': 'The treasure is under the old oak.' })]
  const persistDir = join(folder, 'storage')
  const input = { paths, persistDir, model: 'far:minilm' }
  await expect(call('ingest.start', input)).rejects.toMatchObject({ code: 'consent-required' })
  expect(await call('models.estimate', { paths, model: 'far:minilm', persistDir })).toMatchObject({
    consentNeeded: true,
    offline: false,
    host: new URL(server.remoteUrl).host,
    files: 1,
    usd: null,
  })
  expect(server.texts).toEqual([])
  await call('models.consent', { server: 'far', persistDir: join(folder, 'elsewhere'), given: true })
  await expect(call('ingest.start', input)).rejects.toMatchObject({ code: 'consent-required' })

  await call('models.consent', { server: 'far', persistDir, given: true })
  const job = await ended((await call('ingest.start', input)).id)
  expect(job).toMatchObject({ state: 'done', report: { documents: 1 } })
  expect(server.texts.some((text) => text.includes('old oak'))).toBe(true)
  const query = { knowledgeBaseId: job.knowledgeBaseId, query: 'where is the treasure', topK: 1 }
  expect((await call('search.query', query)).hits).toHaveLength(1)

  await call('models.consent', { server: 'far', persistDir, given: false })
  const before = server.texts.length
  await expect(call('search.query', { ...query, query: 'another question' })).rejects.toMatchObject({
    code: 'consent-required',
  })
  await expect(call('ingest.start', { paths, persistDir })).rejects.toMatchObject({
    code: 'consent-required',
  })
  expect(server.texts.length).toBe(before)
})

test('an estimate counts files, tokens and cost and leaves out what the index has already', async () => {
  const text = 'The keeper lights the lamp at dusk, and ships steer by it until the morning. '.repeat(200)
  const paths = [await documents({ 'a.txt': text, 'b.txt': text, 'c.md': text })]
  const estimate = await call('models.estimate', { paths, model: 'openai:text-embedding-3-small' })
  expect(estimate).toMatchObject({ files: 3, bytes: text.length * 3, offline: false, consentNeeded: true })
  // 17 tokens in each sentence, and a little more for metadata and overlap
  expect(estimate.tokens).toBeGreaterThan(3 * 200 * 17)
  expect(estimate.tokens).toBeLessThan(3 * 200 * 17 * 1.5)
  expect(estimate.usd).toBeCloseTo((estimate.tokens * 0.02) / 1e6, 10)
  const persistDir = join(folder, 'storage')
  await ended((await call('ingest.start', { paths: [join(paths[0]!, 'a.txt')], persistDir })).id)
  const rest = await call('models.estimate', { paths, model: BUNDLED_MODEL_ID, persistDir })
  expect(rest).toMatchObject({ files: 2, usd: 0, offline: true, host: null, consentNeeded: false })
})

test('what the embedding cache has is not counted as to be sent, and the node parser makes a difference', async () => {
  const sentences = (topic: string): string =>
    Array.from({ length: 60 }, (_, n) => `The keeper of ${topic} writes line ${n} at dusk.`).join(' ')
  const paths = [await documents({ 'a.txt': sentences('the lamp') })]
  const estimate = (more: object = {}): Promise<ModelEstimate> =>
    call('models.estimate', { paths, model: BUNDLED_MODEL_ID, ...more })
  const before = await estimate()
  expect(before).toMatchObject({ cachedTokens: 0 })
  const cutSmaller = await estimate({
    nodeParser: { className: 'SentenceSplitter', chunkSize: 60, chunkOverlap: 20 },
  })
  expect(cutSmaller.tokens).toBeGreaterThan(before.tokens * 1.2)
  await ended((await call('ingest.start', { paths, persistDir: join(folder, 'storage') })).id)
  expect(await estimate()).toMatchObject({ tokens: 0, cachedTokens: before.tokens, files: 1 })
  await documents({ 'b.md': sentences('the gate') })
  const grown = await estimate()
  expect(grown.tokens).toBeGreaterThan(before.tokens * 0.8)
  expect(grown.cachedTokens).toBe(before.tokens)
})

test('a price that the user gives is what an estimate counts with, until it is taken back', async () => {
  await addRemote()
  const id = 'far:minilm'
  const paths = [await documents({ 'a.txt': 'The treasure is under the old oak.' })]
  expect(await call('models.save', { id, usdPerMillionTokens: 0.5 })).toMatchObject({
    usdPerMillionTokens: 0.5,
  })
  const { tokens, usd } = await call('models.estimate', { paths, model: id })
  expect(usd).toBeCloseTo((tokens * 0.5) / 1e6, 10)
  await call('models.save', { id, usdPerMillionTokens: null })
  expect(await call('models.estimate', { paths, model: id })).toMatchObject({ usd: null })
})

test('an estimate of embedding again counts the tokens of the nodes that are there', async () => {
  const { id: knowledgeBaseId } = await call('library.open', { persistDir: await pythonFolder() })
  const model = 'openai:text-embedding-3-small'
  const estimate = await call('models.estimate', { knowledgeBaseId, model })
  expect(estimate).toMatchObject({ offline: false, host: 'api.openai.com', consentNeeded: true })
  expect(estimate.tokens).toBeGreaterThan(5 * 30)
  expect(estimate.tokens).toBeLessThan(5 * 100)
})

test('vectors of another model are refused with numbers, embedded again, and put back', async () => {
  const persistDir = await pythonFolder()
  await turnVectors(persistDir)
  const before = await readFile(join(persistDir, 'default__vector_store.json'), 'utf8')
  const opened = await call('library.open', { persistDir })
  expect(opened).toMatchObject({
    state: 'error',
    modelVerdict: 'wrong-model',
    error: { code: 'wrong-model' },
  })
  const { id: knowledgeBaseId } = opened
  const check = await call('models.check', { knowledgeBaseId })
  expect(check).toMatchObject({
    verdict: 'wrong-model',
    reason: 'other-vectors',
    refused: ['search', 'index'],
    candidates: [{ model: { id: BUNDLED_MODEL_ID }, verdict: 'wrong-model' }],
  })
  expect(check.score?.median).toBeLessThan(0.5)
  const query = { knowledgeBaseId, query: 'how insects tell each other where food is', topK: 1 }
  await expect(call('search.query', query)).rejects.toMatchObject({ code: 'wrong-model' })
  const paths = [await documents({ 'new.txt': 'Something new.' })]
  const refused = await ended((await call('ingest.start', { paths, persistDir })).id)
  expect(refused).toMatchObject({ state: 'failed', error: { code: 'wrong-model' } })
  await expect(
    call('models.choose', { knowledgeBaseId, model: BUNDLED_MODEL_ID, unverified: true }),
  ).rejects.toMatchObject({ code: 'wrong-model' })

  const job = await ended((await call('reembed.start', { knowledgeBaseId, model: BUNDLED_MODEL_ID })).id)
  expect(job).toMatchObject({
    kind: 'reembed',
    state: 'done',
    report: { documents: 5, nodes: 5, skipped: 0 },
    progress: { nodes: 5, nodesTotal: 5 },
  })
  expect(await call('models.check', { knowledgeBaseId })).toMatchObject({
    verdict: 'verified',
    recorded: true,
    refused: [],
    oldVectors: { model: null, restorable: true },
  })
  expect((await call('search.query', query)).hits[0]?.source).toMatch(/bees\.txt$/)
  expect(await call('models.restoreOldVectors', { knowledgeBaseId })).toMatchObject({
    verdict: 'wrong-model',
    oldVectors: null,
  })
  const after = await readFile(join(persistDir, 'default__vector_store.json'), 'utf8')
  expect(JSON.parse(after)).toEqual(JSON.parse(before))

  await ended((await call('reembed.start', { knowledgeBaseId, model: BUNDLED_MODEL_ID })).id)
  expect(await call('models.discardOldVectors', { knowledgeBaseId })).toMatchObject({
    verdict: 'verified',
    oldVectors: null,
  })
})

test('a question that was under way while the folder was embedded again is asked with the new model', async () => {
  const persistDir = await pythonFolder()
  const { id: knowledgeBaseId } = await call('library.open', { persistDir })
  await call('models.saveServer', { name: 'near', kind: 'compatible', baseUrl: `${server.url}/v1` })
  await call('models.save', { id: 'near:turned' })
  await ended((await call('reembed.start', { knowledgeBaseId, model: 'near:turned' })).id)
  const question = 'how insects tell each other where food is'
  let back: Job | undefined
  server.trouble = async ({ input }) => {
    if (!input.includes(question) || back) return false
    back = await ended((await call('reembed.start', { knowledgeBaseId, model: BUNDLED_MODEL_ID })).id)
    return false
  }
  const { hits } = await call('search.query', { knowledgeBaseId, query: question, topK: 1 })
  expect(back).toMatchObject({ state: 'done' })
  expect(hits[0]?.source).toMatch(/bees\.txt$/)
  const again = await call('search.query', { knowledgeBaseId, query: question, topK: 1 })
  expect(hits).toEqual(again.hits)
})

test('a candidate on a server is compared only after consent, then chosen, and the choice is in the folder', async () => {
  const persistDir = await pythonFolder()
  await turnVectors(persistDir)
  await addRemote()
  await call('models.save', { id: 'far:turned' })
  server.requests.length = 0
  const { id: knowledgeBaseId } = await call('library.open', { persistDir })
  const check = await call('models.check', { knowledgeBaseId })
  expect(check.candidates).toMatchObject([
    { model: { id: BUNDLED_MODEL_ID }, verdict: 'wrong-model', consentNeeded: false },
    { model: { id: 'far:turned' }, verdict: 'unchecked', consentNeeded: true },
  ])
  await expect(call('models.verify', { knowledgeBaseId, model: 'far:turned' })).rejects.toMatchObject({
    code: 'consent-required',
  })
  expect(server.texts).toEqual([])
  await call('models.consent', { server: 'far', persistDir, given: true })
  const verified = await call('models.verify', { knowledgeBaseId, model: 'far:turned' })
  expect(verified).toMatchObject({
    verdict: 'verified',
    model: 'far:turned',
    recorded: false,
    score: { samples: 5, matching: 5 },
  })
  expect(await call('models.choose', { knowledgeBaseId, model: 'far:turned' })).toMatchObject({
    recorded: true,
    verdict: 'verified',
  })
  const settings = await readFile(join(persistDir, 'stackroom.json'), 'utf8')
  expect(JSON.parse(settings)).toMatchObject({ embedModel: { id: 'far:turned', dimensions: 384 } })
  const query = { knowledgeBaseId, query: 'how insects tell each other where food is', topK: 1 }
  expect((await call('search.query', query)).hits[0]?.source).toMatch(/bees\.txt$/)
})

test('vectors that another program changed under a recorded model are refused on opening', async () => {
  const paths = [
    await documents({ 'tea.txt': 'Green tea is steeped at eighty degrees.', 'sea.txt': 'The tide comes.' }),
  ]
  const persistDir = join(folder, 'storage')
  await ended((await call('ingest.start', { paths, persistDir })).id)
  await application.close()
  await turnVectors(persistDir)
  application = await start()
  const [listed] = await call('library.list', {})
  expect(await call('library.activate', { knowledgeBaseId: listed!.id })).toMatchObject({
    state: 'error',
    modelRecorded: true,
    modelVerdict: 'wrong-model',
    error: { code: 'wrong-model' },
  })
})

test('a verdict is remembered: the model is not asked again about the same vectors', async () => {
  const persistDir = await pythonFolder()
  await turnVectors(persistDir)
  await addRemote()
  await call('models.save', { id: 'far:turned' })
  await call('models.consent', { server: 'far', persistDir: null, given: true })
  const { id: knowledgeBaseId } = await call('library.open', { persistDir })
  await call('models.verify', { knowledgeBaseId, model: 'far:turned' })
  await application.close()
  const before = server.requests.length
  application = await start()
  const opened = await call('library.activate', { knowledgeBaseId })
  expect(opened).toMatchObject({ state: 'ready', model: 'far:turned', modelVerdict: 'verified' })
  expect(server.requests.length).toBe(before)
})

const verdictsSchema = z.looseObject({
  folders: z.array(
    z.looseObject({ verdicts: z.record(z.string(), z.looseObject({ checkedAt: z.string() })) }),
  ),
})

/** As if the folder's verdicts had been made so many days ago. */
async function ageVerdicts(days: number): Promise<void> {
  const path = join(folder, 'data', 'model-verdicts.json')
  const file = verdictsSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  const checkedAt = new Date(Date.now() - days * 24 * 3600 * 1000).toISOString()
  for (const { verdicts } of file.folders)
    for (const verdict of Object.values(verdicts)) verdict.checkedAt = checkedAt
  await writeFile(path, JSON.stringify(file))
}

test('a recorded model is asked again about a few nodes after a day where its server is one’s own, and when that is another', async () => {
  const texts = Array.from({ length: 20 }, (_, i) => [`${i}.txt`, `Shelf ${i} has books of ${1400 + i}.`])
  const paths = [await documents(Object.fromEntries(texts) as Record<string, string>)]
  const persistDir = join(folder, 'storage')
  const near = { name: 'near', kind: 'compatible' } as const
  await call('models.saveServer', { ...near, baseUrl: `${server.url}/v1` })
  await call('models.save', { id: 'near:turned' })
  const { knowledgeBaseId } = await ended(
    (await call('ingest.start', { paths, persistDir, model: 'near:turned' })).id,
  )
  let questions = 0
  const ask = (): Promise<unknown> =>
    call('search.query', { knowledgeBaseId, query: `Which shelf has book ${questions++}?`, topK: 1 })
  /** Texts that were sent beside the question. */
  const compared = async (asked: () => Promise<unknown>): Promise<number> => {
    const before = server.texts.length
    await asked()
    return server.texts.length - before - 1
  }
  const restart = async (): Promise<void> => {
    application = await start()
    await call('library.activate', { knowledgeBaseId })
  }
  // we made the vectors ourselves just now
  expect(await compared(ask)).toBe(0)
  await application.close()
  await ageVerdicts(0.9)
  await restart()
  expect(await compared(ask)).toBe(0)
  await application.close()
  await ageVerdicts(1.1)
  await restart()
  expect(await compared(ask)).toBe(4)
  expect(await compared(ask)).toBe(0)

  // another address: whoever answers there may not be the same
  await using elsewhere = await ApiServer.start(await bundledRegistry.open(BUNDLED_MODEL_ID))
  await call('models.saveServer', { ...near, baseUrl: `${elsewhere.url}/v1` })
  await expect(ask()).rejects.toMatchObject({ code: 'wrong-model' })
  expect(elsewhere.texts.filter((text) => text.includes('Which shelf'))).toEqual([])
  await documents({ 'more.txt': 'Something new.' })
  expect(await ended((await call('ingest.start', { paths, persistDir })).id)).toMatchObject({
    state: 'failed',
    error: { code: 'wrong-model' },
  })
  // and back: the server is asked again, and right again
  await call('models.saveServer', { ...near, baseUrl: `${server.url}/v1` })
  expect(await compared(ask)).toBe(4)
})

test('a server whose answers are another model’s by now is found out, and nothing of it gets in', async () => {
  const paths = [await documents({ 'tea.txt': 'Green tea is steeped.', 'sea.txt': 'The tide comes.' })]
  const persistDir = join(folder, 'storage')
  await call('models.saveServer', { name: 'near', kind: 'compatible', baseUrl: `${server.url}/v1` })
  await call('models.save', { id: 'near:turned' })
  const { knowledgeBaseId } = await ended(
    (await call('ingest.start', { paths, persistDir, model: 'near:turned' })).id,
  )
  await application.close()
  // searching would rely on it for a day; what gets in would stay
  await ageVerdicts(0.1)
  const before = await readFile(join(persistDir, 'default__vector_store.json'), 'utf8')
  const bundled = await bundledRegistry.open(BUNDLED_MODEL_ID)
  server.trouble = async ({ input }, response) => {
    const vectors = await bundled.embedDocuments(input)
    const data = vectors.map((vector, index) => ({ index, embedding: [...vector] }))
    return (sendJson(response, 200, { object: 'list', data }), true)
  }
  application = await start()
  await call('library.activate', { knowledgeBaseId })
  await documents({ 'more.txt': 'Something new.' })
  expect(await ended((await call('ingest.start', { paths, persistDir })).id)).toMatchObject({
    state: 'failed',
    error: { code: 'wrong-model' },
  })
  const query = { knowledgeBaseId, query: 'when does the tide come', topK: 1 }
  await expect(call('search.query', query)).rejects.toMatchObject({ code: 'wrong-model' })
  expect(await readFile(join(persistDir, 'default__vector_store.json'), 'utf8')).toBe(before)
})

test('prefixes that were set for a server’s model are there after a restart, and tried before it is called wrong', async () => {
  await call('models.saveServer', { name: 'near', kind: 'compatible', baseUrl: `${server.url}/v1` })
  await call('models.save', { id: 'near:turned', documentPrefix: 'Document — ', queryPrefix: 'Question — ' })
  await call('models.save', { id: 'near:e5-small' })
  await application.close()
  application = await start()
  const listed = await call('models.list', {})
  expect(listed.find(({ id }) => id === 'near:turned')).toMatchObject({
    documentPrefix: 'Document — ',
    queryPrefix: 'Question — ',
  })
  expect(listed.find(({ id }) => id === 'near:e5-small')).toMatchObject({
    documentPrefix: 'passage: ',
    queryPrefix: 'query: ',
  })
  // one folder with the user's own prefix, one with that of the family of another model's name, one without
  for (const documentPrefix of ['Document — ', 'search_document: ', '']) {
    const persistDir = await pythonFolder(`made with “${documentPrefix}”`)
    await embedWith(persistDir, (text) => documentPrefix + text)
    const { id: knowledgeBaseId } = await call('library.open', { persistDir })
    const verified = await call('models.verify', { knowledgeBaseId, model: 'near:turned' })
    expect(verified.candidates.find(({ model }) => model.id === 'near:turned')).toMatchObject({
      verdict: 'verified',
      score: { matching: 5, documentPrefix },
    })
  }
})

test('the check of a folder tells its model and the verdict, before and after a repair', async () => {
  const persistDir = await pythonFolder()
  const { id: knowledgeBaseId } = await call('library.open', { persistDir })
  const report = await call('library.verify', { knowledgeBaseId })
  expect(report).toMatchObject({
    ok: true,
    model: { id: BUNDLED_MODEL_ID, recorded: false, verdict: 'verified', score: { matching: 5 } },
  })
  await call('models.choose', { knowledgeBaseId, model: BUNDLED_MODEL_ID })
  await application.close()
  await turnVectors(persistDir)
  application = await start()
  await call('library.activate', { knowledgeBaseId })
  const wrong = {
    ok: false,
    model: { id: BUNDLED_MODEL_ID, recorded: true, verdict: 'wrong-model' },
    problems: [{ severity: 'error', code: 'wrong-model', repairable: false }],
  }
  expect(await call('library.verify', { knowledgeBaseId })).toMatchObject(wrong)
  expect(await call('library.repair', { knowledgeBaseId })).toMatchObject(wrong)
})

test('of several embeddings again, the vectors from before the first are kept until the user decides', async () => {
  const persistDir = await pythonFolder()
  const before = await readFile(join(persistDir, 'default__vector_store.json'), 'utf8')
  const { id: knowledgeBaseId } = await call('library.open', { persistDir })
  await call('models.choose', { knowledgeBaseId, model: BUNDLED_MODEL_ID })
  await call('models.saveServer', { name: 'near', kind: 'compatible', baseUrl: `${server.url}/v1` })
  for (const id of ['near:turned', 'near:e5-small']) {
    await call('models.save', { id })
    await ended((await call('reembed.start', { knowledgeBaseId, model: id })).id)
    expect(await call('models.check', { knowledgeBaseId })).toMatchObject({
      model: id,
      oldVectors: { model: BUNDLED_MODEL_ID },
    })
  }
  // the user decides for those of now: from then on they are the ones that are kept
  await call('models.discardOldVectors', { knowledgeBaseId })
  await ended((await call('reembed.start', { knowledgeBaseId, model: BUNDLED_MODEL_ID })).id)
  expect(await call('models.check', { knowledgeBaseId })).toMatchObject({
    oldVectors: { model: 'near:e5-small' },
  })
  await call('models.restoreOldVectors', { knowledgeBaseId })
  expect(await call('models.check', { knowledgeBaseId })).toMatchObject({
    model: 'near:e5-small',
    refused: [],
    oldVectors: null,
  })
  const query = { knowledgeBaseId, query: 'how insects tell each other where food is', topK: 1 }
  expect((await call('search.query', query)).hits[0]?.source).toMatch(/bees\.txt$/)
  expect(await call('models.check', { knowledgeBaseId })).toMatchObject({ verdict: 'verified' })
  expect(await readFile(join(persistDir, 'default__vector_store.json'), 'utf8')).not.toBe(before)
})

test('embedding again goes on where it was cancelled, and nothing is different before it ends', async () => {
  const sentences = Array.from({ length: 400 }, (_, i) => [
    `${i}.txt`,
    `Shelf ${i} has books of ${1400 + i}.`,
  ])
  const paths = [await documents(Object.fromEntries(sentences) as Record<string, string>)]
  const persistDir = join(folder, 'storage')
  const { knowledgeBaseId } = await ended((await call('ingest.start', { paths, persistDir })).id)
  await addRemote()
  await call('models.save', { id: 'far:turned' })
  await call('models.consent', { server: 'far', persistDir, given: true })
  const before = await readFile(join(persistDir, 'default__vector_store.json'), 'utf8')
  server.requests.length = 0
  const { id } = await call('reembed.start', { knowledgeBaseId, model: 'far:turned' })
  const cancel = (name: EventName, payload: EventPayload<EventName>): void => {
    const job = payload as Job
    if (name === 'jobs.changed' && job.id === id && job.progress.nodes > 256) {
      listeners.delete(cancel)
      void call('jobs.cancel', { jobId: id })
    }
  }
  listeners.add(cancel)
  expect(await ended(id)).toMatchObject({ state: 'cancelled' })
  expect(await readFile(join(persistDir, 'default__vector_store.json'), 'utf8')).toBe(before)
  expect(await call('models.check', { knowledgeBaseId })).toMatchObject({
    model: BUNDLED_MODEL_ID,
    verdict: 'verified',
  })
  await application.close()
  // not even the cache is needed
  await rm(join(folder, 'data', 'embeddings.sqlite'))
  const sent = server.texts.length
  application = await start()
  const job = await ended((await call('reembed.start', { knowledgeBaseId, model: 'far:turned' })).id)
  expect(job).toMatchObject({ state: 'done', report: { nodes: 400 } })
  expect(server.texts.length - sent).toBeLessThanOrEqual(400 - 256)
  const { hits } = await call('search.query', { knowledgeBaseId, query: 'Shelf 321', topK: 20 })
  expect(hits.map(({ text }) => text).join()).toContain('Shelf 321')
}, 120_000)

test('a model folder is added with what was read from it, or refused with what is missing', async () => {
  const path = join(folder, 'e5-small-copy')
  await cp(join(resourcesFolder, 'models', 'all-MiniLM-L6-v2'), path, { recursive: true })
  const added = await call('models.addFolder', { path })
  expect(added).toMatchObject({
    id: `onnx:${path}`,
    dimensions: 384,
    pooling: 'mean',
    normalized: true,
    offline: true,
    queryPrefix: 'query: ',
    documentPrefix: 'passage: ',
  })
  const saved = await call('models.save', { id: added.id, queryPrefix: '', documentPrefix: '' })
  expect(saved).toMatchObject({ queryPrefix: '', documentPrefix: '' })
  expect(await call('models.test', { id: added.id })).toMatchObject({ ok: true, makesSense: true })
  const measured = await call('models.measure', { id: added.id })
  expect(measured.textsPerSecond).toBeGreaterThan(0)
  expect((await call('models.list', {})).find(({ id }) => id === added.id)).toEqual(measured)
  await rm(join(path, 'tokenizer.json'))
  await expect(call('models.addFolder', { path })).rejects.toMatchObject({ code: 'missing-file' })
  await call('models.remove', { id: added.id })
  expect((await call('models.list', {})).map(({ id }) => id)).not.toContain(added.id)
})

test('a key is in its own file and nowhere else of what was written, answered or told', async () => {
  await addRemote()
  await call('models.save', { id: 'far:minilm' })
  const persistDir = join(folder, 'storage')
  await call('models.consent', { server: 'far', persistDir, given: true })
  const paths = [await documents({ 'a.txt': 'The keeper lights the lamp at dusk.' })]
  await ended((await call('ingest.start', { paths, persistDir, model: 'far:minilm' })).id)
  server.trouble = (_, response) => sendError(response, 401, `Incorrect API key provided: ${KEY}`)
  await documents({ 'b.txt': 'Another text that has to be embedded.' })
  const { knowledgeBaseId } = await ended((await call('ingest.start', { paths, persistDir })).id)
  await call('models.test', { id: 'far:minilm' })
  // embedded again: once refused, and once done
  server.trouble = () => false
  await call('models.save', { id: 'far:another' })
  server.trouble = (_, response) => sendError(response, 403, `The key ${KEY} has no rights.`)
  const reembed = { knowledgeBaseId, model: 'far:another' }
  expect(await ended((await call('reembed.start', reembed)).id)).toMatchObject({ state: 'failed' })
  server.trouble = () => false
  expect(await ended((await call('reembed.start', reembed)).id)).toMatchObject({ state: 'done' })
  await call('models.servers', {})
  await application.close()
  expect(answers).not.toContain(KEY)
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const planted = await Promise.all(
    files.map(async (path) => ((await readFile(path)).includes(KEY) ? path : null)),
  )
  expect(planted.filter((path) => path !== null)).toEqual([join(folder, 'data', 'secrets.json')])
  expect(files.some((path) => path.endsWith('stackroom.log'))).toBe(true)
})
