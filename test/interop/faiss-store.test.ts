/** FAISS index files beside FAISS itself, byte by byte, and LlamaIndex's folders with them. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { copyStore } from '#engine/stores/copy-store.ts'
import { vectorAt } from '#engine/stores/faiss/faiss-index.ts'
import { listFaissCollections, openFaissStore } from '#engine/stores/faiss/open-faiss-store.ts'
import { readFaissIndex } from '#engine/stores/faiss/read-faiss-index.ts'
import { faissIndexBytes } from '#engine/stores/faiss/write-faiss-index.ts'
import { SimpleVectorStore } from '#engine/stores/simple/simple-vector-store.ts'
import { CommandLine } from '../integration/run-command.ts'
import { codeOf, TestFolder } from '../integration/storage-test-folder.ts'
import { python } from './whole-postgres.ts'

const run = promisify(execFile)
let home: string
let seen: Record<string, number[][]>

async function inPython(...args: string[]): Promise<unknown> {
  const script = join(import.meta.dirname, 'faiss_store.py')
  const { stdout } = await run(python, [script, ...args], { maxBuffer: 1 << 28 })
  return JSON.parse(stdout)
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-faiss-'))
  seen = z.record(z.string(), z.array(z.array(z.number()))).parse(await inPython('indexes', home))
})
afterAll(() => rm(home, { recursive: true, force: true }))

const kinds = [
  ['flat-l2', 'flat', null],
  ['flat-ip', 'flat', null],
  ['idmap', 'flat', 'IDMap'],
  ['idmap2', 'flat', 'IDMap2'],
  ['ivf-flat', 'ivf-flat', null],
  ['ivf-sparse', 'ivf-flat', null],
  ['hnsw-flat', 'hnsw-flat', null],
  ['sq8', 'sq8', null],
  ['sq8-uniform', 'sq8', null],
] as const

test.each(kinds)(
  '%s: the vectors are those that FAISS reconstructs, with its ids',
  (name, storage, idMap) => {
    const index = readFaissIndex(join(home, name))
    expect(index).toMatchObject({
      dimensions: 8,
      storage,
      idMap,
      metric: /ip|idmap2/.test(name) ? 'ip' : 'l2',
    })
    expect(index.ids).toHaveLength(300)
    expect(new Set(index.ids).size).toBe(300)
    for (const [place, id] of index.ids.entries()) {
      const original = idMap === null ? id : (id - 5) / 7
      const theirs = seen[name]?.[original] ?? []
      for (const [at, value] of vectorAt(index, place).entries())
        expect(value).toBeCloseTo(theirs[at] ?? Number.NaN, 6)
    }
  },
)

test.each(['flat-l2', 'flat-ip', 'idmap', 'idmap2'])(
  '%s: what is written is what FAISS wrote, byte by byte',
  async (name) => {
    const path = join(home, name)
    expect(faissIndexBytes(readFaissIndex(path)).equals(await readFile(path))).toBe(true)
  },
)

test('FAISS reads what is written here', async () => {
  const path = join(home, 'ours')
  const vectors = Float32Array.of(1, 2, 3, 4, 5, 6)
  await writeFile(
    path,
    faissIndexBytes({ dimensions: 3, metric: 'l2', storage: 'flat', idMap: 'IDMap2', ids: [9, 4], vectors }),
  )
  expect(await inPython('read', path)).toEqual({
    ...{ kind: 'IndexIDMap2', ids: [9, 4], metric: 1 },
    vectors: [
      [1, 2, 3],
      [4, 5, 6],
    ],
  })
})

test.each(kinds)('%s: a file that breaks off anywhere is damaged, and nothing else happens', async (name) => {
  const bytes = await readFile(join(home, name))
  const path = join(home, 'broken')
  for (let length = 4; length < bytes.length; length += Math.ceil(bytes.length / 97)) {
    await writeFile(path, bytes.subarray(0, length))
    let code = 'no error'
    try {
      readFaissIndex(path)
    } catch (error) {
      code = error instanceof StackroomError ? error.code : String(error)
    }
    expect(code).toBe('damaged-file')
  }
})

const answersSchema = z.array(
  z.object({ vector: z.array(z.number()), hits: z.array(z.tuple([z.string(), z.number(), z.string()])) }),
)

test.each(['plain', 'map'])(
  'a folder of LlamaIndex with a FAISS index (%s) is searched as LlamaIndex does, and copied',
  async (kind) => {
    const folder = join(home, kind)
    const answers = answersSchema.parse(await inPython('folder', kind, folder))
    const store = openFaissStore(folder)
    const records = kind === 'map' ? 38 : 40
    expect(await store.count()).toBe(records)
    expect(listFaissCollections(folder)).toEqual([
      { name: 'default', records, dimension: 8, metric: kind === 'map' ? 'l2' : 'ip' },
    ])
    for (const { vector, hits } of answers) {
      const ours = await store.query({ vector: Float32Array.from(vector), topK: 5 })
      expect(ours.map(({ nodeId, node }) => [nodeId, node?.text])).toEqual(
        hits.map(([id, , text]) => [id, text]),
      )
      for (const [rank, { score }] of ours.entries()) {
        const theirs = hits[rank]?.[1] ?? Number.NaN
        expect(score).toBeCloseTo(kind === 'map' ? -theirs : theirs, 4)
      }
    }
    const filters = { filters: [{ key: 'i', operator: '<' as const, value: 6 }] }
    expect((await store.get({ filters })).length).toBe(kind === 'map' ? 5 : 6)
    expect((await store.get({ filters: { filters: [{ key: 'ref_doc_id', value: 'doc 2' }] } })).length).toBe(
      4,
    )
    expect(await codeOf(store.add())).toBe('read-only')

    await using target = await TestFolder.make()
    const copy = new SimpleVectorStore(await target.create())
    expect(await copyStore(store, copy)).toMatchObject({ nodes: records, check: { questions: null } })
    const [entry] = await copy.get({ nodeIds: ['node 5'], vectors: true })
    expect(entry?.node).toMatchObject({ text: 'text 5', metadata: { i: 5 }, refDocId: 'doc 1' })
    expect(Array.from(entry?.vector ?? [])).toEqual(seen['flat-l2']?.[5])
  },
)

test('the folder itself is copied on the command line, as what it is', async () => {
  const folder = join(home, 'by-path')
  await inPython('folder', 'map', folder)
  const command = new CommandLine(home)
  const { code, stdout } = await command.run('copy', folder, '--to', join(home, 'copied'), '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ nodes: 38, alreadyThere: 0, check: { vectors: 38 } })
})
