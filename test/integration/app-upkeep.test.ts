/** The app brings JSON files up to date while nobody works on them, and when it closes. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cp } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createApplication, type Application } from '#app/application.ts'
import { EngineServices } from '#app/engine-services.ts'
import { FolderUpkeep } from '#app/folder-upkeep.ts'
import { Jobs } from '#app/jobs.ts'
import { Library } from '#app/library.ts'
import { Log } from '#platform/log.ts'
import { insertOf, jsonFiles, TestFolder } from './storage-test-folder.ts'

const resourcesFolder = resolve(import.meta.dirname, '../../resources')
const context = { signal: new AbortController().signal, window: '' }

let folder: TestFolder

beforeEach(async () => {
  folder = await TestFolder.make()
})

afterEach(() => folder[Symbol.asyncDispose]())

/** As a crash between a change and its persist leaves it. */
async function leaveUnpersisted(): Promise<void> {
  const storage = await folder.openPython()
  await storage.change(insertOf('/pending.txt', 'pending'))
  await folder.close(storage)
}

function makeApplication(): Promise<Application> {
  const { dataFolder } = folder
  return createApplication({
    services: { host: 'web' },
    version: '0.0.0',
    dataFolder,
    resourcesFolder,
    emit: () => {},
  })
}

test('what was not in the JSON files yet is there when the app has closed', async () => {
  await leaveUnpersisted()
  const application = await makeApplication()
  const { persistDir } = folder
  expect(await application.handlers['library.open']({ persistDir }, context)).toMatchObject({
    persisted: false,
  })
  expect((await folder.texts())['docstore.json']).not.toContain('/pending.txt')
  await application.close()
  expect((await folder.texts())['docstore.json']).toContain('/pending.txt')
})

test('while nobody works on a folder its files are brought up to date, and what others wrote is taken in', async () => {
  await leaveUnpersisted()
  const { dataFolder, persistDir } = folder
  const services = new EngineServices({ dataFolder, resourcesFolder })
  const log = new Log(dataFolder)
  const library = await Library.load({ dataFolder, services, emit: () => {}, log })
  const upkeep = new FolderUpkeep({ folders: services.folders, library, jobs: new Jobs(() => {}, log), log })
  try {
    const { id, nodes } = await library.open(persistDir)
    await upkeep.look()
    expect((await folder.texts())['docstore.json']).toContain('/pending.txt')
    expect(library.get(id)).toMatchObject({ persisted: true, nodes })

    await using other = await TestFolder.make()
    await cp(persistDir, other.persistDir, { recursive: true })
    const theirs = await other.open()
    await theirs.change(insertOf('/theirs.txt', 'theirs'))
    await theirs.persist()
    for (const name of jsonFiles) await cp(join(other.persistDir, name), join(persistDir, name))
    await upkeep.look()
    expect(library.get(id)).toMatchObject({ persisted: true, conflict: false, nodes: nodes + 1 })
  } finally {
    await upkeep.close()
    await services.close()
    await library.close()
  }
})

test('a conflict is shown in the list, and no side is written', async () => {
  await leaveUnpersisted()
  const { persistDir } = folder
  const application = await makeApplication()
  try {
    await using other = await TestFolder.make()
    const theirs = await other.openPython()
    await theirs.change(insertOf('/theirs.txt', 'theirs'))
    await theirs.persist()
    for (const name of jsonFiles) await cp(join(other.persistDir, name), join(persistDir, name))
    const files = await folder.texts()
    expect(await application.handlers['library.open']({ persistDir }, context)).toMatchObject({
      conflict: true,
    })
    await application.close()
    expect(await folder.texts()).toEqual(files)
  } finally {
    await application.close()
  }
})
