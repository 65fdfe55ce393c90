/**
 * A storage folder with its vectors in a real Chroma collection, broken off between the two: by killing the process that works
 * on it, and by a store that fails once.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CollectionFolders } from '#app/collection-folders.ts'
import { storeSettings } from '#app/store-settings.ts'
import { ChromaKind } from '#engine/stores/chroma/chroma-kind.ts'
import type { CollectionFolder } from '#engine/stores/collection-folder.ts'
import { StoreKinds, type OpenedStore, type VectorStoreKind } from '#engine/stores/store-kinds.ts'
import type { VectorStore } from '#engine/stores/vector-store.ts'
import { FileSecretStore } from '#platform/secrets.ts'
import { buildNodes } from './storage-documents.ts'
import { settings } from './storage-settings.ts'
import { codeOf } from './storage-test-folder.ts'

let home: string
let chroma: ChromaKind
/** What the store does next instead of adding. */
let failure: ((add: () => Promise<void>) => Promise<void>) | null
let folders: CollectionFolders
let folder: CollectionFolder | null

/** A store that fails when the test wants it to: the rest is Chroma's. */
function failing(store: VectorStore): VectorStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'add' && failure) {
        const fail = failure
        return (...parameters: Parameters<VectorStore['add']>) => fail(() => target.add(...parameters))
      }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-collection-'))
  const dataFolder = join(home, 'data')
  const secrets = new FileSecretStore({ path: join(home, 'secrets.json') })
  chroma = new ChromaKind({ dataFolder, secrets })
  const kind: VectorStoreKind = {
    info: chroma.info,
    parse: (address) => chroma.parse(address),
    addressOf: (place) => chroma.addressOf(place),
    keyNameOf: (place) => chroma.keyNameOf(place),
    inspect: (place) => chroma.inspect(place),
    open: async (place, options): Promise<OpenedStore> => {
      const opened = await chroma.open(place, options)
      return { ...opened, store: failing(opened.store) }
    },
    close: () => chroma.close(),
  }
  folders = new CollectionFolders({ dataFolder, kinds: new StoreKinds([kind]) })
  failure = null
  const place = chroma.parse(`chroma:${join(home, 'chroma')}?collection=notes`)
  const vectorStore = storeSettings({ ...place, collection: 'notes' })
  folder = await folders.create(join(home, 'storage'), { ...settings, vectorStore })
})

afterEach(async () => {
  await folder?.close()
  await chroma.close()
  await rm(home, { recursive: true, force: true })
})

async function reopened(): Promise<CollectionFolder> {
  await folder?.close()
  folder = null
  folder = await folders.openFolder(join(home, 'storage'), {})
  return folder
}

/** Ids in the collection beside those of the folder's docstore, which the summary counts by itself. */
async function nodeIds(open: CollectionFolder): Promise<string[]> {
  return (await open.entries({})).map(({ nodeId }) => nodeId).sort()
}

const one = buildNodes('/d/one', ['first', 'second'])
const two = buildNodes('/d/two', ['third'])

test.each([
  ['before the store has it', () => Promise.reject(new Error('killed'))],
  [
    'after the store has it and before that is noted',
    (add: () => Promise<void>) => add().then(() => Promise.reject(new Error('killed'))),
  ],
])('a change that is broken off %s is done by the next opening, once', async (_, fail) => {
  const open = folder!
  await open.change({ insert: [one] })
  failure = fail
  await expect(open.change({ insert: [two], deleteRefDocIds: ['/d/one'] })).rejects.toThrow('killed')
  failure = null
  const again = await reopened()
  expect(await nodeIds(again)).toEqual(['/d/two#third'])
  expect(await again.summary()).toMatchObject({ documents: 1, nodes: 1, vectors: 1, warnings: [] })
})

test('a change that the store did not take is done before the next change, and before files are written', async () => {
  const open = folder!
  failure = () => Promise.reject(new Error('no answer'))
  await expect(open.change({ insert: [one] })).rejects.toThrow('no answer')
  await expect(open.persist()).rejects.toThrow('no answer')
  expect((await open.fileState()).persisted).toBe(false)
  failure = null
  await open.change({ insert: [two] })
  expect(await nodeIds(open)).toEqual(['/d/one#first', '/d/one#second', '/d/two#third'])
  await open.persist()
  expect((await open.fileState()).persisted).toBe(true)
})

