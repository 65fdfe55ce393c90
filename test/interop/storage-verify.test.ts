/** Python LlamaIndex loads and searches folders that were damaged and repaired. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { repairStorageFolder } from '#engine/storage/verify/verify-storage-folder.ts'

const root = resolve(import.meta.dirname, '../..')
const python = process.env.STACKROOM_PYTHON ?? join(root, '.venv/bin/python')
const run = promisify(execFile)

const seenSchema = z.object({
  nodes: z.record(z.string(), z.string()),
  hashesAgree: z.boolean(),
  structNodes: z.array(z.string()),
  refDocs: z.array(z.string()),
  answers: z.array(z.array(z.object({ nodeId: z.string(), score: z.number() }))),
})

let folder: string
let persistDir: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-interop-verify-'))
  persistDir = join(folder, 'storage')
  await cp(join(root, 'test/fixtures/python-storage/storage'), persistDir, { recursive: true })
})

afterEach(() => rm(folder, { recursive: true, force: true }))

type Json = Record<string, Record<string, unknown>>

async function edit(file: string, change: (content: Json) => void): Promise<void> {
  const content = JSON.parse(await readFile(join(persistDir, file), 'utf8')) as Json
  change(content)
  await writeFile(join(persistDir, file), JSON.stringify(content))
}

const question = Float32Array.from({ length: 384 }, (_, index) => Math.sin(index))

async function seenByPython(): Promise<z.infer<typeof seenSchema>> {
  const queries = join(folder, 'queries.json')
  await writeFile(queries, JSON.stringify([Array.from(question)]))
  const { stdout } = await run(python, [join(import.meta.dirname, 'round_trip.py'), persistDir, queries])
  return seenSchema.parse(JSON.parse(stdout))
}

async function expectSameAnswer({ answers }: z.infer<typeof seenSchema>): Promise<void> {
  await using storage = await openStorageFolder({ persistDir, dataFolder: join(folder, 'data') })
  const found = await storage.query(question, 10)
  expect(found.map(({ nodeId }) => nodeId)).toEqual(answers[0]!.map(({ nodeId }) => nodeId))
  for (const [rank, { score }] of found.entries()) expect(score).toBeCloseTo(answers[0]![rank]!.score, 6)
}

const repair = () => repairStorageFolder({ persistDir, dataFolder: join(folder, 'data') })

test('what Python could not search any more it searches after a repair, with every node there was', async () => {
  const before = await seenByPython()
  await edit('default__vector_store.json', (content) => {
    content['embedding_dict']!['stray'] = Array(384).fill(0.5)
    content['embedding_dict']!['short'] = [1, 2, 3]
    const [first] = Object.keys(content['metadata_dict']!)
    delete content['metadata_dict']![first!]
    delete content['text_id_to_ref_doc_id']![first!]
  })
  await edit('docstore.json', (content) => {
    const [document] = Object.keys(content['docstore/ref_doc_info']!)
    delete content['docstore/ref_doc_info']![document!]
    const [node] = Object.keys(content['docstore/data']!)
    delete content['docstore/metadata']![node!]
  })
  await edit('index_store.json', (content) => {
    content['index_store/data'] = {}
  })
  await expect(seenByPython()).rejects.toThrow()

  expect(await repair()).toMatchObject({ ok: true, nodes: 5, vectors: 5, problems: [] })
  const after = await seenByPython()
  expect(after.nodes).toEqual(before.nodes)
  expect(after.refDocs).toEqual(before.refDocs)
  expect(after.structNodes).toEqual(before.structNodes)
  expect(after.hashesAgree).toBe(true)
  expect(after.answers).toEqual(before.answers)
  await expectSameAnswer(after)
})

test.each(['docstore.json', 'default__vector_store.json'])(
  'a %s that was cut off is loaded by Python after a repair, with the nodes that were saved',
  async (name) => {
    const before = await seenByPython()
    const { length } = await readFile(join(persistDir, name))
    await truncate(join(persistDir, name), Math.floor(length * 0.7))
    await expect(seenByPython()).rejects.toThrow()

    const report = await repair()
    const after = await seenByPython()
    expect(Object.keys(after.nodes)).toHaveLength(report.nodes)
    expect(before.nodes).toMatchObject(after.nodes)
    expect(after.answers[0]).toHaveLength(report.vectors)
    expect(report.vectors).toBeGreaterThan(0)
    await expectSameAnswer(after)
  },
)
