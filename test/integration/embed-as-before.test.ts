/** Folders whose vectors were made in another way than LlamaIndex's: what is added to them is embedded in theirs. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { EngineServices } from '#app/engine-services.ts'
import { estimateReembed } from '#app/estimate-embedding.ts'
import { indexFolder } from '#app/index-folder.ts'
import { reembedFolder } from '#app/reembed-folder.ts'
import { searchFolder } from '#app/search-folder.ts'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { BUNDLED_MODEL_ID } from '#engine/embed/model-registry.ts'
import { cosine } from '#engine/embed/vectors.ts'
import { embedTextsOf, type EmbedTexts } from '#engine/storage/embed-texts.ts'
import { readSettings } from '#engine/storage/stackroom-settings-file.ts'
import { ApiServer } from './embed-api-server.ts'

const root = resolve(import.meta.dirname, '../..')
const resourcesFolder = join(root, 'resources')
let folder: string
let persistDir: string
let services: EngineServices
let bundled: EmbedModel

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-as-before-'))
  persistDir = join(folder, 'storage')
  await cp(join(root, 'test/fixtures/python-storage/storage'), persistDir, { recursive: true })
  services = newServices('data')
  bundled = await services.models.openUncached(BUNDLED_MODEL_ID)
})
afterEach(async () => {
  await services.close()
  await rm(folder, { recursive: true, force: true })
})

function newServices(dataFolder: string): EngineServices {
  return new EngineServices({ dataFolder: join(folder, dataFolder), resourcesFolder })
}

const vectorsSchema = z.looseObject({ embedding_dict: z.record(z.string(), z.array(z.number())) })
const nodesSchema = z.looseObject({ 'docstore/data': z.record(z.string(), z.unknown()) })

async function vectors(): Promise<Map<string, Float32Array>> {
  const text = await readFile(join(persistDir, 'default__vector_store.json'), 'utf8')
  const entries = Object.entries(vectorsSchema.parse(JSON.parse(text)).embedding_dict)
  return new Map(entries.map(([id, vector]) => [id, Float32Array.from(vector)]))
}

async function texts(): Promise<Map<string, EmbedTexts>> {
  const text = await readFile(join(persistDir, 'docstore.json'), 'utf8')
  const entries = Object.entries(nodesSchema.parse(JSON.parse(text))['docstore/data'])
  return new Map(entries.map(([id, node]) => [id, embedTextsOf(JSON.stringify(node))!]))
}

/** The folder as a program made it that embeds so. */
async function embedAs(textOf: (texts: EmbedTexts) => string): Promise<void> {
  const path = join(persistDir, 'default__vector_store.json')
  const store = vectorsSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  const known = await texts()
  for (const id of Object.keys(store.embedding_dict)) {
    const [vector] = await bundled.embedDocuments([textOf(known.get(id)!)])
    store.embedding_dict[id] = [...vector!]
  }
  await writeFile(path, JSON.stringify(store))
}

/** Every vector of the folder is of this text of its node, and there are so many. */
async function expectEmbeddedAs(textOf: (texts: EmbedTexts) => string, count: number): Promise<void> {
  const known = await texts()
  const made = await vectors()
  expect(made.size).toBe(count)
  for (const [id, vector] of made) {
    const node = known.get(id)!
    const [expected] = await bundled.embedDocuments([textOf(node)])
    expect(cosine(vector, expected!), node.plainText).toBeGreaterThan(0.9999)
  }
}

async function document(name: string, text: string): Promise<string> {
  const path = join(folder, 'documents', name)
  await mkdir(join(folder, 'documents'), { recursive: true })
  await writeFile(path, text)
  return path
}

const plain = ({ plainText }: EmbedTexts): string => plainText

test('a folder that was embedded without metadata grows without, says so in stackroom.json, and is embedded again without', async () => {
  await embedAs(plain)
  const opened = await services.folders.open(persistDir)
  expect(await services.checks.check(opened)).toMatchObject({
    verdict: 'verified',
    model: BUNDLED_MODEL_ID,
    score: { metadata: false },
  })
  const path = await document('tea.txt', 'Green tea is steeped at eighty degrees for two minutes.')
  await indexFolder(services, { paths: [path], persistDir })
  await expectEmbeddedAs(plain, 6)
  expect(readSettings(persistDir)?.embedModel).toMatchObject({ id: BUNDLED_MODEL_ID, metadataMode: 'none' })

  // whoever opens it later knows it from the folder alone
  await services.close()
  services = newServices('data of another')
  bundled = await services.models.openUncached(BUNDLED_MODEL_ID)
  const again = await services.folders.open(persistDir)
  expect(await services.checks.check(again)).toMatchObject({
    verdict: 'verified',
    recorded: true,
    score: { samples: 4, matching: 4, metadata: false },
  })
  const more = await document('sea.txt', 'The tide comes in twice a day.')
  await indexFolder(services, { paths: [more], persistDir })
  await expectEmbeddedAs(plain, 7)

  const copy = join(folder, 'a-copy')
  await cp(join(resourcesFolder, 'models/all-MiniLM-L6-v2'), copy, { recursive: true })
  const { id } = await services.models.registry.addFolder(copy)
  await reembedFolder(services, again, { model: id })
  await expectEmbeddedAs(plain, 7)
  expect(readSettings(persistDir)?.embedModel).toMatchObject({ id, metadataMode: 'none' })
})

