/** The app through its handlers: index, search, library and jobs on real files with the bundled model. */
import { cp, mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { commands, type EventName, type EventPayload, type Job, type KnowledgeBase } from '#contract'
import { createApplication, type Application } from '#app/application.ts'

const root = resolve(import.meta.dirname, '../..')
const pythonStorage = join(root, 'test/fixtures/python-storage/storage')
const context = { signal: new AbortController().signal }

let folder: string
let application: Application
let listeners: Set<(name: EventName, payload: EventPayload<EventName>) => void>

function start(): Promise<Application> {
  return createApplication({
    services: { host: 'web' },
    version: '0.0.0',
    dataFolder: join(folder, 'data'),
    resourcesFolder: join(root, 'resources'),
    emit: (name, payload) => listeners.forEach((listener) => listener(name, payload)),
  })
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-app-'))
  listeners = new Set()
  application = await start()
})

afterEach(async () => {
  await application.close()
  await rm(folder, { recursive: true, force: true })
})

async function write(files: Record<string, string | Buffer>, name = 'documents'): Promise<string> {
  const path = join(folder, name)
  await mkdir(path, { recursive: true })
  for (const [file, content] of Object.entries(files)) await writeFile(join(path, file), content)
  return path
}

/** The job as it is when it ends. */
function ended(jobId: string): Promise<Job> {
  return new Promise((resolve) => {
    const look = (): void => {
      void Promise.resolve(application.handlers['jobs.list']({}, context)).then((jobs) => {
        const job = jobs.find(({ id }) => id === jobId)
        if (job?.finishedAt) {
          listeners.delete(look)
          resolve(job)
        }
      })
    }
    listeners.add(look)
    look()
  })
}

async function index(paths: string[], persistDir = join(folder, 'storage'), model?: string): Promise<Job> {
  const input = { paths, persistDir, ...(model === undefined ? {} : { model }) }
  return ended((await application.handlers['ingest.start'](input, context)).id)
}

async function listed(): Promise<KnowledgeBase[]> {
  return application.handlers['library.list']({}, context)
}

test('documents are indexed, searched, and still there after a new start without embedding again', async () => {
  const documents = await write({
    'tea.txt': 'Green tea is steeped at eighty degrees.',
    'sea.md': 'The tide comes in twice a day.',
  })
  const job = await index([documents])
  expect(job).toMatchObject({ state: 'done', report: { documents: 2, failed: [] } })
  await application.close()

  application = await start()
  const [knowledgeBase] = await listed()
  expect(knowledgeBase).toMatchObject({ name: 'storage', state: 'closed', documents: 2 })
  const { id } = knowledgeBase!
  const opened = await application.handlers['library.activate']({ knowledgeBaseId: id }, context)
  expect(opened).toMatchObject({
    state: 'ready',
    documents: 2,
    modelRecorded: true,
    persisted: true,
    sources: [documents],
  })
  const answer = await application.handlers['search.query'](
    commands['search.query'].input.parse({
      knowledgeBaseId: id,
      query: 'how hot should the water be for tea',
      topK: 1,
    }),
    context,
  )
  expect(answer.hits.map(({ source }) => source)).toEqual([join(documents, 'tea.txt')])
  const again = await index([documents])
  expect(again.report).toMatchObject({ documents: 0, nodes: 0, unchanged: 2 })
})

test('the source of a hit is the whole text of its document, with the place of the passage in it', async () => {
  const sentences = Array.from(
    { length: 120 },
    (_, number) => `Shelf ${number} 📚 holds the books of the year ${1800 + number}.`,
  )
  const text = sentences.join(' ')
  await index([await write({ 'shelves.txt': text })])
  const [knowledgeBase] = await listed()
  const { id } = knowledgeBase!
  const { hits } = await application.handlers['search.query'](
    commands['search.query'].input.parse({ knowledgeBaseId: id, query: 'shelf 77', topK: 10 }),
    context,
  )
  expect(hits.length).toBeGreaterThan(2)
  for (const hit of hits) {
    const source = await application.handlers['search.source'](
      { knowledgeBaseId: id, nodeId: hit.nodeId },
      context,
    )
    expect(source.fileExists).toBe(true)
    expect(source.text.slice(source.start, source.end)).toBe(hit.text)
    expect(source.text.replace(/\s+/g, ' ')).toBe(text)
  }
})