test('a folder that another program changed meanwhile opens, and the store learns what waits when a side is chosen', async () => {
  const open = folder!
  await open.change({ insert: [one] })
  await open.persist()
  failure = () => Promise.reject(new Error('no answer'))
  await expect(open.change({ insert: [two] })).rejects.toThrow('no answer')
  failure = null
  const docstore = join(home, 'storage/docstore.json')
  await writeFile(docstore, `${await readFile(docstore, 'utf8')} `)
  const again = await reopened()
  expect(await again.summary()).toMatchObject({ conflict: true, nodes: 2 })
  expect(await codeOf(again.change({ deleteRefDocIds: ['/d/one'] }))).toBe('both-sides-changed')
  await again.resolveConflict('stackroom')
  await again.persist()
  expect(await nodeIds(again)).toEqual(['/d/one#first', '/d/one#second', '/d/two#third'])
})

test('vectors of another length are refused before anything is committed', async () => {
  const open = folder!
  await open.change({ insert: [one] })
  expect(await codeOf(open.change({ insert: [buildNodes('/d/long', ['x'], 9)] }))).toBe('dimension-mismatch')
  expect(await open.documentHashes(['/d/long'])).toEqual([null])
  await open.change({ insert: [two] })
  expect(await nodeIds(open)).toHaveLength(3)
})

test('documents are copied with their vectors, and nodes and documents are found again', async () => {
  const open = folder!
  await open.change({ insert: [one] })
  expect(await open.ingestion.copyable(['/d/one', '/d/none'])).toEqual([true, false])
  const document = { ...one.document, id: '/e/one', metadata: { file_path: '/e/one' } }
  await open.change({ copy: [{ from: '/d/one', document, keepNodeIds: false }] })
  const copies = await open.nodesOfDocument('/e/one')
  expect(copies.map(({ text }) => text)).toEqual(['first', 'second'])
  const [best] = await open.query(one.vectors[0]!, 4)
  expect(best?.score).toBeCloseTo(1, 5)
  expect((await open.query(one.vectors[0]!, 2)).map(({ nodeId }) => nodeId).sort()).toEqual(
    ['/d/one#first', copies[0]!.nodeId].sort(),
  )
  await open.change({ deleteRefDocIds: ['/d/one', '/e/one'] })
  expect(await open.summary()).toMatchObject({ documents: 0, nodes: 0 })
  expect(await open.query(one.vectors[0]!, 4)).toEqual([])
})

test('an engine that is killed in the middle of the work costs nothing', async () => {
  const open = folder!
  await open.change({ insert: [one] })
  const { folder: path } = chroma.parse(`chroma:${join(home, 'chroma')}`)
  const pid = await chroma.pidOf(path ?? '')
  process.kill(pid ?? 0, 'SIGKILL')
  await open.change({ insert: [two] })
  expect(await nodeIds(open)).toHaveLength(3)
})

test('a process that is killed again and again leaves nothing twice and nothing missing', async () => {
  await folder?.close()
  folder = null
  let next = 0
  for (const changes of [1, 4, 7]) {
    const child = spawn(process.execPath, [
      join(import.meta.dirname, 'collection-folder-child.ts'),
      home,
      String(next),
    ])
    child.stderr.pipe(process.stderr)
    let done = 0
    for await (const line of createInterface({ input: child.stdout })) {
      next = Number(line) + 1
      if (++done === changes) child.kill('SIGKILL')
    }
  }
  const open = await reopened()
  const ids = await nodeIds(open)
  const numbers = [...new Set(ids.map((id) => Number(id.split('#')[0]?.slice(3))))].sort((a, b) => a - b)
  // The last two documents, of the change that was told of or of the one under way.
  expect([next - 1, next]).toContain(numbers.at(-1))
  expect(numbers).toEqual([numbers.at(-1)! - 1, numbers.at(-1)])
  expect(ids).toHaveLength(40)
  const own = await Promise.all(numbers.map((number) => open.documentHashes([`/d/${number}`])))
  expect(own.flat().every((hash) => hash !== null)).toBe(true)
  expect(await open.summary()).toMatchObject({ documents: 2, nodes: 40, warnings: [] })
})
