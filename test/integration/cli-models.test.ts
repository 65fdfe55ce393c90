/** Models from the command line, run as its own process, with a real server that speaks OpenAI's API. */
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import {
  embedModelInfoSchema,
  folderInfoSchema,
  ingestReportSchema,
  modelTestSchema,
  verifyReportSchema,
} from '#contract'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { ApiServer, sendJson } from './embed-api-server.ts'
import { CommandLine, type Ran } from './run-command.ts'

const root = resolve(import.meta.dirname, '../..')
const resourcesFolder = join(root, 'resources')
const KEY = 'sk-planted-key-on-the-command-line'
const registry = new EmbedModelRegistry({ resourcesFolder, dataFolder: tmpdir() })
let folder: string
let server: ApiServer
let commands: CommandLine
const run = (...args: string[]): Promise<Ran> => commands.run(...args)

beforeAll(async () => {
  const bundled = await registry.open(BUNDLED_MODEL_ID)
  server = await ApiServer.start({
    ...bundled,
    embedDocuments: async (texts) =>
      (await bundled.embedDocuments(texts)).map((vector) => vector.toReversed()),
  })
  folder = await mkdtemp(join(tmpdir(), 'stackroom-cli-models-'))
  commands = new CommandLine(folder, { FAR_API_KEY: KEY })
  await mkdir(join(folder, 'data'))
  const far = { name: 'far', kind: 'compatible', baseUrl: `${server.remoteUrl}/v1`, keyName: 'FAR_API_KEY' }
  const openai = { ...far, name: 'openai', kind: 'openai' }
  const servers = [
    { ...far, models: { turned: { dimensions: 384 } } },
    { ...openai, models: { 'text-embedding-3-small': { dimensions: 384 } } },
  ]
  const models = { version: 1, folders: [], servers }
  await writeFile(join(folder, 'data', 'models.json'), JSON.stringify(models))
  await mkdir(join(folder, 'documents'))
  for (let i = 0; i < 400; i++)
    await writeFile(
      join(folder, 'documents', `${i}.txt`),
      `Shelf ${i} has the books of the year ${1400 + i}.`,
    )
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await registry.close()
  await rm(folder, { recursive: true, force: true })
})

test('the configured models are listed, and one that works is told from one that does not', async () => {
  const listed = await run('models', '--json')
  const models = z.array(embedModelInfoSchema).parse(JSON.parse(listed.stdout))
  expect(models.map(({ id }) => id)).toEqual(
    expect.arrayContaining([BUNDLED_MODEL_ID, 'openai:text-embedding-3-small', 'far:turned']),
  )
  const good = await run('models', 'test', BUNDLED_MODEL_ID, '--json')
  expect(good).toMatchObject({ code: 0, stderr: '' })
  expect(modelTestSchema.parse(JSON.parse(good.stdout))).toMatchObject({ ok: true, dimensions: 384 })
  const bad = await run('models', 'test', 'nowhere:model')
  expect(bad).toMatchObject({ code: 1 })
  expect(bad.stderr).toContain('no embed model named nowhere:model')
})

test('a model on a server is used once it is named, and info tells the verdict', async () => {
  const named = await run('index', 'documents/1.txt', '--to', 'remote', '--model', 'far:turned', '--json')
  expect(named).toMatchObject({ code: 0 })
  expect(named.stderr).toContain(`is sent to ${new URL(server.remoteUrl).host}`)
  // remembered for this folder, and only for it
  expect(await run('search', 'remote', 'shelf', '--json')).toMatchObject({ code: 0, stderr: '' })
  await cp(join(folder, 'remote'), join(folder, 'copy'), { recursive: true })
  const before = server.texts.length
  const refused = await run('search', 'copy', 'a question that was not asked before')
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.stderr).toContain('--model')
  expect(server.texts.length).toBe(before)
  const info = await run('info', 'remote', '--json')
  expect(folderInfoSchema.parse(JSON.parse(info.stdout))).toMatchObject({
    model: 'far:turned',
    modelVerdict: 'verified',
  })
})