test('a folder that Python LlamaIndex wrote opens, its model is found out by comparing, and it is searched', async () => {
  const persistDir = join(folder, 'python')
  await cp(pythonStorage, persistDir, { recursive: true })
  const { id, ...opened } = await application.handlers['library.open']({ persistDir }, context)
  expect(opened).toMatchObject({
    state: 'ready',
    documents: 5,
    dimensions: 384,
    model: 'bundled:all-MiniLM-L6-v2',
    modelRecorded: false,
    modelVerdict: 'verified',
    warnings: [],
  })
  const { hits } = await application.handlers['search.query'](
    commands['search.query'].input.parse({
      knowledgeBaseId: id,
      query: 'how insects tell each other where food is',
      topK: 1,
    }),
    context,
  )
  expect(hits[0]!.source).toMatch(/bees\.txt$/)
})

test('a listed folder that is gone is said to be missing, and comes back when the folder does', async () => {
  const persistDir = join(folder, 'python')
  await cp(pythonStorage, persistDir, { recursive: true })
  const { id } = await application.handlers['library.open']({ persistDir }, context)
  await rm(persistDir, { recursive: true })
  expect(await listed()).toMatchObject([{ state: 'missing', error: { code: 'path-missing' } }])
  await cp(pythonStorage, persistDir, { recursive: true })
  expect(await listed()).toMatchObject([{ state: 'closed', error: null }])
  expect(await application.handlers['library.activate']({ knowledgeBaseId: id }, context)).toMatchObject({
    state: 'ready',
  })
})

test('forgetting a knowledge base deletes nothing on disk', async () => {
  const persistDir = join(folder, 'python')
  await cp(pythonStorage, persistDir, { recursive: true })
  const { id } = await application.handlers['library.open']({ persistDir }, context)
  const before = await readdir(persistDir)
  await application.handlers['library.forget']({ knowledgeBaseId: id }, context)
  expect(await listed()).toEqual([])
  expect(await readdir(persistDir)).toEqual(
    expect.arrayContaining(before.filter((name) => name.endsWith('.json'))),
  )
})

test('files that cannot be indexed are named with their causes and the rest is indexed', async () => {
  const documents = await write({
    'good.txt': 'Bread rises overnight.',
    'empty.txt': '',
    'binary.txt': Buffer.from([0, 1, 2, 3, 0, 255, 254, 0, 9, 8, 0]),
    'broken.pdf': '%PDF-1.7 and nothing more',
  })
  const { report, state } = await index([documents])
  expect(state).toBe('done')
  expect(report!.documents).toBe(1)
  const codes = Object.fromEntries(
    report!.failed.map(({ path, code }) => [path.slice(documents.length + 1), code]),
  )
  expect(codes).toEqual({
    'empty.txt': 'empty-file',
    'binary.txt': 'binary-file',
    'broken.pdf': 'broken-file',
  })
})

test.each([
  ['an empty folder', {}, 'empty-folder'],
  ['a folder without readable files', { 'one.png': 'x' }, 'no-readable-files'],
  ['a folder with nothing but an empty file', { 'a.txt': '' }, 'empty-file'],
])(
  '%s leaves no storage folder behind, and the reason stays until it was read',
  async (_name, files, code) => {
    const job = await index([await write(files)])
    expect(job).toMatchObject({ state: 'failed', error: { code } })
    expect(await listed()).toMatchObject([{ state: 'error', error: { code } }])
    await application.handlers['jobs.dismiss']({ jobId: job.id }, context)
    expect(await listed()).toEqual([])
    expect(await readdir(folder)).not.toContain('storage')
  },
)

