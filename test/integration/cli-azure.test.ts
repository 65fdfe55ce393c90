/** Azure OpenAI from the command line, against a server that speaks Azure's addresses and key header, and only those. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ingestReportSchema, searchAnswerSchema, verifyReportSchema } from '#contract'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { ApiServer } from './embed-api-server.ts'
import { CommandLine } from './run-command.ts'

const KEY = 'azure-planted-key-4711'
const resourcesFolder = resolve(import.meta.dirname, '../../resources')
const registry = new EmbedModelRegistry({ resourcesFolder, dataFolder: tmpdir() })
let folder: string
let server: ApiServer

beforeAll(async () => {
  server = await ApiServer.start(await registry.open(BUNDLED_MODEL_ID))
  server.key = KEY
  server.deployment = 'our-embeddings'
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await registry.close()
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-azure-'))
  await mkdir(join(folder, 'documents'))
  await writeFile(join(folder, 'documents', 'tea.txt'), 'Green tea is steeped\nat eighty degrees.')
  await writeFile(join(folder, 'documents', 'sea.txt'), 'The tide comes in twice a day.')
  server.requests.length = 0
  server.paths.length = 0
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const withKey = (key: string): CommandLine =>
  new CommandLine(folder, {
    AZURE_OPENAI_ENDPOINT: server.remoteUrl,
    AZURE_OPENAI_API_KEY: key,
    OPENAI_API_VERSION: '2024-02-01',
  })

test('a folder is indexed, searched and verified with a deployment of Azure', async () => {
  const azure = withKey(KEY)
  const model = 'azure:our-embeddings'
  const indexed = await azure.run('index', 'documents', '--to', 'storage', '--model', model, '--json')
  expect(indexed).toMatchObject({ code: 0 })
  expect(ingestReportSchema.parse(JSON.parse(indexed.stdout))).toMatchObject({ documents: 2, failed: [] })
  expect(new Set(server.paths)).toEqual(
    new Set(['/openai/deployments/our-embeddings/embeddings?api-version=2024-02-01']),
  )
  // as LlamaIndex's class for it sends them
  expect(server.texts.some((text) => text.includes('steeped at eighty'))).toBe(true)
  expect(server.texts.join('')).not.toContain('\n')

  const found = await azure.run('search', 'storage', 'how warm the water for tea is', '-k', '1', '--json')
  const { hits } = searchAnswerSchema.parse(JSON.parse(found.stdout))
  expect(hits[0]?.source).toMatch(/tea\.txt$/)

  const settings: unknown = JSON.parse(await readFile(join(folder, 'storage', 'stackroom.json'), 'utf8'))
  expect(settings).toMatchObject({ embedModel: { id: model, dimensions: 384, lineBreaks: 'as-spaces' } })
  const verified = await azure.run('verify', 'storage', '--json')
  expect(verifyReportSchema.parse(JSON.parse(verified.stdout)).model).toMatchObject({
    id: model,
    recorded: true,
    verdict: 'verified',
  })
  expect(azure.printed + JSON.stringify(settings)).not.toContain(KEY)
})

test('a wrong key and a deployment that is not there are told as what they are', async () => {
  const wrong = await withKey('another').run('models', 'test', 'azure:our-embeddings')
  expect(wrong).toMatchObject({ code: 1 })
  expect(wrong.stderr).toContain('azure does not accept the key.')
  expect(wrong.stderr).toContain('AZURE_OPENAI_API_KEY')
  const unknown = await withKey(KEY).run('models', 'test', 'azure:theirs')
  expect(unknown).toMatchObject({ code: 1 })
  expect(unknown.stderr).toContain('azure has no deployment named theirs')
  const missing = await new CommandLine(folder, { AZURE_OPENAI_ENDPOINT: '' }).run(
    'models',
    'test',
    'azure:x',
  )
  expect(missing.stderr).toContain('no embed model named azure:x')
})