test('verify tells the model, writes nothing, and a recorded model with other vectors is an error', async () => {
  const python = join(folder, 'python')
  await cp(join(root, 'test/fixtures/python-storage/storage'), python, { recursive: true })
  const found = await run('verify', 'python', '--json')
  expect(found).toMatchObject({ code: 0, stderr: '' })
  expect(verifyReportSchema.parse(JSON.parse(found.stdout))).toMatchObject({
    ok: true,
    model: { id: BUNDLED_MODEL_ID, recorded: false, verdict: 'verified' },
  })
  expect(await readdir(python)).not.toContain('.stackroom')

  expect(await run('index', 'documents/2.txt', '--to', 'local', '--json')).toMatchObject({ code: 0 })
  const path = join(folder, 'local', 'default__vector_store.json')
  const schema = z.looseObject({ embedding_dict: z.record(z.string(), z.array(z.number())) })
  const store = schema.parse(JSON.parse(await readFile(path, 'utf8')))
  for (const vector of Object.values(store.embedding_dict)) vector.reverse()
  await writeFile(path, JSON.stringify(store))
  const wrong = await run('verify', 'local', '--json')
  expect(wrong.code).toBe(1)
  const report = verifyReportSchema.parse(JSON.parse(wrong.stdout))
  expect(report.ok).toBe(false)
  expect(report.problems[0]).toMatchObject({ severity: 'error', code: 'wrong-model' })
})

test('embedding again survives being killed, goes on where it was, and can be undone', async () => {
  expect(await run('index', 'documents', '--to', 'storage', '--json')).toMatchObject({ code: 0 })
  const vectors = join(folder, 'storage', 'default__vector_store.json')
  const before = await readFile(vectors, 'utf8')
  server.requests.length = 0
  const child = commands.start('reembed', 'storage', '--model', 'far:turned')
  const ended = once(child, 'close')
  server.trouble = () => {
    if (server.texts.length > 330) child.kill('SIGKILL')
    return false
  }
  await ended
  server.trouble = () => false
  expect(await readFile(vectors, 'utf8')).toBe(before)
  expect(await run('search', 'storage', 'Shelf 12', '--json')).toMatchObject({ code: 0 })
  expect(JSON.parse((await run('info', 'storage', '--json')).stdout)).toMatchObject({
    model: BUNDLED_MODEL_ID,
    modelVerdict: 'verified',
  })

  const sent = server.texts.length
  const again = await run('reembed', 'storage', '--model', 'far:turned', '--json')
  expect(again).toMatchObject({ code: 0 })
  expect(ingestReportSchema.parse(JSON.parse(again.stdout))).toMatchObject({ nodes: 400 })
  expect(server.texts.length - sent).toBeLessThanOrEqual(400 - 256)
  expect(await readFile(vectors, 'utf8')).not.toBe(before)
  expect(JSON.parse((await run('info', 'storage', '--json')).stdout)).toMatchObject({
    nodes: 400,
    model: 'far:turned',
    modelVerdict: 'verified',
  })
  // the second time is free
  const texts = server.texts.length
  const free = await run('reembed', 'storage', '--model', 'far:turned')
  expect(free).toMatchObject({ code: 0 })
  expect(server.texts.length).toBe(texts)
  // what is kept are the vectors from before the first time, and that is said before and after
  expect(free.stderr).toMatch(
    /^The vectors of bundled:all-MiniLM-L6-v2 from before .* stay kept; those of now are not\./m,
  )
  expect(free.stdout).toMatch(/^The vectors of bundled:all-MiniLM-L6-v2 from before .* are kept/m)

  expect(await run('reembed', 'storage', '--restore-old')).toMatchObject({ code: 0 })
  expect(JSON.parse(await readFile(vectors, 'utf8'))).toEqual(JSON.parse(before))
  expect(JSON.parse((await run('info', 'storage', '--json')).stdout)).toMatchObject({
    model: BUNDLED_MODEL_ID,
  })
  expect(await run('reembed', 'storage')).toMatchObject({ code: 2 })
})

