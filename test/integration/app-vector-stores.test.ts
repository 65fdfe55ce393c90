/** Vector stores through the app's handlers: Chroma folders and servers inspected, opened, searched, indexed into. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { searchQuerySchema, type EventName, type EventPayload, type Job, type SearchHit } from '#contract'
import { createApplication, type Application } from '#app/application.ts'
import { openChromaEngine } from '#engine/stores/chroma/open-chroma-store.ts'
import { engineCache, fillCollection } from './chroma-collections.ts'
import { codeOf } from './storage-test-folder.ts'

const root = resolve(import.meta.dirname, '../..')
const context = { signal: new AbortController().signal }

let folder: string
let chroma: string
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
  folder = await mkdtemp(join(tmpdir(), 'stackroom-app-stores-'))
  chroma = join(folder, 'chroma')
  listeners = new Set()
  application = await start()
})

afterEach(async () => {
  await application.close()
  await rm(folder, { recursive: true, force: true })
})

const records = [
  {
    id: 'one',
    document: 'Green tea is steeped at eighty degrees.',
    metadata: { source: 'tea.pdf', page: 1 },
  },
  { id: 'two', document: 'Black tea wants boiling water.', metadata: { source: 'tea.pdf', page: 2 } },
  { id: 'three', document: 'The tide comes in twice a day.', metadata: { source: 'sea.pdf', page: 1 } },
]

async function search(knowledgeBaseId: string, query: string): Promise<SearchHit[]> {
  const input = searchQuerySchema.parse({ knowledgeBaseId, query, topK: 1, mode: 'vector' })
  return (await application.handlers['search.query'](input, context)).hits
}

function refusal(call: () => unknown): Promise<unknown> {
  return codeOf(Promise.resolve().then(call))
}

function ended(jobId: string): Promise<Job> {
  return new Promise((resolve) => {
    const look = (): void => {
      void Promise.resolve(application.handlers['jobs.list']({}, context)).then((jobs) => {
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

test('a Chroma folder is opened, listed, searched, and still there after a new start', async () => {
  await fillCollection(chroma, 'papers', records, null)
  const inspected = await application.handlers['stores.inspect']({ address: chroma }, context)
  expect(inspected).toMatchObject({
    ...{
      kind: 'chroma',
      address: `chroma:${chroma}`,
      folder: chroma,
      version: 'same',
      usedBy: null,
      error: null,
    },
    collections: [{ name: 'papers', records: 3, maker: 'langchain', knowledgeBaseId: null, model: null }],
  })
  const opened = await application.handlers['library.open']({ persistDir: chroma }, context)
  expect(opened).toMatchObject({
    ...{ name: 'papers', kind: 'chroma', state: 'ready', documents: 2, nodes: 3, dimensions: 384 },
    ...{ persistDir: `chroma:${chroma}?collection=papers`, maker: 'langchain', modelVerdict: 'verified' },
    ...{ persisted: true, readOnly: false, vectorStore: { collection: 'papers', location: chroma } },
  })
  const [hit] = await search(opened.id, 'how is black tea made')
  expect(hit).toMatchObject({ nodeId: 'two', refDocId: 'tea.pdf' })
  const source = await application.handlers['search.source'](
    { knowledgeBaseId: opened.id, nodeId: 'two', whole: false },
    context,
  )
  expect(source.text).toContain('eighty degrees')
  expect(source.text.slice(source.start, source.end)).toBe('Black tea wants boiling water.')
  await application.close()
  await expect(open(join(chroma, '.stackroom/chroma/lock.json'))).rejects.toThrow('ENOENT')

  application = await start()
  const [listed] = await application.handlers['library.list']({}, context)
  expect(listed).toMatchObject({ id: opened.id, state: 'closed', documents: 2, maker: 'langchain' })
  expect((await search(opened.id, 'ocean'))[0]?.nodeId).toBe('three')
  const again = await application.handlers['stores.open']({ address: chroma, migrate: false }, context)
  expect(again.id).toBe(opened.id)
  const { collections } = await application.handlers['stores.inspect']({ address: chroma }, context)
  expect(collections[0]?.knowledgeBaseId).toBe(opened.id)
})

test('documents are removed from a collection and files are inserted into it', async () => {
  await fillCollection(chroma, 'papers', records, null)
  const { id, persistDir } = await application.handlers['library.open']({ persistDir: chroma }, context)
  const removal = await application.handlers['library.removeDocuments'](
    { knowledgeBaseId: id, refDocIds: ['tea.pdf', 'none.pdf'], keepInDocstore: false },
    context,
  )
  expect(removal).toEqual({ removed: ['tea.pdf'], unknown: ['none.pdf'] })
  await mkdir(join(folder, 'documents'))
  await writeFile(join(folder, 'documents/owls.txt'), 'Owls hunt at night.')
  const { id: jobId } = await application.handlers['ingest.start'](
    { paths: [join(folder, 'documents')], persistDir },
    context,
  )
  expect(await ended(jobId)).toMatchObject({ state: 'done', report: { documents: 1 } })
  const [entry] = await application.handlers['library.list']({}, context)
  expect(entry).toMatchObject({ documents: 2, nodes: 2, sources: [join(folder, 'documents')] })
  expect((await search(id, 'which bird flies in the dark'))[0]?.source).toBe(
    join(folder, 'documents/owls.txt'),
  )
  const refresh = await application.handlers['ingest.refresh'](
    { knowledgeBaseId: id, remember: false },
    context,
  )
  expect((await ended(refresh.id)).report).toMatchObject({ unchanged: 1, added: 0 })
})

test('a new index keeps its vectors in a collection that is made for it; nothing of it is left when nothing came of it', async () => {
  await mkdir(join(folder, 'documents'))
  await writeFile(join(folder, 'documents/empty.txt'), '')
  const input = {
    paths: [join(folder, 'documents')],
    persistDir: join(folder, 'storage'),
    name: 'Über Eulen',
    store: { address: `chroma:${chroma}`, metric: 'cosine' as const },
  }
  const failed = await ended((await application.handlers['ingest.start'](input, context)).id)
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'empty-file' } })
  await expect(open(chroma)).rejects.toThrow('ENOENT')
  await expect(open(join(folder, 'storage'))).rejects.toThrow('ENOENT')
  await application.handlers['jobs.dismiss']({ jobId: failed.id }, context)

  await writeFile(join(folder, 'documents/owls.txt'), 'Owls hunt at night.')
  const done = await ended((await application.handlers['ingest.start'](input, context)).id)
  expect(done).toMatchObject({ state: 'done', report: { documents: 1 } })
  const [entry] = await application.handlers['library.list']({}, context)
  expect(entry).toMatchObject({
    ...{ name: 'Über Eulen', kind: 'stackroom', store: 'chroma', documents: 1, nodes: 1, maker: null },
    ...{ modelVerdict: 'verified', persisted: true, vectorStore: { collection: 'U_ber_Eulen' } },
  })
  const { collections } = await application.handlers['stores.inspect']({ address: chroma }, context)
  expect(collections).toMatchObject([
    { ...{ name: 'U_ber_Eulen', metric: 'cosine', maker: 'llamaindex' }, knowledgeBaseId: entry?.id },
  ])
})

test('an index whose collection is of an older Chroma opens when it may be brought up to date', async () => {
  await mkdir(join(folder, 'documents'))
  await writeFile(join(folder, 'documents/owls.txt'), 'Owls hunt at night.')
  const persistDir = join(folder, 'storage')
  const store = { address: `chroma:${chroma}`, collection: 'notes' }
  const input = { paths: [join(folder, 'documents')], persistDir, store }
  await ended((await application.handlers['ingest.start'](input, context)).id)
  const [entry] = await application.handlers['library.list']({}, context)
  const knowledgeBaseId = entry?.id ?? ''
  await application.close()
  await rm(chroma, { recursive: true })
  await cp(join(root, 'test/fixtures/chroma/1.0.20/chroma'), chroma, { recursive: true })

  application = await start()
  const asked = await application.handlers['library.activate']({ knowledgeBaseId }, context)
  expect(asked).toMatchObject({ state: 'error', error: { code: 'older-format' } })
  const opened = await application.handlers['library.activate']({ knowledgeBaseId, migrate: true }, context)
  // It is another collection of that name.
  expect(opened).toMatchObject({ nodes: 44, dimensions: 8, error: { code: 'dimension-mismatch' } })
})

test('a folder of an older Chroma says so, is opened when that is allowed, and its backup is named before', async () => {
  await cp(join(root, 'test/fixtures/chroma/1.0.20/chroma'), chroma, { recursive: true })
  const inspected = await application.handlers['stores.inspect']({ address: chroma }, context)
  expect(inspected).toMatchObject({ version: 'older', error: null })
  expect(inspected.backupFolder).toContain(chroma)
  const input = { address: chroma, collection: 'notes' }
  expect(
    await refusal(() => application.handlers['stores.open']({ ...input, migrate: false }, context)),
  ).toBe('older-format')
  expect(
    await refusal(() => application.handlers['stores.open']({ address: chroma, migrate: true }, context)),
  ).toBe('several-collections')
  const opened = await application.handlers['stores.open']({ ...input, migrate: true }, context)
  expect(opened).toMatchObject({
    name: 'notes',
    nodes: 44,
    dimensions: 8,
    error: { code: 'dimension-mismatch' },
  })
})

test('a folder that another program has open is told of with its name, and opens when it is let go of', async () => {
  await fillCollection(chroma, 'papers', records, null)
  const hold = `require('fs').openSync(process.argv[1], 'r'); console.log('held'); setInterval(() => {}, 1000)`
  const holder: ChildProcess = spawn(process.execPath, ['-e', hold, join(chroma, 'chroma.sqlite3')])
  await once(holder.stdout!, 'data')
  const inspected = await application.handlers['stores.inspect']({ address: chroma }, context)
  expect(inspected).toMatchObject({
    ...{ usedBy: { pid: holder.pid }, error: { code: 'locked' } },
    collections: [{ name: 'papers' }],
  })
  expect(await refusal(() => application.handlers['library.open']({ persistDir: chroma }, context))).toBe(
    'locked',
  )
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  expect(await application.handlers['library.open']({ persistDir: chroma }, context)).toMatchObject({
    state: 'ready',
  })
})

test('collections of a server are listed and opened by its address, and its key is asked for and kept by its host', async () => {
  await fillCollection(chroma, 'papers', records, null)
  await using engine = openChromaEngine({ folder: chroma, cacheFolder: engineCache, migrate: false })
  const url = await engine.use((address) => Promise.resolve(address))
  const address = url.replace('http:', 'chroma+http:')
  const inspected = await application.handlers['stores.inspect']({ address }, context)
  expect(inspected).toMatchObject({
    folder: null,
    key: 'none',
    collections: [{ name: 'papers', records: 3 }],
  })
  const opened = await application.handlers['stores.open']({ address, migrate: false }, context)
  expect(opened).toMatchObject({ persistDir: `${address}?collection=papers`, nodes: 3, state: 'ready' })
  expect((await search(opened.id, 'ocean'))[0]?.nodeId).toBe('three')
  await application.handlers['stores.setKey']({ address, key: 'a-secret' }, context)
  expect(await application.handlers['stores.inspect']({ address }, context)).toMatchObject({ key: 'stored' })
  const other = await application.handlers['stores.inspect'](
    { address: 'chroma+http://127.0.0.1:9' },
    context,
  )
  expect(other).toMatchObject({ key: 'none', error: { code: 'server-down' } })
})
