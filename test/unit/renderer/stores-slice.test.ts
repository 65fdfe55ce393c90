import { expect, test } from 'vitest'
import { StackroomError, type StoreCollection, type StoreInspection } from '#contract'
import { chromaAddress, chromaServerAddress } from '../../../src-renderer/features/stores/store-address.ts'
import {
  embeddingText,
  folderOf,
  isCollection,
  placeOf,
} from '../../../src-renderer/features/stores/store-words.ts'
import { fakeEngine, later, type Answers, type FakeEngine } from './fake-engine.ts'
import { bundled, knowledgeBase } from './samples.ts'

const folder = '/home/ada/chroma'

function collection(name: string, change: Partial<StoreCollection> = {}): StoreCollection {
  return {
    address: `chroma:${folder}?collection=${name}`,
    name,
    tenant: 'default_tenant',
    database: 'default_database',
    records: 5,
    dimensions: 384,
    metric: 'cosine',
    embeddingFunction: { name: 'default', model: null },
    model: bundled.id,
    maker: 'plain',
    metadata: {},
    knowledgeBaseId: null,
    ...change,
  }
}

function inspection(change: Partial<StoreInspection> = {}): StoreInspection {
  return {
    kind: 'chroma',
    address: `chroma:${folder}`,
    location: folder,
    folder,
    collections: [collection('notes')],
    version: 'same',
    backupFolder: null,
    usedBy: null,
    key: null,
    error: null,
    ...change,
  }
}

const opened = (address: string) => ({
  ...knowledgeBase,
  id: address,
  persistDir: address,
  maker: 'plain' as const,
})

function engine(found: StoreInspection, answers: Answers = {}): FakeEngine {
  return fakeEngine({
    'stores.inspect': () => found,
    'stores.open': ({ address }) => opened(address),
    ...answers,
  })
}

const opens = ({ asked }: FakeEngine): unknown[] =>
  asked.filter(({ name }) => name === 'stores.open').map(({ input }) => input)

test('the only collection of a store opens without a question', async () => {
  const fake = engine(inspection())
  await fake.store.getState().openStore(folder)
  expect(opens(fake)).toEqual([{ address: `chroma:${folder}?collection=notes`, migrate: false }])
  expect(fake.store.getState()).toMatchObject({
    storeOpening: null,
    selectedId: `chroma:${folder}?collection=notes`,
  })
})

test('of several none opens before it was chosen; those that were chosen open, and the first is on screen', async () => {
  const fake = engine(inspection({ collections: [collection('a1'), collection('b1'), collection('c1')] }))
  const { openStore, chooseCollections, openChosen } = fake.store.getState()
  await openStore(folder)
  expect(fake.store.getState().storeOpening).toMatchObject({ step: 'choosing', chosen: [] })
  await openChosen()
  expect(opens(fake)).toEqual([])
  chooseCollections([collection('c1').address, collection('a1').address])
  await openChosen()
  expect(opens(fake)).toHaveLength(2)
  expect(fake.store.getState()).toMatchObject({ storeOpening: null, selectedId: collection('c1').address })
})

test('a folder of an older version waits for a word, even with one collection, and is then migrated', async () => {
  const fake = engine(inspection({ version: 'older', backupFolder: `${folder}/.stackroom/chroma/backups` }))
  await fake.store.getState().openStore(folder)
  expect(opens(fake)).toEqual([])
  await fake.store.getState().openChosen()
  expect(opens(fake)).toEqual([{ address: collection('notes').address, migrate: true }])
})

test('what cannot be opened stays on screen with the reason, and what was opened before it stays open', async () => {
  const fake = engine(inspection({ collections: [collection('a1'), collection('b1')] }), {
    'stores.open': ({ address }) => {
      if (address.endsWith('b1'))
        throw new StackroomError('engine-unavailable', 'There is no Chroma engine here.')
      return opened(address)
    },
  })
  const { openStore, chooseCollections, openChosen } = fake.store.getState()
  await openStore(folder)
  chooseCollections([collection('a1').address, collection('b1').address])
  await openChosen()
  expect(fake.store.getState()).toMatchObject({
    storeOpening: {
      step: 'choosing',
      chosen: [collection('b1').address],
      error: { code: 'engine-unavailable' },
    },
    selectedId: collection('a1').address,
  })
})

test('a folder that is in use is not opened, although it has one collection', async () => {
  const error = { code: 'locked' as const, message: 'Python has it open.' }
  const fake = engine(inspection({ error }))
  await fake.store.getState().openStore(folder)
  expect(opens(fake)).toEqual([])
  expect(fake.store.getState().storeOpening).toMatchObject({ step: 'choosing', inspection: { error } })
})

test('a store that was closed while it was looked at stays closed', async () => {
  const found = later<StoreInspection>()
  const fake = engine(inspection(), { 'stores.inspect': () => found.promise })
  const looking = fake.store.getState().openStore(folder)
  fake.store.getState().closeStore()
  found.resolve(inspection())
  await looking
  expect(opens(fake)).toEqual([])
  expect(fake.store.getState().storeOpening).toBeNull()
})