test('a storage folder with a missing or cut-off file is refused by name and left as it was', async () => {
  const missing = join(folder, 'missing')
  await cp(pythonStorage, missing, { recursive: true })
  await rm(join(missing, 'docstore.json'))
  await expect(application.handlers['library.open']({ persistDir: missing }, context)).rejects.toMatchObject({
    message: expect.stringContaining('docstore.json') as string,
  })
  const cut = join(folder, 'cut')
  await cp(pythonStorage, cut, { recursive: true })
  const file = join(cut, 'default__vector_store.json')
  await truncate(file, 20_000)
  const before = await readFile(file)
  await expect(application.handlers['library.open']({ persistDir: cut }, context)).rejects.toMatchObject({
    message: expect.stringContaining('default__vector_store.json') as string,
  })
  expect((await readFile(file)).equals(before)).toBe(true)
})

test('vectors that no model makes are refused with their dimension, and search embeds nothing', async () => {
  const persistDir = join(folder, 'short')
  await cp(pythonStorage, persistDir, { recursive: true })
  const file = join(persistDir, 'default__vector_store.json')
  const store = JSON.parse(await readFile(file, 'utf8')) as { embedding_dict: Record<string, number[]> }
  for (const [id, vector] of Object.entries(store.embedding_dict))
    store.embedding_dict[id] = vector.slice(0, 77)
  await writeFile(file, JSON.stringify(store))
  const { id, error, state } = await application.handlers['library.open']({ persistDir }, context)
  expect(state).toBe('error')
  expect(error).toMatchObject({
    code: 'dimension-mismatch',
    message: expect.stringContaining('77') as string,
  })
  await expect(
    application.handlers['search.query'](
      commands['search.query'].input.parse({ knowledgeBaseId: id, query: 'bees', topK: 3 }),
      context,
    ),
  ).rejects.toMatchObject({ code: 'dimension-mismatch' })
})

test('a storage folder that cannot be made is refused before anything starts', async () => {
  const documents = await write({ 'a.txt': 'Some text.' })
  const input = { paths: [documents], persistDir: join(documents, 'a.txt', 'storage') }
  const start = Promise.resolve(application.handlers['ingest.start'](input, context))
  await expect(start).rejects.toMatchObject({ code: 'not-a-folder' })
  expect(await listed()).toEqual([])
})

test.runIf(process.platform === 'linux')(
  'a storage folder in a place that holds no folders is refused, not waited for',
  async () => {
    const documents = await write({ 'a.txt': 'Some text.' })
    const input = { paths: [documents], persistDir: '/proc/stackroom/storage' }
    const start = Promise.resolve(application.handlers['ingest.start'](input, context))
    await expect(start).rejects.toMatchObject({ code: 'permission-denied' })
  },
)

test('an unknown model is refused before anything is made', async () => {
  const job = await index([await write({ 'a.txt': 'Some text.' })], join(folder, 'storage'), 'nobody:model')
  expect(job).toMatchObject({ state: 'failed', error: { code: 'no-such-model' } })
  expect(await readdir(folder)).not.toContain('storage')
})

test('an index is not put into the folder of the documents itself', async () => {
  const documents = await write({ 'a.txt': 'Some text.' })
  expect(await index([documents], documents)).toMatchObject({
    state: 'failed',
    error: { code: 'invalid-input' },
  })
  expect(await readdir(documents)).toEqual(['a.txt'])
})

test('a cancelled job keeps what was committed and the next run goes on from there', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 400 }, (_, number) => [
      `${number}.txt`,
      `Note ${number}. ${'About shelves and books. '.repeat(20)}`,
    ]),
  )
  const documents = await write(files)
  const persistDir = join(folder, 'storage')
  const job = await application.handlers['ingest.start']({ paths: [documents], persistDir }, context)
  await new Promise<void>((resolve) => {
    const listener = (name: EventName, payload: EventPayload<EventName>): void => {
      if (name !== 'jobs.changed' || (payload as Job).progress.documents === 0) return
      listeners.delete(listener)
      resolve()
    }
    listeners.add(listener)
  })
  await application.handlers['jobs.cancel']({ jobId: job.id }, context)
  expect(await ended(job.id)).toMatchObject({ state: 'cancelled' })
  const [knowledgeBase] = await listed()
  expect(knowledgeBase).toMatchObject({ state: 'ready', persisted: true })
  expect(knowledgeBase!.documents).toBeGreaterThan(0)
  const { report } = await index([documents])
  expect(report!.unchanged).toBe(knowledgeBase!.documents)
  expect(report!.documents + report!.unchanged).toBe(400)
})
