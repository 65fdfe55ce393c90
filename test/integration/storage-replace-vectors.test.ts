/** Replacing every vector of a folder, on real folders: interrupted, gone on with, kept, and put back. */
import { cp, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { createStorageFolder, openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import type { NewVector, TextToEmbed } from '#engine/storage/replace-vectors.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { buildNodes } from './storage-documents.ts'
import { settings as withoutModel } from './storage-settings.ts'

const pythonFolder = resolve(import.meta.dirname, '../fixtures/python-storage/storage')

let folder: string
let persistDir: string
const opened: StorageFolder[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-replace-'))
  persistDir = join(folder, 'storage')
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((storage) => storage.close()))
  await rm(folder, { recursive: true, force: true })
})

const identity = {
  id: 'test:old',
  dimensions: 8,
  pooling: 'provider',
  normalized: true,
  queryPrefix: '',
  documentPrefix: '',
  longText: 'provider',
  revision: '',
  lineBreaks: 'kept',
  metadataMode: 'embed',
} as const
const settings: StackroomSettings = { ...withoutModel, embedModel: identity }
const newSettings: StackroomSettings = {
  ...settings,
  embedModel: { ...identity, id: 'test:new', dimensions: 5 },
}
const target = { key: 'the new model', dimensions: 5 }

async function create(texts: readonly string[]): Promise<StorageFolder> {
  const storage = await createStorageFolder({ persistDir, dataFolder: join(folder, 'data'), settings })
  opened.push(storage)
  await storage.change({ insert: [buildNodes('/a.txt', texts)] })
  await storage.persist()
  return storage
}

async function reopen(storage?: StorageFolder): Promise<StorageFolder> {
  if (storage) {
    opened.splice(opened.indexOf(storage), 1)
    await storage.close()
  }
  const again = await openStorageFolder({ persistDir, dataFolder: join(folder, 'data') })
  opened.push(again)
  return again
}

/** The new vector of a text. */
function newVector(text: string, dimensions = 5): Float32Array {
  return buildNodes('x', [`new ${text}`], dimensions).vectors[0]!
}

async function missing({ replacement }: StorageFolder): Promise<TextToEmbed[]> {
  const all: TextToEmbed[] = []
  for (let page: number | null = 0; page !== null;) {
    const { texts, next } = await replacement.texts(page, 2)
    all.push(...texts)
    page = next
  }
  return all
}

const embed = (texts: readonly TextToEmbed[]): NewVector[] =>
  texts.map(({ nodeId, textHash, text }) => ({ nodeId, textHash, vector: newVector(text) }))

async function replaceAll(storage: StorageFolder): Promise<void> {
  await storage.replacement.begin(target)
  await storage.replacement.add(embed(await missing(storage)))
  await storage.replacement.finish(newSettings)
  await storage.persist()
}

const storeSchema = z.object({ embedding_dict: z.record(z.string(), z.array(z.number())) })
async function written(): Promise<Record<string, number[]>> {
  const text = await readFile(join(persistDir, 'default__vector_store.json'), 'utf8')
  return storeSchema.parse(JSON.parse(text)).embedding_dict
}

test('the new vectors take the place of the old in the store, in the file and in the settings', async () => {
  const storage = await create(['one', 'two', 'three'])
  await storage.replacement.begin(target)
  const texts = await missing(storage)
  expect(texts.map(({ text }) => text)).toEqual([
    'file_path: /a.txt\n\none',
    'file_path: /a.txt\n\ntwo',
    'file_path: /a.txt\n\nthree',
  ])
  await storage.replacement.add(embed(texts))
  // nothing is different until the end
  expect(await storage.summary()).toMatchObject({ dimensions: 8, settings, persisted: true })
  await storage.replacement.finish(newSettings)
  expect(await storage.summary()).toMatchObject({
    dimensions: 5,
    vectors: 3,
    settings: newSettings,
    persisted: false,
  })
  const query = newVector('file_path: /a.txt\n\ntwo')
  expect((await storage.query(query, 1))[0]).toMatchObject({ nodeId: '/a.txt#two' })
  await storage.persist()
  const vectors = await written()
  expect(Object.keys(vectors)).toEqual(['/a.txt#one', '/a.txt#two', '/a.txt#three'])
  expect(vectors['/a.txt#two']).toEqual([...query])
  const again = await reopen(storage)
  expect((await again.query(query, 1))[0]!.score).toBeCloseTo(1, 6)
  expect(await again.summary()).toMatchObject({ persisted: true, dimensions: 5 })
})