test('choosing a Chroma folder looks into it, without counting files', async () => {
  const fake = engine(inspection(), {
    'app.info': () => ({
      ...{ host: 'electron', version: '1', platform: 'linux', dataFolder: '/data' },
      ...{ nativeDialogs: true, canOpenFiles: true },
    }),
    'dialogs.chooseFiles': () => [folder],
    'library.inspect': () => ({
      ...{ kind: 'chroma', modelFolder: false, paths: [folder], readableFiles: 0, files: 0, bytes: 0 },
      ...{ truncated: false, sampleFiles: [], suggestedName: '', suggestedPersistDir: '', error: null },
    }),
  })
  await fake.store.getState().loadAppInfo()
  await fake.store.getState().chooseStorageFolder()
  expect(fake.asked).toContainEqual({ name: 'library.inspect', input: { paths: [folder], count: false } })
  expect(opens(fake)).toHaveLength(1)
})

test('a token goes to the engine and is in no state, whether the server answers or not', async () => {
  const states: string[] = []
  const token = 'ck-planted-271828'
  let isDown = true
  const fake = engine(inspection({ folder: null, key: 'stored' }), {
    'stores.setKey': () => ({}),
    'stores.inspect': () => {
      if (isDown) throw new StackroomError('server-down', 'It does not answer.')
      return inspection({ folder: null, key: 'stored', collections: [] })
    },
  })
  fake.store.subscribe((state) => states.push(JSON.stringify(state)))
  const { openStoreServer, changeStoreServer, testStoreServer } = fake.store.getState()
  openStoreServer(null)
  changeStoreServer({ url: 'https://chroma.example', tenant: 'ada' })
  await testStoreServer(token)
  expect(fake.store.getState().storeServerForm).toMatchObject({
    working: null,
    error: { code: 'server-down' },
  })
  isDown = false
  await testStoreServer(null)
  expect(fake.store.getState().storeServerForm).toMatchObject({ error: null, key: 'stored' })
  expect(fake.asked.find(({ name }) => name === 'stores.setKey')?.input).toEqual({
    address: 'chroma+https://chroma.example?tenant=ada',
    key: token,
  })
  expect(states.length).toBeGreaterThan(3)
  expect(states.filter((state) => state.includes(token))).toEqual([])
})

test('a database that is named is the only one that is shown of a server', async () => {
  const other = collection('other', { database: 'second' })
  const fake = engine(inspection({ folder: null, collections: [collection('notes'), other] }))
  const { openStoreServer, changeStoreServer, testStoreServer } = fake.store.getState()
  openStoreServer(null)
  changeStoreServer({ database: 'second' })
  await testStoreServer(null)
  expect(fake.store.getState().storeServerForm?.found?.collections.map(({ name }) => name)).toEqual(['other'])
})

test('the address of a server fills its form again', () => {
  const { store } = fakeEngine({})
  store.getState().openStoreServer('chroma+https://host/path?tenant=ada&database=two%20words')
  expect(store.getState().storeServerForm?.draft).toEqual({
    kind: 'chroma',
    url: 'https://host/path',
    tenant: 'ada',
    database: 'two words',
  })
})

test('the address of another kind of store is shown whole, under its kind', async () => {
  const postgres = {
    ...{ kind: 'pgvector', name: 'PostgreSQL', schemes: ['postgres', 'postgresql'], examples: [] },
    ...{ folders: false, collectionName: 'table' },
  }
  const { store } = fakeEngine({ 'stores.kinds': () => [postgres] })
  await store.getState().loadStoreKinds()
  store.getState().openStoreServer('postgresql://host/db?table=notes')
  expect(store.getState().storeServerForm?.draft).toMatchObject({
    kind: 'pgvector',
    url: 'postgresql://host/db?table=notes',
  })
})

test('addresses are made of paths, of URLs and of addresses', () => {
  expect(chromaAddress('/home/ada/what?#50%25')).toBe('chroma:/home/ada/what%3F%2350%2525')
  expect(chromaAddress('C:\\chroma')).toBe('chroma:C:\\chroma')
  expect(chromaAddress(' http://localhost:8000/ ')).toBe('chroma+http://localhost:8000')
  expect(chromaAddress('chroma:/tmp/x')).toBe('chroma:/tmp/x')
  expect(chromaServerAddress({ url: 'https://host', tenant: '', database: 'a b' })).toBe(
    'chroma+https://host?database=a%20b',
  )
})

test('a collection is told from a storage folder, and its folder from its address', () => {
  const storage = { ...knowledgeBase, persistDir: 'C:\\index' }
  expect([isCollection(storage), folderOf(storage), placeOf(storage)]).toEqual([
    false,
    'C:\\index',
    'C:\\index',
  ])
  const unopened = { ...knowledgeBase, persistDir: 'chroma:/home/ada/what%3F?collection=notes&tenant=x' }
  expect([isCollection(unopened), folderOf(unopened)]).toEqual([true, '/home/ada/what?'])
  const server = { ...knowledgeBase, persistDir: 'chroma+http://host:1?collection=notes' }
  expect([isCollection(server), folderOf(server)]).toEqual([true, null])
})

test('what a collection is embedded with is said as far as it says it', () => {
  expect(embeddingText(collection('a'), [bundled])).toBe('Embedded with Chroma’s default, all-MiniLM-L6-v2')
  const openai = { embeddingFunction: { name: 'openai', model: 'large' }, model: null }
  expect(embeddingText(collection('a', openai), [])).toBe('Embedded with openai: large')
  const silent = { embeddingFunction: null, model: null }
  expect(embeddingText(collection('a', silent), [])).toBe('It does not say what it is embedded with.')
  expect(embeddingText(collection('a', { ...silent, dimensions: null }), [])).toBeNull()
})
