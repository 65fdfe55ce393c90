/** Rows of vectors that were deleted are reclaimed, and nothing else changes by it. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { compactVectors } from '#engine/storage/compact-vectors.ts'
import { createStorageFolder, openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { VectorStores } from '#engine/storage/vector-stores.ts'
import { WorkingStore } from '#engine/storage/working-store.ts'
import { buildNodes } from './storage-documents.ts'
import { settings } from './storage-settings.ts'

const documents = 60
const nodesOfDocument = 40
const rowBytes = 8 * 4

let folder: string
let persistDir: string
let dataFolder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-compaction-'))
  persistDir = join(folder, 'storage')
  dataFolder = join(folder, 'data')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const document = (number: number) =>
  buildNodes(
    `/${number}.txt`,
    Array.from({ length: nodesOfDocument }, (_, node) => `${number} ${node}`),
  )
const numbers = Array.from({ length: documents }, (_, number) => number)

async function filled(): Promise<StorageFolder> {
  const storage = await createStorageFolder({ persistDir, dataFolder, settings })
  await storage.change({ insert: numbers.map(document) })
  await storage.persist()
  return storage
}

async function packedFiles(): Promise<{ name: string; bytes: number }[]> {
  const working = join(persistDir, '.stackroom')
  const names = (await readdir(working)).filter((name) => name.endsWith('.f32'))
  return Promise.all(names.map(async (name) => ({ name, bytes: (await stat(join(working, name))).size })))
}

/** What a search must answer, as each text has its own vector. */
async function expectFound(storage: StorageFolder, present: readonly number[], gone: readonly number[]) {
  for (const number of present.slice(0, 5)) {
    const { nodes, vectors } = document(number)
    for (const place of [0, 17, nodesOfDocument - 1]) {
      const [hit] = await storage.query(vectors[place]!, 1)
      expect(hit).toMatchObject({ nodeId: nodes[place]!.node.id_ })
      expect(hit!.score).toBeCloseTo(1, 6)
    }
  }
  for (const number of gone.slice(0, 5)) {
    const [hit] = await storage.query(document(number).vectors[3]!, 1)
    expect(hit!.score).toBeLessThan(0.9999)
  }
}

const embeddingsSchema = z.object({ embedding_dict: z.record(z.string(), z.array(z.number())) })

test('most rows deleted: a persist reclaims them, and searches meanwhile are answered rightly', async () => {
  await using storage = await filled()
  const [before] = await packedFiles()
  expect(before!.bytes).toBe(documents * nodesOfDocument * rowBytes)
  const gone = numbers.filter((number) => number % 3 !== 0)
  const present = numbers.filter((number) => number % 3 === 0)
  await storage.change({ deleteRefDocIds: gone.map((number) => `/${number}.txt`) })
  const persisting = storage.persist()
  const done = persisting.then(() => true)
  while (!(await Promise.race([done, expectFound(storage, present, gone).then(() => false)]))) {
    // Asked again until the persist is over.
  }
  await expectFound(storage, present, gone)
  const files = await packedFiles()
  expect(files.map(({ bytes }) => bytes)).toContain(present.length * nodesOfDocument * rowBytes)
  expect(await storage.summary()).toMatchObject({
    nodes: present.length * nodesOfDocument,
    vectors: present.length * nodesOfDocument,
    documents: present.length,
    warnings: [],
  })

  // Later changes go to the new file, and reach the JSON files.
  await storage.change({ insert: [document(1)], deleteRefDocIds: ['/0.txt'] })
  await storage.persist()
  await expectFound(storage, [1, 3, 6], [0, 2])
  const text = await readFile(join(persistDir, 'default__vector_store.json'), 'utf8')
  const { embedding_dict: embeddings } = embeddingsSchema.parse(JSON.parse(text))
  expect(Object.keys(embeddings)).toHaveLength(present.length * nodesOfDocument)
  for (const number of [1, 3, 57])
    for (const [place, { node }] of document(number).nodes.entries())
      expect(Float32Array.from(embeddings[node.id_]!)).toEqual(document(number).vectors[place])
})

test('some rows deleted: closing reclaims them, and the next opening finds the rest, with one packed file', async () => {
  const gone = numbers.slice(0, 29)
  const present = numbers.slice(29)
  {
    await using storage = await filled()
    await storage.change({ deleteRefDocIds: gone.map((number) => `/${number}.txt`) })
    await storage.persist()
    expect((await packedFiles()).map(({ bytes }) => bytes)).toEqual([documents * nodesOfDocument * rowBytes])
  }
  await using again = await openStorageFolder({ persistDir, dataFolder })
  expect((await packedFiles()).map(({ bytes }) => bytes)).toEqual([
    present.length * nodesOfDocument * rowBytes,
  ])
  await expectFound(again, present, gone)
  expect(await again.summary()).toMatchObject({ vectors: present.length * nodesOfDocument, persisted: true })
})

test('everything deleted, and inserted anew', async () => {
  await using storage = await filled()
  await storage.change({ deleteRefDocIds: numbers.map((number) => `/${number}.txt`) })
  await storage.persist()
  expect(await storage.query(document(0).vectors[0]!, 3)).toEqual([])
  await storage.change({ insert: [document(4)] })
  await expectFound(storage, [4], [5])
})

test('broken off before it is committed, it changes nothing and leaves nothing', async () => {
  await (await filled()).close()
  const working = join(persistDir, '.stackroom')
  {
    using store = new WorkingStore(join(working, 'working.sqlite'), 'write')
    using vectors = new VectorStores(store, working)
    store.database.exec(`DELETE FROM vectors WHERE row % 2 = 0`)
    const before = store.database.prepare('SELECT * FROM vectors').all()
    const names = (await readdir(working)).sort()
    store.database.exec('CREATE TEMP TABLE moved (old INTEGER)')
    await expect(compactVectors({ store, vectors, workingFolder: working, share: 0.25 })).rejects.toThrow()
    expect(store.database.prepare('SELECT * FROM vectors').all()).toEqual(before)
    expect((await readdir(working)).sort()).toEqual(names)
    store.database.exec('DROP TABLE moved')
    expect(await compactVectors({ store, vectors, workingFolder: working, share: 0.25 })).toBe(
      (documents * nodesOfDocument) / 2,
    )
  }
  // Broken off after that, the old file is still there; and one of another attempt.
  expect(await packedFiles()).toHaveLength(2)
  await writeFile(join(working, 'vectors-of-another-attempt.f32'), 'half')
  await using again = await openStorageFolder({ persistDir, dataFolder })
  expect((await packedFiles()).map(({ bytes }) => bytes)).toEqual([
    (documents * nodesOfDocument * rowBytes) / 2,
  ])
  const { vectors, nodes } = document(7)
  expect((await again.query(vectors[1]!, 1))[0]!.nodeId).toBe(nodes[1]!.node.id_)
})

test('a vector that is kept but not searched stays so', async () => {
  await (await filled()).close()
  const working = join(persistDir, '.stackroom')
  {
    using store = new WorkingStore(join(working, 'working.sqlite'), 'write')
    using vectors = new VectorStores(store, working)
    store.database.exec(`
      DELETE FROM vectors WHERE row < 1500;
      INSERT INTO masked (store, row) VALUES (1, 3), (1, 1600), (1, 1600), (1, 2399);
    `)
    await compactVectors({ store, vectors, workingFolder: working, share: 0.25 })
    expect(store.database.prepare('SELECT row FROM masked ORDER BY row').pluck().all()).toEqual([100, 899])
    expect(store.countMasked(1)).toBe(2)
    expect(store.countVectors(1)).toBe(900)
  }
})