test('what was embedded before an interruption is not asked for again', async () => {
  const storage = await create(['one', 'two', 'three', 'four', 'five'])
  expect(await storage.replacement.begin(target)).toEqual({ done: 0, total: 5 })
  await storage.replacement.add(embed((await missing(storage)).slice(0, 3)))
  const again = await reopen(storage)
  expect(await again.replacement.begin(target)).toEqual({ done: 3, total: 5 })
  expect((await missing(again)).map(({ nodeId }) => nodeId)).toEqual(['/a.txt#four', '/a.txt#five'])
})

test('vectors that were begun for another model are thrown away', async () => {
  const storage = await create(['one', 'two'])
  await storage.replacement.begin(target)
  await storage.replacement.add(embed(await missing(storage)))
  expect(await storage.replacement.begin({ ...target, key: 'another' })).toEqual({ done: 0, total: 2 })
  expect(await missing(storage)).toHaveLength(2)
})

test('nodes that came, changed or went after the beginning have the right vectors in the end', async () => {
  const storage = await create(['one', 'two', 'three'])
  await storage.change({ insert: [buildNodes('/b.txt', ['gone', 'stays'])] })
  await storage.replacement.begin(target)
  await storage.replacement.add(embed(await missing(storage)))
  await storage.change({ deleteRefDocIds: ['/b.txt'] })
  const changed = buildNodes('/b.txt', ['stays'])
  const [node] = changed.nodes
  await storage.change({
    insert: [
      { ...changed, nodes: [{ ...node!, node: { ...node!.node, text: 'different' } }] },
      buildNodes('/c.txt', ['new']),
    ],
  })
  await storage.replacement.begin(target)
  const texts = await missing(storage)
  expect(texts.map(({ text }) => text)).toEqual([
    'file_path: /b.txt\n\ndifferent',
    'file_path: /c.txt\n\nnew',
  ])
  await expect(storage.persist().then(() => storage.replacement.finish(newSettings))).rejects.toMatchObject({
    code: 'busy',
  })
  await storage.replacement.add(embed(texts))
  await storage.replacement.finish(newSettings)
  expect(await storage.summary()).toMatchObject({ vectors: 5, nodes: 5, dimensions: 5 })
  const hits = await storage.query(newVector('file_path: /b.txt\n\ndifferent'), 5)
  expect(hits[0]).toMatchObject({ nodeId: '/b.txt#stays' })
  expect(hits[0]!.score).toBeCloseTo(1, 6)
  expect(hits.map(({ nodeId }) => nodeId)).not.toContain('/b.txt#gone')
  await storage.persist()
  expect(Object.keys(await written()).sort()).toEqual([
    '/a.txt#one',
    '/a.txt#three',
    '/a.txt#two',
    '/b.txt#stays',
    '/c.txt#new',
  ])
})

test('vectors of another length or without direction are refused before anything is written', async () => {
  const storage = await create(['one', 'two'])
  await storage.replacement.begin(target)
  const [first, second] = await missing(storage)
  const wrong = { ...first!, vector: new Float32Array(4).fill(1) }
  await expect(storage.replacement.add([...embed([second!]), wrong])).rejects.toMatchObject({
    code: 'dimension-mismatch',
  })
  await expect(storage.replacement.add([{ ...first!, vector: new Float32Array(5) }])).rejects.toMatchObject({
    code: 'invalid-vector',
  })
  expect(await storage.replacement.begin(target)).toEqual({ done: 0, total: 2 })
})

test('the old vectors are kept until they are thrown away, and can be put back', async () => {
  const storage = await create(['one', 'two', 'three'])
  const before = await written()
  await replaceAll(storage)
  expect(await storage.replacement.oldVectors()).toMatchObject({ model: 'test:old', dimensions: 8 })
  const again = await reopen(storage)
  await again.replacement.restoreOld()
  await again.persist()
  expect(await written()).toEqual(before)
  expect(await again.summary()).toMatchObject({ dimensions: 8, vectors: 3, settings })
  expect(await again.replacement.oldVectors()).toBeNull()
  const [one] = buildNodes('/a.txt', ['one']).vectors
  expect((await again.query(one!, 1))[0]).toMatchObject({ nodeId: '/a.txt#one' })

  await replaceAll(again)
  await again.replacement.discardOld()
  expect(await again.replacement.oldVectors()).toBeNull()
  await expect(again.replacement.restoreOld()).rejects.toMatchObject({ code: 'not-found' })
  const names = await readdir(join(persistDir, '.stackroom'))
  expect(names.filter((name) => /old|replacement/.test(name))).toEqual([])
})

