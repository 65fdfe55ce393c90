/** Python's LlamaIndex and chromadb and the `stackroom` command on the same Chroma folders, in turns. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { folderInfoSchema, searchAnswerSchema } from '#contract'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { CommandLine } from '../integration/run-command.ts'

const root = resolve(import.meta.dirname, '../..')
const python = process.env.STACKROOM_PYTHON ?? join(root, '.venv/bin/python')
const run = promisify(execFile)

const hitSchema = z.object({ text: z.string(), score: z.number(), path: z.string().nullish() })
const readSchema = z.object({
  fromVectorStore: z.array(hitSchema),
  fromStorage: z.array(hitSchema),
  documents: z.array(z.string()),
  nodes: z.array(z.string()),
  records: z.array(z.string()),
  embeddingFunction: z.string(),
})

let folder: string
let command: CommandLine

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-chroma-index-'))
  command = new CommandLine(folder)
  await mkdir(join(folder, 'documents'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function embedded(texts: string[]): Promise<number[][]> {
  await using models = new EmbedModelRegistry({
    resourcesFolder: join(root, 'resources'),
    dataFolder: join(folder, 'data'),
  })
  const model = await models.open(BUNDLED_MODEL_ID)
  return (await model.embedDocuments(texts)).map((vector) => [...vector])
}

async function script(name: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await run(python, [join(import.meta.dirname, name), ...args], {
    cwd: folder,
    env: { ...process.env, ANONYMIZED_TELEMETRY: 'False' },
  })
  return stdout.trim() === '' ? null : JSON.parse(stdout)
}

async function given(value: unknown): Promise<string> {
  const path = join(folder, 'given.json')
  await writeFile(path, JSON.stringify(value))
  return path
}

async function json(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await command.run(...args, '--json')
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return JSON.parse(stdout)
}

async function search(query: string, ...where: string[]) {
  return searchAnswerSchema.parse(await json('search', ...where, query, '-k', '2', '--mode', 'vector')).hits
}

test('Python answers from what the command indexed into Chroma, with the same passages and scores, and the other way', async () => {
  await writeFile(join(folder, 'documents/tea.txt'), 'Green tea is steeped at eighty degrees.')
  await writeFile(join(folder, 'documents/größe.md'), '# Größe 📚\n\nThe tide comes in twice a day.')
  await json('index', 'documents', '--to', 'storage', '--store', 'chroma:chroma', '--collection', 'notes')
  const question = 'how hot should the water be'
  const hits = await search(question, 'storage')
  const [vector] = await embedded([question])
  const read = async () =>
    readSchema.parse(
      await script('chroma_collections.py', 'read', 'storage', 'chroma', 'notes', await given(vector)),
    )
  const seen = await read()
  for (const found of [seen.fromVectorStore, seen.fromStorage]) {
    expect(found.map(({ text, path }) => ({ text, path }))).toEqual(
      hits.map(({ text, source }) => ({ text, path: source })),
    )
    found.forEach(({ score }, index) => expect(score).toBeCloseTo(hits[index]!.score, 5))
  }
  expect(seen.documents).toEqual(['größe.md', 'tea.txt'].map((name) => join(folder, 'documents', name)))
  expect(seen.nodes).toEqual(seen.records)
  expect(seen.embeddingFunction).toBe('default')

  const text = 'Owls hunt at night.'
  const deleted = join(folder, 'documents/tea.txt')
  const [owl] = await embedded([text])
  await script(
    'chroma_collections.py',
    'insert',
    'storage',
    'chroma',
    'notes',
    await given({ text, vector: owl, deleted }),
  )
  expect((await search('which bird flies in the dark', 'storage'))[0]).toMatchObject({ text })
  expect((await search(question, 'storage')).map(({ source }) => source)).not.toContain(deleted)
  expect(folderInfoSchema.parse(await json('info', 'storage'))).toMatchObject({ nodes: 2 })

  await writeFile(join(folder, 'documents/tea.txt'), 'Black tea wants boiling water.')
  await json('refresh', 'storage')
  expect((await search('black tea', 'storage'))[0]).toMatchObject({ text: 'Black tea wants boiling water.' })
  expect((await read()).records).toHaveLength(3)
})

test('the command searches what LlamaIndex wrote into a collection, and adds to it what LlamaIndex reads', async () => {
  const items = [
    {
      id: 'a',
      refDocId: '/books/tea.pdf',
      text: 'Green tea is steeped at eighty degrees.',
      metadata: { page: '1' },
    },
    {
      id: 'ключ',
      refDocId: '/books/sea.pdf',
      text: 'The tide comes in twice a day.',
      metadata: { page: '7' },
    },
  ]
  const vectors = await embedded(items.map(({ text, metadata }) => `page: ${metadata.page}\n\n${text}`))
  const nodes = items.map((item, index) => ({ ...item, vector: vectors[index] }))
  await script('chroma_store.py', 'write', 'chroma', 'knowledge', await given(nodes))
  expect((await search('ocean', 'chroma'))[0]).toMatchObject({
    ...{ nodeId: 'ключ', refDocId: '/books/sea.pdf', metadata: { page: '7' } },
  })
  expect(folderInfoSchema.parse(await json('info', 'chroma'))).toMatchObject({
    ...{ documents: 2, nodes: 2, maker: 'llamaindex', modelVerdict: 'verified', model: BUNDLED_MODEL_ID },
  })
  await writeFile(join(folder, 'documents/owls.txt'), 'Owls hunt at night.')
  await json('index', 'documents', '--to', 'chroma')
  const [vector] = await embedded(['which bird flies in the dark'])
  const queries = [{ vector, topK: 1 }]
  const answers = z
    .looseObject({ answers: z.array(z.array(hitSchema.omit({ path: true }))) })
    .parse(await script('chroma_store.py', 'read', 'chroma', 'knowledge', await given(queries)))
  expect(answers.answers[0]?.[0]?.text).toBe('Owls hunt at night.')
  await json('remove', 'chroma', '/books/tea.pdf', join(folder, 'documents/owls.txt'))
  expect(folderInfoSchema.parse(await json('info', 'chroma'))).toMatchObject({ documents: 1, nodes: 1 })
})

test('what chromadb and LangChain wrote is told apart and searched; while Python has the folder open, that is said', async () => {
  const texts = ['Green tea is steeped at eighty degrees.', 'The tide comes in twice a day.']
  const vectors = await embedded(texts)
  const records = texts.map((text, index) => ({
    ...{ id: `id ${index}`, text, vector: vectors[index] },
    ...{ plain: { year: 1900 + index }, chained: { source: 'tea.pdf', page: index } },
  }))
  await script('chroma_collections.py', 'write', 'chroma', await given(records))
  const plain = ['chroma', '--collection', 'plain']
  const chained = ['chroma', '--collection', 'langchain']
  expect((await search('ocean', ...plain))[0]).toMatchObject({ nodeId: 'id 1', refDocId: 'id 1' })
  expect((await search('ocean', ...chained))[0]).toMatchObject({ nodeId: 'id 1', refDocId: 'tea.pdf' })
  expect(folderInfoSchema.parse(await json('info', ...plain))).toMatchObject({ maker: 'plain', documents: 2 })
  expect(folderInfoSchema.parse(await json('info', ...chained))).toMatchObject({
    maker: 'langchain',
    documents: 1,
  })

  const holder = spawn(python, [join(import.meta.dirname, 'chroma_collections.py'), 'hold', 'chroma'], {
    cwd: folder,
  })
  await once(holder.stdout, 'data')
  const { code, stderr } = await command.run('search', ...plain, 'ocean')
  expect(code).toBe(1)
  expect(stderr).toMatch(/python.* has the Chroma folder .* open/)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  expect(await search('ocean', ...plain)).toHaveLength(2)
})