test('a folder that was embedded with a prefix grows with it, and its questions get the prefix that goes with it', async () => {
  const withPrefix = ({ embedText }: EmbedTexts): string => `passage: ${embedText}`
  await embedAs(withPrefix)
  const path = await document('tea.txt', 'Green tea is steeped at eighty degrees for two minutes.')
  await indexFolder(services, { paths: [path], persistDir })
  await expectEmbeddedAs(withPrefix, 6)
  expect(readSettings(persistDir)?.embedModel).toMatchObject({
    documentPrefix: 'passage: ',
    queryPrefix: 'query: ',
    metadataMode: 'embed',
  })
  const opened = await services.folders.open(persistDir)
  const query = 'how warm the water for tea is'
  const { hits } = await searchFolder(opened, services.checks, { query, topK: 1 })
  const [question] = await bundled.embedDocuments([`query: ${query}`])
  const vector = (await vectors()).get(hits[0]!.nodeId)!
  expect(hits[0]?.score).toBeCloseTo(cosine(question!, vector), 5)

  // with the same model again: nothing is different
  await reembedFolder(services, opened, { model: BUNDLED_MODEL_ID })
  await expectEmbeddedAs(withPrefix, 6)
  expect(readSettings(persistDir)?.embedModel).toMatchObject({ documentPrefix: 'passage: ' })
})

test('prefixes that the user chose for a model are what a folder is embedded again with', async () => {
  const copy = join(folder, 'a-copy')
  await cp(join(resourcesFolder, 'models/all-MiniLM-L6-v2'), copy, { recursive: true })
  const { id } = await services.models.registry.addFolder(copy)
  const opened = await services.folders.open(persistDir)
  await services.checks.choose(opened, id)
  await services.models.registry.settings.setFolderSettings(copy, { documentPrefix: 'doc: ' })
  await services.models.reopen(id)
  await reembedFolder(services, opened, { model: id })
  await expectEmbeddedAs(({ embedText }) => `doc: ${embedText}`, 5)
  expect(readSettings(persistDir)?.embedModel).toMatchObject({ id, documentPrefix: 'doc: ' })
})

test('a folder whose line breaks were sent as spaces grows in the same way, with a server that tells them apart', async () => {
  await using server = await ApiServer.start({
    ...bundled,
    embedDocuments: (all) =>
      bundled.embedDocuments(all.map((text) => text.replaceAll('\n', ' zebra violin '))),
  })
  await embedAs(({ embedText }) => embedText.replaceAll('\n', ' '))
  const { settings } = services.models.registry
  await settings.setServer({ name: 'near', kind: 'compatible', baseUrl: `${server.url}/v1`, models: {} })
  const opened = await services.folders.open(persistDir)
  await services.checks.choose(opened, 'near:sensitive')
  expect(readSettings(persistDir)?.embedModel).toMatchObject({
    id: 'near:sensitive',
    lineBreaks: 'as-spaces',
  })
  server.requests.length = 0
  const path = await document('tea.txt', 'Green tea.\nIt is steeped at eighty degrees.')
  await indexFolder(services, { paths: [path], persistDir })
  expect(server.texts.some((text) => text.includes('Green tea. It is steeped'))).toBe(true)
  expect(server.texts.filter((text) => text.includes('\n'))).toEqual([])
})

test('an estimate counts what will be embedded: without metadata it is less', async () => {
  const tokens = async (): Promise<number> => {
    const opened = await services.folders.open(persistDir)
    const estimate = await estimateReembed(services, opened, services.models.info(BUNDLED_MODEL_ID))
    await services.folders.closeFolder(persistDir)
    return estimate.tokens
  }
  const withMetadata = await tokens()
  await embedAs(plain)
  expect(await tokens()).toBeLessThan(withMetadata - 5 * 10)
})
