/** Indexes with their vectors in Chroma, and collections of Chroma folders, on the command line as its own process. */
import { existsSync } from 'node:fs'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rename, rm, unlink, watch, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import {
  folderInfoSchema,
  ingestReportSchema,
  refreshReportSchema,
  removalSchema,
  searchAnswerSchema,
  storeInspectionSchema,
} from '#contract'
import { fillCollection, recordsIn } from './chroma-collections.ts'
import { CommandLine } from './run-command.ts'

const docstoreSchema = z.looseObject({ 'docstore/data': z.record(z.string(), z.unknown()) })
const fixtures = resolve(import.meta.dirname, '../fixtures/chroma')

let folder: string
let command: CommandLine

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-chroma-store-'))
  command = new CommandLine(folder)
  await mkdir(join(folder, 'documents'))
  await write('tea.txt', 'Green tea is steeped at eighty degrees.')
  await write('sea.txt', 'The tide comes in twice a day.')
  await write('bees.txt', 'A bee visits a thousand flowers before it goes home.')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function write(name: string, content: string): Promise<void> {
  return writeFile(join(folder, 'documents', name), content)
}

async function json(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await command.run(...args, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

async function refused(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await command.run(...args)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  return stderr
}

async function search(query: string, ...where: string[]) {
  return searchAnswerSchema.parse(await json('search', ...where, query, '-k', '1', '--mode', 'vector')).hits
}

const indexing = [
  'index',
  'documents',
  '--to',
  'storage',
  '--store',
  'chroma:storage/chroma',
  '--collection',
  'notes',
]

test('files are indexed into a Chroma collection, searched, refreshed and removed; docstore and index store are beside it', async () => {
  expect(ingestReportSchema.parse(await json(...indexing))).toMatchObject({ documents: 3, nodes: 3 })
  expect(existsSync(join(folder, 'storage/default__vector_store.json'))).toBe(false)
  const [hit] = await search('how hot should the water be', 'storage')
  expect(hit).toMatchObject({ source: join(folder, 'documents/tea.txt') })
  // As LlamaIndex's ChromaVectorStore scores: of the squared distance.
  expect(hit?.score).toBeGreaterThan(Math.exp(-2))
  expect(folderInfoSchema.parse(await json('info', 'storage'))).toMatchObject({
    ...{ kind: 'stackroom', documents: 3, nodes: 3, dimensions: 384, store: 'chroma', persisted: true },
    ...{ modelVerdict: 'verified', vectorStore: { collection: 'notes' } },
  })
  const before = await recordsIn(join(folder, 'storage/chroma'), 'notes')

  await write('tea.txt', 'Black tea is steeped with boiling water.')
  await mkdir(join(folder, 'documents/sub'))
  await rename(join(folder, 'documents/sea.txt'), join(folder, 'documents/sub/sea.txt'))
  await unlink(join(folder, 'documents/bees.txt'))
  await write('new.txt', 'Owls hunt at night.')
  await write('same.txt', 'The tide comes in twice a day.')
  const refreshed = refreshReportSchema.parse(await json('refresh', 'storage'))
  expect(refreshed).toMatchObject({ added: 2, changed: 1, moved: 1, removed: 1, unchanged: 0, failed: [] })
  expect(refreshReportSchema.parse(await json('refresh', 'storage'))).toMatchObject({
    unchanged: 4,
    added: 0,
  })

  const after = await recordsIn(join(folder, 'storage/chroma'), 'notes')
  const paths = after.metadatas?.map((metadata) => metadata?.['file_path'])
  expect(paths?.toSorted()).toEqual(
    ['new.txt', 'same.txt', 'sub/sea.txt', 'tea.txt'].map((name) => join(folder, 'documents', name)),
  )
  // A moved file keeps its nodes: one of two that have its text now.
  const tides = after.ids.filter((_, index) => after.documents?.[index]?.startsWith('The tide'))
  expect(tides).toHaveLength(2)
  expect(tides.filter((id) => before.ids.includes(id))).toHaveLength(1)
  const docstore = docstoreSchema.parse(
    JSON.parse(await readFile(join(folder, 'storage/docstore.json'), 'utf8')),
  )
  expect(Object.keys(docstore['docstore/data']).toSorted()).toEqual(after.ids.toSorted())

  const owls = join(folder, 'documents/new.txt')
  expect(removalSchema.parse(await json('remove', 'storage', owls))).toEqual({ removed: [owls], unknown: [] })
  expect((await recordsIn(join(folder, 'storage/chroma'), 'notes')).ids).toHaveLength(3)
  expect((await search('when do owls hunt', 'storage'))[0]?.source).not.toBe(owls)
})

test('a collection that an index keeps its vectors in opens by itself, too', async () => {
  await json(...indexing)
  expect((await search('bees', 'storage/chroma'))[0]).toMatchObject({
    source: join(folder, 'documents/bees.txt'),
  })
  expect(folderInfoSchema.parse(await json('info', 'chroma:storage/chroma?collection=notes'))).toMatchObject({
    ...{ kind: 'chroma', documents: 3, nodes: 3, modelVerdict: 'verified', maker: 'llamaindex' },
    ...{ files: [], persisted: true },
  })
})

test('of several collections one has to be named; they are listed with what they are', async () => {
  const chroma = join(folder, 'chroma')
  const record = { id: 'a', document: 'Tides.', metadata: { page: 1 } }
  await fillCollection(chroma, 'plain', [record], 'default')
  await fillCollection(chroma, 'chained', [{ ...record, metadata: { source: 'x.pdf' } }], null)
  const { collections, version } = storeInspectionSchema.parse(await json('info', 'chroma'))
  expect(version).toBe('same')
  expect(collections).toMatchObject([
    {
      name: 'chained',
      records: 1,
      dimensions: 384,
      metric: 'l2',
      maker: 'langchain',
      embeddingFunction: null,
    },
    {
      ...{ name: 'plain', maker: 'plain', embeddingFunction: { name: 'default', model: null } },
      ...{ model: 'bundled:all-MiniLM-L6-v2', address: `chroma:${chroma}?collection=plain` },
    },
  ])
  expect(await refused('search', 'chroma', 'tides')).toMatch(/2 collections: chained, plain/)
  expect(await refused('search', 'chroma', 'tides', '--collection', 'none')).toMatch(
    /There is no collection “none”.*\nIt has chained, plain\./,
  )
})

test('what Chroma’s own client and LangChain made is searched offline, added to in their shape, and removed', async () => {
  const chroma = join(folder, 'chroma')
  const facts = [
    { id: 'one', document: 'Green tea is steeped at eighty degrees.', metadata: { page: 1 } },
    { id: 'two', document: 'The tide comes in twice a day.', metadata: { page: 2 } },
  ]
  await fillCollection(chroma, 'plain', facts, 'default')
  const chained = facts.map((fact, index) => ({ ...fact, metadata: { source: `/x/${index}.pdf`, page: 3 } }))
  await fillCollection(
    chroma,
    'chained',
    [...chained, { ...chained[0]!, id: 'three', document: 'Milk.' }],
    null,
  )
  const inPlain = ['chroma', '--collection', 'plain']
  const inChained = ['chroma', '--collection', 'chained']
  expect((await search('hot water', ...inPlain))[0]).toMatchObject({ nodeId: 'one', refDocId: 'one' })
  expect((await search('ocean', ...inChained))[0]).toMatchObject({ nodeId: 'two', refDocId: '/x/1.pdf' })
  expect(folderInfoSchema.parse(await json('info', ...inChained))).toMatchObject({ documents: 2, nodes: 3 })

  const added = await json('index', 'documents/bees.txt', '--to', ...inChained)
  expect(ingestReportSchema.parse(added)).toMatchObject({ documents: 1 })
  const { metadatas, documents, ids } = await recordsIn(chroma, 'chained')
  const at = ids.findIndex((id) => !['one', 'two', 'three'].includes(id))
  expect(documents?.[at]).toBe('A bee visits a thousand flowers before it goes home.')
  const bees = join(folder, 'documents/bees.txt')
  expect(metadatas?.[at]).toMatchObject({ source: bees, start_index: 0 })
  expect(metadatas?.[at]).not.toHaveProperty('_node_content')
  expect((await search('insects on flowers', ...inChained))[0]).toMatchObject({ refDocId: bees })
  // Embedded as the others are: the document alone.
  expect(
    (await search('A bee visits a thousand flowers before it goes home.', ...inChained))[0]?.score,
  ).toBeGreaterThan(0.999)

  await json('remove', 'chroma', '/x/0.pdf', bees, '--collection', 'chained')
  expect((await recordsIn(chroma, 'chained')).ids).toEqual(['two'])
  await json('remove', 'chroma', 'one', '--collection', 'plain')
  expect((await recordsIn(chroma, 'plain')).ids).toEqual(['two'])
})

test('a folder of an older Chroma is opened only when it may be brought up to date, after a backup', async () => {
  await cp(join(fixtures, '0.6.3/chroma'), join(folder, 'old'), { recursive: true })
  expect(await refused('search', 'old', 'hello', '--collection', 'notes')).toMatch(/older Chroma/)
  expect(storeInspectionSchema.parse(await json('info', 'old'))).toMatchObject({ version: 'older' })
  // Its vectors have eight dimensions, which no model makes.
  expect(await refused('search', 'old', 'hello', '--collection', 'notes', '--migrate')).toMatch(
    /8 dimensions/,
  )
  expect(existsSync(join(folder, 'old/.stackroom/chroma/backups'))).toBe(true)
  expect(storeInspectionSchema.parse(await json('info', 'old'))).toMatchObject({ version: 'same' })
})

test('indexing that is killed again and again leaves every file in the collection once, and no engine behind', async () => {
  await json(...indexing)
  for (let number = 0; number < 300; number++) await write(`${number}.txt`, `Report number ${number}.`)
  for (const writes of [2, 30, 90]) {
    const watching = watch(join(folder, 'storage/chroma'))[Symbol.asyncIterator]()
    const running = command.start('index', 'documents', '--to', 'storage')
    const ended = once(running, 'exit')
    for (let seen = 0; seen < writes; seen++) await watching.next()
    await watching.return?.()
    running.kill('SIGKILL')
    await ended
  }
  expect(refreshReportSchema.parse(await json('refresh', 'storage'))).toMatchObject({ failed: [] })
  const { ids, metadatas } = await recordsIn(join(folder, 'storage/chroma'), 'notes')
  expect(new Set(metadatas?.map((metadata) => metadata?.['file_path'])).size).toBe(303)
  expect(ids).toHaveLength(303)
  const docstore = docstoreSchema.parse(
    JSON.parse(await readFile(join(folder, 'storage/docstore.json'), 'utf8')),
  )
  expect(Object.keys(docstore['docstore/data']).toSorted()).toEqual(ids.toSorted())
})

test('wrong stores are refused before anything is made', async () => {
  const to = ['index', 'documents', '--to', 'storage', '--store']
  expect(await refused(...to, 'nowhere:x')).toMatch(/no folder of a vector store|no address/)
  expect(await refused(...to, 'chroma:c', '--collection', 'ä b')).toMatch(/Chroma takes no collection/)
  expect(existsSync(join(folder, 'storage'))).toBe(false)
  expect(existsSync(join(folder, 'c'))).toBe(false)
  expect(await refused(...to, 'chroma:documents/tea.txt')).toMatch(/tea\.txt is a file, not a folder/)
  expect(existsSync(join(folder, 'storage'))).toBe(false)

  await fillCollection(
    join(folder, 'chroma'),
    'short',
    [{ id: 'a', document: 'x', metadata: { y: 1 }, vector: Float32Array.of(1, 0) }],
    null,
  )
  expect(await refused(...to, 'chroma:chroma', '--collection', 'short')).toMatch(/2 dimensions/)
  expect(existsSync(join(folder, 'storage'))).toBe(false)
  expect((await recordsIn(join(folder, 'chroma'), 'short')).ids).toEqual(['a'])

  await json('index', 'documents', '--to', 'storage')
  expect(await refused(...to, 'chroma:chroma')).toMatch(/vectors in its own folder/)
})
