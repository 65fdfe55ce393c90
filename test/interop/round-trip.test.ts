/** Python LlamaIndex and Stackroom on the same persist dir: the same nodes, the same top 10, the same scores. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { searchAnswerSchema, ingestReportSchema } from '#contract'
import { EmbedModelRegistry, BUNDLED_MODEL_ID } from '#engine/embed/model-registry.ts'
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'

const root = resolve(import.meta.dirname, '../..')
const python = process.env.STACKROOM_PYTHON ?? join(root, '.venv/bin/python')
const cli = join(root, 'src-main/hosts/cli/main.ts')
const run = promisify(execFile)

const seenSchema = z.object({
  nodes: z.record(z.string(), z.string()),
  hashesAgree: z.boolean(),
  structNodes: z.array(z.string()),
  refDocs: z.array(z.string()),
  answers: z.array(z.array(z.object({ nodeId: z.string(), score: z.number(), text: z.string() }))),
})

const questions = [
  'how are bug reports severities decided',
  'copyright file of a package',
  'what a maintainer script may do',
  'shared library versions',
  // The very text of a file that is added: the name of its folder is in what is embedded, and differs in every run.
  'A conffile is a file that dpkg handles as configuration.',
]

let folder: string
let vectors: Float32Array[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-interop-'))
  await using registry = new EmbedModelRegistry({
    resourcesFolder: join(root, 'resources'),
    dataFolder: folder,
  })
  const model = await registry.open(BUNDLED_MODEL_ID)
  vectors = []
  for (const question of questions) vectors.push(await model.embedQuery(question))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function stackroom(...args: string[]): Promise<unknown> {
  const { stdout } = await run(process.execPath, [cli, ...args, '--json'], {
    env: { ...process.env, STACKROOM_DATA: join(folder, 'data') },
    maxBuffer: 1 << 28,
  })
  return JSON.parse(stdout)
}

async function seenByPython(persistDir: string): Promise<z.infer<typeof seenSchema>> {
  const queries = join(folder, 'queries.json')
  await writeFile(queries, JSON.stringify(vectors.map((vector) => Array.from(vector))))
  const { stdout } = await run(python, [join(import.meta.dirname, 'round_trip.py'), persistDir, queries], {
    maxBuffer: 1 << 28,
  })
  return seenSchema.parse(JSON.parse(stdout))
}

async function expectSameAnswers(persistDir: string, seen: z.infer<typeof seenSchema>): Promise<void> {
  await using storage = await openStorageFolder({ persistDir, dataFolder: join(folder, 'data') })
  for (const [index, vector] of vectors.entries()) {
    const ours = await storage.query(vector, 10)
    const theirs = seen.answers[index]!
    expect(theirs.length).toBeGreaterThan(0)
    expect(ours.map(({ nodeId }) => nodeId)).toEqual(theirs.map(({ nodeId }) => nodeId))
    ours.forEach(({ score }, rank) => expect(Math.abs(score - theirs[rank]!.score)).toBeLessThan(1e-6))
  }
}

test('a folder that Stackroom wrote: Python has the same nodes, hashes, and top 10', async () => {
  const persistDir = join(folder, 'written')
  const sources = [
    '/usr/share/doc/debian-policy/upgrading-checklist.txt.gz',
    '/usr/share/developers-reference/scope.html',
  ]
  const fixture = join(root, 'test/fixtures/documents')
  const report = ingestReportSchema.parse(await stackroom('index', ...sources, fixture, '--to', persistDir))
  expect(report.nodes).toBeGreaterThan(50)

  const seen = await seenByPython(persistDir)
  expect(Object.keys(seen.nodes)).toHaveLength(report.nodes)
  expect(seen.refDocs).toHaveLength(report.documents)
  expect(seen.structNodes).toEqual(Object.keys(seen.nodes).sort())
  expect(seen.hashesAgree).toBe(true)
  await expectSameAnswers(persistDir, seen)

  const answer = searchAnswerSchema.parse(
    await stackroom('search', '--mode', 'vector', persistDir, questions[0]!),
  )
  expect(answer.hits.map(({ nodeId }) => nodeId)).toEqual(seen.answers[0]!.map(({ nodeId }) => nodeId))
  for (const { nodeId, text } of answer.hits) expect(text).toBe(seen.nodes[nodeId])
})

test('a folder that Python wrote: Stackroom gives the same top 10, and Python still reads it after an insert', async () => {
  const persistDir = join(folder, 'python')
  await cp(join(root, 'test/fixtures/python-storage/storage'), persistDir, { recursive: true })
  const before = await seenByPython(persistDir)
  await expectSameAnswers(persistDir, before)

  const added = join(folder, 'added.txt')
  await writeFile(added, `${questions[4]!}\n`)
  await stackroom('index', added, '--to', persistDir)
  const after = await seenByPython(persistDir)
  expect(after.nodes).toMatchObject(before.nodes)
  expect(Object.keys(after.nodes)).toHaveLength(Object.keys(before.nodes).length + 1)
  expect(after.answers[4]![0]!.text).toContain('conffile')
  await expectSameAnswers(persistDir, after)
  expect(await readFile(join(persistDir, 'graph_store.json'), 'utf8')).toBe('{"graph_dict": {}}')
})