test('a crash after the new vectors were taken and before their settings were written is made good by the next open', async () => {
  const storage = await create(['one', 'two'])
  await replaceAll(storage)
  opened.splice(opened.indexOf(storage), 1)
  await storage.close()
  // the folder as such a crash leaves it: the note is in the working store, the files are not written
  const description = join(persistDir, '.stackroom/old-vectors/description.json')
  const note = {
    settings: newSettings,
    oldVectors: JSON.parse(await readFile(description, 'utf8')) as unknown,
  }
  const database = new Database(join(persistDir, '.stackroom/working.sqlite'))
  database
    .prepare('INSERT INTO meta VALUES (?, ?)')
    .run('after-replacement', JSON.stringify({ ...note, restored: false }))
  database.close()
  await rm(description)
  await writeFile(join(persistDir, 'stackroom.json'), JSON.stringify(settings))

  const again = await reopen()
  expect(await again.summary()).toMatchObject({ dimensions: 5, settings: newSettings })
  const written = await readFile(join(persistDir, 'stackroom.json'), 'utf8')
  expect(JSON.parse(written)).toEqual(newSettings)
  expect(await again.replacement.oldVectors()).toMatchObject({ model: 'test:old' })
})

test('old vectors are not put back over passages that have none', async () => {
  const storage = await create(['one'])
  await replaceAll(storage)
  await storage.change({ insert: [buildNodes('/b.txt', ['later'], 5)] })
  await expect(storage.replacement.restoreOld()).rejects.toMatchObject({
    code: 'wrong-model',
    message: expect.stringContaining('1 passages') as string,
  })
  expect(await storage.summary()).toMatchObject({ dimensions: 5, vectors: 2 })
})

test('a node without text loses its vector, and gets it back with the old vectors', async () => {
  const storage = await create(['one'])
  const empty = buildNodes('/b.txt', ['empty'])
  const [node] = empty.nodes
  await storage.change({
    insert: [{ ...empty, nodes: [{ ...node!, node: { ...node!.node, text: '', metadata: {} } }] }],
  })
  await storage.persist()
  const before = await written()
  await storage.replacement.begin(target)
  expect((await storage.replacement.texts(0, 10)).withoutText).toBe(1)
  await replaceAll(storage)
  expect(Object.keys(await written())).toEqual(['/a.txt#one'])
  await storage.replacement.restoreOld()
  await storage.persist()
  expect(await written()).toEqual(before)
})

test('a folder that Python wrote keeps everything but its vectors', async () => {
  await cp(pythonFolder, persistDir, { recursive: true })
  const read = (name: string): Promise<string> => readFile(join(persistDir, name), 'utf8')
  const others = ['docstore.json', 'index_store.json', 'graph_store.json', 'image__vector_store.json']
  const before = await Promise.all(others.map(read))
  const storage = await reopen()
  await replaceAll(storage)
  expect(await Promise.all(others.map(read))).toEqual(before)
  const vectors = Object.values(await written())
  expect(vectors.every((vector) => vector.length === 5)).toBe(true)
  expect(await storage.replacement.oldVectors()).toMatchObject({ model: null, dimensions: 384 })
  const kept = join(persistDir, '.stackroom/old-vectors/default__vector_store.json')
  expect((await stat(kept)).size).toBe((await stat(join(pythonFolder, 'default__vector_store.json'))).size)
  await storage.replacement.restoreOld()
  await storage.persist()
  expect(JSON.parse(await read('default__vector_store.json'))).toEqual(
    JSON.parse(await readFile(join(pythonFolder, 'default__vector_store.json'), 'utf8')),
  )
})

test('samples are spread over the folder, carry what the model was given, and are the same each time', async () => {
  const texts = Array.from({ length: 100 }, (_, number) => `text ${number}`)
  const storage = await create(texts)
  const samples = await storage.sampleNodes(8)
  const rows = samples.map(({ nodeId }) => texts.indexOf(nodeId.slice('/a.txt#'.length)))
  expect(rows.some((row) => row < 25) && rows.some((row) => row >= 75)).toBe(true)
  expect(new Set(rows).size).toBe(8)
  const [first] = samples
  expect(first).toMatchObject({ plainText: 'text 0', embedText: 'file_path: /a.txt\n\ntext 0' })
  expect(first!.vector).toEqual(buildNodes('/a.txt', ['text 0']).vectors[0])
  expect(await storage.sampleNodes(8)).toEqual(samples)
})
