/** The storage engine on real folders: its own, and one that Python LlamaIndex wrote. */
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { createStorageFolder, openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { fileStamp } from '#platform/atomic-files.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { buildNodes } from './storage-documents.ts'
import { settings } from './storage-settings.ts'
import { codeOf, jsonFiles, pythonFolder } from './storage-test-folder.ts'

let folder: string
let persistDir: string
let dataFolder: string
const opened: StorageFolder[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-storage-'))
  persistDir = join(folder, 'storage with spaces, “quotes” and 😀')
  dataFolder = join(folder, 'data')
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((storage) => storage.close()))
  await rm(folder, { recursive: true, force: true })
})

async function create(): Promise<StorageFolder> {
  const storage = await createStorageFolder({ persistDir, dataFolder, settings })
  opened.push(storage)
  return storage
}

async function open(): Promise<StorageFolder> {
  const storage = await openStorageFolder({ persistDir, dataFolder })
  opened.push(storage)
  return storage
}

async function close(storage: StorageFolder): Promise<void> {
  opened.splice(opened.indexOf(storage), 1)
  await storage.close()
}

async function texts(): Promise<Record<string, string>> {
  return Object.fromEntries(
    await Promise.all(
      jsonFiles.map(async (file) => [file, await readFile(join(persistDir, file), 'utf8')] as const),
    ),
  )
}

async function json(file: string): Promise<Record<string, Record<string, unknown>>> {
  const text = await readFile(join(persistDir, file), 'utf8')
  return z.record(z.string(), z.record(z.string(), z.unknown())).parse(JSON.parse(text))
}

test('what was inserted is found, before and after it is closed and opened again', async () => {
  const storage = await create()
  await storage.change({ insert: [buildNodes('/a.txt', ['one', 'two']), buildNodes('/b.txt', ['three'])] })
  const [vector] = buildNodes('/a.txt', ['two']).vectors
  const before = await storage.query(vector!, 10)
  expect(before.map(({ nodeId }) => nodeId)).toEqual(['/a.txt#two', expect.anything(), expect.anything()])
  expect(before[0]!.score).toBeCloseTo(1, 6)
  await storage.persist()
  await close(storage)

  const again = await open()
  expect(await again.query(vector!, 10)).toEqual(before)
  expect(await again.nodes(['/a.txt#two', 'missing', '/b.txt#three'])).toMatchObject([
    { text: 'two', refDocId: '/a.txt' },
    { text: 'three', refDocId: '/b.txt' },
  ])
})

test('a change is durable without a persist', async () => {
  const storage = await create()
  await storage.change({ insert: [buildNodes('/a.txt', ['one'])] })
  await close(storage)
  const again = await open()
  expect(await again.summary()).toMatchObject({ documents: 1, nodes: 1, vectors: 1, persisted: false })
  await again.persist()
  expect(Object.keys((await json('docstore.json'))['docstore/data']!)).toEqual(['/a.txt#one'])
})

test('a folder that Python wrote is not written to by opening it, and persisting without a change keeps every byte', async () => {
  await cp(pythonFolder, persistDir, { recursive: true })
  const before = await texts()
  const storage = await open()
  await storage.persist()
  expect(await texts()).toEqual(before)
  expect(await storage.summary()).toMatchObject({
    kind: 'llamaindex-python',
    persisted: true,
    dimensions: 384,
  })
})

test('an insert into a folder that Python wrote, deleted again, gives back the very bytes', async () => {
  await cp(pythonFolder, persistDir, { recursive: true })
  const before = await texts()
  const storage = await open()
  await storage.change({ insert: [buildNodes('/new.txt', ['a', 'b'], 384)] })
  await storage.persist()
  const between = await texts()
  for (const file of jsonFiles) expect(between[file]).not.toEqual(before[file])
  const entry = (text: string): string => text.slice(text.indexOf('"docstore/data": {'), -2)
  expect(between['docstore.json']).toContain(entry(before['docstore.json']!))

  await storage.change({ deleteRefDocIds: ['/new.txt'] })
  await storage.persist()
  const after = await texts()
  for (const file of jsonFiles) expect(after[file] === before[file], file).toBe(true)
})

test('deleting a document removes it from every store', async () => {
  const storage = await create()
  await storage.change({ insert: [buildNodes('/a.txt', ['one', 'two']), buildNodes('/b.txt', ['three'])] })
  await storage.persist()
  await storage.change({ deleteRefDocIds: ['/a.txt', 'not there'] })
  await storage.persist()
  for (const text of Object.values(await texts())) expect(text).not.toContain('/a.txt')
  const [vector] = buildNodes('/a.txt', ['one']).vectors
  expect((await storage.query(vector!, 10)).map(({ nodeId }) => nodeId)).toEqual(['/b.txt#three'])
})

test('vectors of another length are refused, and nothing of the change is done', async () => {
  const storage = await create()
  await storage.change({ insert: [buildNodes('/a.txt', ['one'], 8)] })
  const change = storage.change({
    insert: [buildNodes('/b.txt', ['two'], 8), buildNodes('/c.txt', ['three'], 4)],
  })
  expect(await codeOf(change)).toBe('dimension-mismatch')
  expect(await storage.summary()).toMatchObject({ documents: 1, nodes: 1, vectors: 1 })
  expect(await codeOf(storage.query(new Float32Array(4).fill(1), 1))).toBe('dimension-mismatch')
  expect(await codeOf(storage.query(new Float32Array(8), 1))).toBe('invalid-vector')
})

