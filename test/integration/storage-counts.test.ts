/** The counts that the working store keeps of itself are those of its rows, whatever was done to a folder. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { WorkingStore } from '#engine/storage/working-store.ts'
import { buildNodes } from './storage-documents.ts'

const pythonFolder = resolve(import.meta.dirname, '../fixtures/python-storage/storage')

let folder: string
let persistDir: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-counts-'))
  persistDir = join(folder, 'storage')
  await cp(pythonFolder, persistDir, { recursive: true })
})

afterEach(() => rm(folder, { recursive: true, force: true }))

function expectExact(): { nodes: number; masked: number } {
  using store = new WorkingStore(join(persistDir, '.stackroom/working.sqlite'), 'read')
  for (const { id } of store.sections())
    expect(store.count(id)).toBe(store.number('SELECT count(*) FROM entries WHERE section = ?', id))
  let masked = 0
  for (const { id } of store.vectorStores()) {
    masked += store.countMasked(id)
    expect(store.countVectors(id)).toBe(store.number('SELECT count(*) FROM vectors WHERE store = ?', id))
    expect(store.countMasked(id)).toBe(
      store.number('SELECT count(DISTINCT row) FROM masked WHERE store = ?', id),
    )
  }
  return { nodes: store.count(store.sections().find(({ role }) => role === 'nodes')?.id), masked }
}

test('after an import, inserts, replacements, deletions and what another program did', async () => {
  const open = () => openStorageFolder({ persistDir, dataFolder: join(folder, 'data') })
  let imported = 0
  {
    await using storage = await open()
    imported = expectExact().nodes
    expect(imported).toBeGreaterThan(0)
    await storage.change({
      insert: [buildNodes('/a.txt', ['one', 'two'], 384), buildNodes('/b.txt', ['three'], 384)],
    })
    expect(expectExact()).toEqual({ nodes: imported + 3, masked: 0 })
    // The same nodes once more: their rows are others, their number is the same.
    await storage.change({
      deleteRefDocIds: ['/b.txt'],
      insert: [buildNodes('/a.txt', ['one', 'two'], 384)],
    })
    expect(expectExact()).toEqual({ nodes: imported + 2, masked: 3 })
    await storage.change({ deleteFromIndexOnly: ['/a.txt'] })
    expect(expectExact()).toEqual({ nodes: imported + 2, masked: 5 })
    await storage.persist()
  }
  for (const file of ['docstore.json', 'default__vector_store.json', 'index_store.json'])
    await cp(join(pythonFolder, file), join(persistDir, file))
  await using again = await open()
  expect(expectExact().nodes).toBe(imported)
  expect(await again.summary()).toMatchObject({ nodes: imported, vectors: imported })
})