test('with a model that costs money, tokens and cost are told before the first text is sent', async () => {
  const { host } = new URL(server.remoteUrl)
  const model = 'openai:text-embedding-3-small'
  const indexed = await run('index', 'documents/3.txt', '--to', 'priced', '--model', model, '--json')
  expect(indexed).toMatchObject({ code: 0 })
  const told = new RegExp(`^About \\d+ tokens, to ${host}, for less than \\$0\\.01\\.\n.* is sent to ${host}`)
  expect(indexed.stderr).toMatch(told)

  expect(await run('index', 'documents/4.txt', '--to', 'cheap', '--json')).toMatchObject({ code: 0 })
  // it is of another model: nothing is sent, so nothing is said or allowed
  const refused = await run('index', 'documents/5.txt', '--to', 'cheap', '--model', model)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(/^This index was built with/)
  const reembedded = await run('reembed', 'cheap', '--model', model, '--json')
  expect(reembedded).toMatchObject({ code: 0 })
  expect(reembedded.stderr).toMatch(told)
})

test('vectors of another length never reach a folder, even when the server changes them between two batches', async () => {
  await mkdir(join(folder, 'shelves'))
  for (let i = 0; i < 300; i++)
    await writeFile(join(folder, 'shelves', `${i}.txt`), `Cupboard ${i} has maps of the year ${1700 + i}.`)
  const lengths = async (): Promise<Record<number, number>> => {
    const text = await readFile(join(folder, 'maps', 'default__vector_store.json'), 'utf8')
    const store = z.object({ embedding_dict: z.record(z.string(), z.array(z.number())) })
    const counts: Record<number, number> = {}
    for (const { length } of Object.values(store.parse(JSON.parse(text)).embedding_dict))
      counts[length] = (counts[length] ?? 0) + 1
    return counts
  }
  const shortenAfter = (texts: number): void => {
    const last = server.texts.length + texts
    server.trouble = ({ input }, response) => {
      if (server.texts.length <= last) return false
      const data = input.map((_, index) => ({ index, embedding: Array(100).fill(0.1) }))
      return (sendJson(response, 200, { object: 'list', data }), true)
    }
  }
  shortenAfter(256)
  const cut = await run('index', 'shelves', '--to', 'maps', '--model', 'far:turned')
  expect(cut.code).toBe(1)
  expect(cut.stderr).toContain('far:turned makes vectors of 100 dimensions, and 384 were expected')
  expect(Object.keys(await lengths())).toEqual(['384'])

  server.trouble = () => false
  expect(await run('index', 'shelves', '--to', 'maps', '--json')).toMatchObject({ code: 0 })
  expect(await lengths()).toEqual({ 384: 300 })

  shortenAfter(200)
  const again = await run('reembed', 'maps', '--model', 'far:another')
  expect(again.code).toBe(1)
  expect(again.stderr).toContain('far:another makes vectors of 100 dimensions')
  expect(await lengths()).toEqual({ 384: 300 })
  const info = await run('info', 'maps', '--json')
  expect(JSON.parse(info.stdout)).toMatchObject({ model: 'far:turned', nodes: 300, dimensions: 384 })

  // nor does a question of another length
  const asked = await run('search', 'maps', 'a question that nobody asked before')
  expect(asked.code).toBe(1)
  expect(asked.stderr).toContain('far:turned makes vectors of 100 dimensions')
  server.trouble = () => false
})

test('a key from the environment is nowhere in what was written or printed', async () => {
  await run('models', 'test', 'far:turned', '--json')
  expect(server.headers.some((headers) => headers.authorization === `Bearer ${KEY}`)).toBe(true)
  expect(commands.printed).not.toContain(KEY)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((found) => found.isFile())) {
    const path = join(entry.parentPath, entry.name)
    expect((await readFile(path)).includes(KEY), path).toBe(false)
  }
})