test('without its docstore the folder is refused and nothing is added to it', async () => {
  await cp(pythonFolder, persistDir, { recursive: true })
  const file = 'docstore.json'
  await rm(join(persistDir, file))
  const before = (await readdir(persistDir)).sort()
  const error: unknown = await open().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'missing-file', message: expect.stringContaining(file) as string })
  expect((await readdir(persistDir)).sort()).toEqual(before)
})

test('without vectors the folder opens, says so, and nothing is added to what could not be searched', async () => {
  await cp(pythonFolder, persistDir, { recursive: true })
  await rm(join(persistDir, 'default__vector_store.json'))
  const storage = await open()
  const summary = await storage.summary()
  expect(summary).toMatchObject({ vectors: 0, dimensions: null, store: 'external' })
  expect(summary.warnings.join()).toContain('no vectors')
  expect(await storage.query(new Float32Array(384).fill(1), 3)).toEqual([])
  expect(await codeOf(storage.change({ insert: [buildNodes('/a.txt', ['one'], 384)] }))).toBe('missing-file')
})

test.each(jsonFiles)('a %s that was cut off is named, at any length, and stays as it is', async (file) => {
  await cp(pythonFolder, persistDir, { recursive: true })
  const whole = await readFile(join(persistDir, file))
  for (const part of [0, 0.1, 0.5, 0.9, 1]) {
    const length = Math.min(whole.length - 1, Math.floor(whole.length * part))
    await truncate(join(persistDir, file), length)
    const error: unknown = await open().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'damaged-file', message: expect.stringContaining(file) as string })
    expect((await readFile(join(persistDir, file))).equals(whole.subarray(0, length))).toBe(true)
    await writeFile(join(persistDir, file), whole)
  }
})

test('a folder that another process has open can be searched but not changed', async () => {
  const storage = await create()
  await storage.change({ insert: [buildNodes('/a.txt', ['one'])] })
  await storage.persist()
  const second = await open()
  expect(await second.summary()).toMatchObject({ readOnly: true, nodes: 1 })
  const [vector] = buildNodes('/a.txt', ['one']).vectors
  expect(await second.query(vector!, 1)).toHaveLength(1)
  expect(await codeOf(second.change({ deleteRefDocIds: ['/a.txt'] }))).toBe('locked')
})

test('what another program changed is brought in', async () => {
  await cp(pythonFolder, persistDir, { recursive: true })
  const storage = await open()
  const { nodes } = await storage.summary()
  await storage.change({ insert: [buildNodes('/new.txt', ['new'], 384)] })
  await storage.persist()
  await close(storage)
  // As if Python had written the folder again without the new document.
  for (const file of jsonFiles) await cp(join(pythonFolder, file), join(persistDir, file))
  expect(await (await open()).summary()).toMatchObject({ nodes })
})

test('when both sides changed, neither is overwritten', async () => {
  await cp(pythonFolder, persistDir, { recursive: true })
  const storage = await open()
  await storage.change({ insert: [buildNodes('/new.txt', ['new'], 384)] })
  await rename(join(persistDir, 'docstore.json'), join(folder, 'docstore.json'))
  await writeFile(
    join(persistDir, 'docstore.json'),
    (await readFile(join(folder, 'docstore.json'), 'utf8')) + '\n',
  )
  const before = await texts()
  expect(await codeOf(storage.persist())).toBe('both-sides-changed')
  expect(await texts()).toEqual(before)
})

test('a persist that was cut off after its files were named is rolled forward', async () => {
  const storage = await create()
  await storage.change({ insert: [buildNodes('/a.txt', ['one'])] })
  await storage.persist()
  const first = await texts()
  await storage.change({ insert: [buildNodes('/b.txt', ['two'])] })
  await storage.persist()
  const second = await texts()
  await close(storage)
  // The state after a crash between two renames: the docstore is new, the others still wait.
  for (const file of jsonFiles.slice(1)) {
    await writeFile(join(persistDir, `${file}.stackroom-new`), second[file]!)
    await writeFile(join(persistDir, file), first[file]!)
  }
  const files = jsonFiles.map((name) => {
    const bytes = Buffer.from(second[name]!)
    const base = { stamp: fileStamp(join(persistDir, name)), bytes: null, checksum: null }
    return { name, base, bytes: bytes.length, checksum: crc32(bytes) }
  })
  await writeFile(join(persistDir, '.stackroom/commit.json'), JSON.stringify({ unpersisted: null, files }))
  const again = await open()
  expect(await texts()).toEqual(second)
  expect(await again.summary()).toMatchObject({ nodes: 2, persisted: true })
  expect((await readdir(persistDir)).filter((name) => name.includes('stackroom-new'))).toEqual([])
})

test('files of a persist that was cut off before they were named are removed', async () => {
  await cp(pythonFolder, persistDir, { recursive: true })
  const before = await texts()
  await writeFile(join(persistDir, 'docstore.json.stackroom-new'), '{"docstore/da')
  await open()
  expect(await texts()).toEqual(before)
  expect(await readdir(persistDir)).not.toContain('docstore.json.stackroom-new')
})

test('a folder with other files in it is not made an index', async () => {
  await mkdir(persistDir, { recursive: true })
  await writeFile(join(persistDir, 'notes.txt'), 'mine')
  expect(await codeOf(create())).toBe('not-a-storage-folder')
  expect(await codeOf(open())).toBe('not-a-storage-folder')
  expect(await readdir(persistDir)).toEqual(['notes.txt'])
})
