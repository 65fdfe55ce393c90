/** Models from the command line, run as its own process, with a real server that speaks OpenAI's API. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
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
import { ApiServer } from './embed-api-server.ts'

const root = resolve(import.meta.dirname, '../..')
const resourcesFolder = join(root, 'resources')
const KEY = 'sk-planted-key-on-the-command-line'
const timeout = 240_000
const registry = new EmbedModelRegistry({ resourcesFolder, dataFolder: tmpdir() })
let folder: string
let server: ApiServer
/** Everything that the commands printed. */
let printed = ''

beforeAll(async () => {
  const bundled = await registry.open(BUNDLED_MODEL_ID)
  server = await ApiServer.start({
    ...bundled,
    embedDocuments: async (texts) =>
      (await bundled.embedDocuments(texts)).map((vector) => vector.toReversed()),
  })
  folder = await mkdtemp(join(tmpdir(), 'stackroom-cli-models-'))
  await mkdir(join(folder, 'data'))
  const far = { name: 'far', kind: 'compatible', baseUrl: `${server.remoteUrl}/v1`, keyName: 'FAR_API_KEY' }
  const models = { version: 1, folders: [], servers: [{ ...far, models: { turned: { dimensions: 384 } } }] }
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

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [join(root, 'src-main/hosts/cli/main.ts'), ...args], {
    cwd: folder,
    env: { ...process.env, STACKROOM_DATA: join(folder, 'data'), FAR_API_KEY: KEY },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = start(...args)
  const ended = once(child, 'close') as Promise<[number | null]>
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), ended])
  printed += stdout + stderr
  return { code, stdout, stderr }
}

test(
  'the configured models are listed, and one that works is told from one that does not',
  { timeout },
  async () => {
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
  },
)

test('a model on a server is used once it is named, and info tells the verdict', { timeout }, async () => {
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

test(
  'verify tells the model, writes nothing, and a recorded model with other vectors is an error',
  { timeout },
  async () => {
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
  },
)

test(
  'embedding again survives being killed, goes on where it was, and can be undone',
  { timeout },
  async () => {
    expect(await run('index', 'documents', '--to', 'storage', '--json')).toMatchObject({ code: 0 })
    const vectors = join(folder, 'storage', 'default__vector_store.json')
    const before = await readFile(vectors, 'utf8')
    server.requests.length = 0
    const child = start('reembed', 'storage', '--model', 'far:turned')
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
    expect(await run('reembed', 'storage', '--model', 'far:turned', '--json')).toMatchObject({ code: 0 })
    expect(server.texts.length).toBe(texts)

    expect(await run('reembed', 'storage', '--restore-old')).toMatchObject({ code: 0 })
    expect(JSON.parse(await readFile(vectors, 'utf8'))).toEqual(JSON.parse(before))
    expect(JSON.parse((await run('info', 'storage', '--json')).stdout)).toMatchObject({
      model: BUNDLED_MODEL_ID,
    })
    expect(await run('reembed', 'storage')).toMatchObject({ code: 2 })
  },
)

test('a key from the environment is nowhere in what was written or printed', { timeout }, async () => {
  await run('models', 'test', 'far:turned', '--json')
  expect(server.headers.some((headers) => headers.authorization === `Bearer ${KEY}`)).toBe(true)
  expect(printed).not.toContain(KEY)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((found) => found.isFile())) {
    const path = join(entry.parentPath, entry.name)
    expect((await readFile(path)).includes(KEY), path).toBe(false)
  }
})
