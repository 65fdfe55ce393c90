/** The folder of a vector store checked and repaired through the app's handlers, by its address. */
import { existsSync, rmSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createApplication, type Application } from '#app/application.ts'
import { chromaFixtures, hnswFile, zeroPage } from './chroma-damage.ts'
import { codeOf } from './storage-test-folder.ts'

const context = { signal: new AbortController().signal }

let place: string
let folder: string
let application: Application

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'stackroom-store-care-'))
  folder = join(place, 'chroma')
  await cp(join(chromaFixtures, '1.5.9/chroma'), folder, { recursive: true })
  application = await createApplication({
    services: { host: 'web' },
    version: '0.0.0',
    dataFolder: join(place, 'data'),
    resourcesFolder: resolve(import.meta.dirname, '../../resources'),
    emit: () => undefined,
  })
})

afterEach(async () => {
  await application.close()
  await rm(place, { recursive: true, force: true })
})

test('a folder that is on no list is checked by its path, and nothing is put into it', async () => {
  rmSync(hnswFile(folder, 'link_lists.bin'))
  const report = await application.handlers['stores.verify']({ address: folder }, context)
  expect(report).toMatchObject({ kind: 'chroma', ok: false, problems: [{ code: 'damaged-segment' }] })
  expect(existsSync(join(folder, '.stackroom'))).toBe(false)
  expect(await application.handlers['library.list']({}, context)).toEqual([])
})

test('a repair lets go of the collections that are open, and they open again afterwards', async () => {
  const { handlers } = application
  const open = { address: folder, migrate: false }
  const notes = await handlers['stores.open']({ ...open, collection: 'notes' }, context)
  const few = await handlers['stores.open']({ ...open, collection: 'few' }, context)
  rmSync(hnswFile(folder, 'link_lists.bin'))
  const report = await handlers['stores.repair']({ address: notes.persistDir }, context)
  expect(report).toMatchObject({ ok: true, repair: { actions: [{ code: 'damaged-segment', count: 44 }] } })
  for (const { id, nodes } of [notes, few])
    expect(await handlers['library.activate']({ knowledgeBaseId: id }, context)).toMatchObject({ nodes })
})

test('what can be read of a damaged database is saved beside the folder, which is listed nowhere', async () => {
  zeroPage(folder, 1)
  const { handlers } = application
  expect(await handlers['stores.inspect']({ address: folder }, context)).toMatchObject({
    collections: [],
    error: { code: 'damaged-file' },
  })
  const report = await handlers['stores.repair']({ address: folder }, context)
  expect(report.repair?.saved).toBe(`${folder}-saved`)
  const saved = await handlers['stores.inspect']({ address: `${folder}-saved` }, context)
  expect(saved.collections.map(({ name, records }) => [name, records])).toEqual([
    ['few', 3],
    ['notes', 44],
    ['nothing', 0],
  ])
})

test('the folder of a server is not checked from here', async () => {
  const address = 'chroma+http://127.0.0.1:9'
  const verify = () => application.handlers['stores.verify']({ address }, context)
  expect(await codeOf(Promise.resolve().then(verify))).toBe('invalid-input')
})
