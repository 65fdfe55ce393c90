/** Python's chromadb and LlamaIndex's ChromaVectorStore and Stackroom on the same Chroma folder, in turns. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { jsonValueSchema, type Metadata } from '#contract'
import { chromaWhere } from '#engine/stores/chroma/chroma-filters.ts'
import { openChromaEngine, openChromaStore } from '#engine/stores/chroma/open-chroma-store.ts'
import type { ChromaVectorStore } from '#engine/stores/chroma/chroma-vector-store.ts'
import type { MetadataFilters } from '#engine/stores/metadata-filters.ts'
import { chromaFixtures, chromaVersions, expectedIn } from '../integration/chroma-damage.ts'
import { nodeOf } from '../integration/store-conformance.ts'
import { codeOf } from '../integration/storage-test-folder.ts'

const root = resolve(import.meta.dirname, '../..')
const python = process.env.STACKROOM_PYTHON ?? join(root, '.venv/bin/python')
const run = promisify(execFile)

const metadataSchema = z.record(z.string(), jsonValueSchema)
const seenSchema = z.object({
  answers: z
    .array(
      z.array(
        z.object({ nodeId: z.string(), score: z.number(), text: z.string(), metadata: metadataSchema }),
      ),
    )
    .nullable(),
  entries: z.record(
    z.string(),
    z.object({ metadata: metadataSchema, document: z.string(), vector: z.array(z.number()) }),
  ),
  configuration: z.looseObject({ hnsw: z.looseObject({ space: z.string() }) }),
})
type Seen = z.infer<typeof seenSchema>

interface Item {
  readonly id: string
  readonly refDocId: string
  readonly text: string
  readonly metadata: Metadata
  readonly vector: readonly number[]
}

const collection = 'knowledge'
const items: readonly Item[] = [
  {
    id: 'a',
    refDocId: '/books/Wal.txt',
    text: 'Nennt mich Ismael. 🐋',
    metadata: { year: 1851, title: 'Größe', part: 0.5 },
    vector: [1, 0.25, 0, 0],
  },
  {
    id: 'b',
    refDocId: '/books/Wal.txt',
    text: 'Etliche Jahre ist\n"es" her',
    metadata: { year: 1851, title: 'x', none: null },
    vector: [0.5, 0.5, 0.25, 0],
  },
  {
    id: 'ключ',
    refDocId: 'c:\\docs\\é.md',
    text: 'two',
    metadata: { year: 2001, flag: true },
    vector: [0, 0, 1, 0.125],
  },
  { id: 'd', refDocId: 'plain', text: 'three', metadata: {}, vector: [0, 0.75, 0, 1] },
]
const vectors = [
  [1, 0, 0, 0],
  [0.1, 0.2, 0.9, 0.3],
  [0, 1, 0, 1],
]
const filters: MetadataFilters[] = [
  { filters: [{ key: 'year', value: 1851 }] },
  { filters: [{ key: 'year', operator: '!=', value: 1851 }] },
  { filters: [{ key: 'part', operator: '>', value: 0.25 }] },
  { filters: [{ key: 'title', operator: 'in', value: ['x', 'Größe'] }] },
  { filters: [{ key: 'title', operator: 'nin', value: ['x'] }] },
  {
    condition: 'or',
    filters: [
      { key: 'ref_doc_id', value: 'plain' },
      {
        condition: 'and',
        filters: [
          { key: 'year', operator: '>=', value: 2000 },
          { key: 'year', operator: '<', value: 2002 },
        ],
      },
    ],
  },
]
const queries = [
  ...vectors.map((vector) => ({ vector, topK: 3 })),
  ...filters.map((filter) => ({ vector: [1, 0, 0, 0], topK: 10, filters: filter })),
]

let home: string
let folder: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-chroma-interop-'))
  folder = join(home, 'chroma')
})
afterEach(() => rm(home, { recursive: true, force: true }))

async function withPython(command: 'write' | 'read' | 'delete', input: unknown): Promise<Seen> {
  const path = join(home, 'input.json')
  await writeFile(path, JSON.stringify(input))
  const script = join(import.meta.dirname, 'chroma_store.py')
  const { stdout } = await run(python, [script, command, folder, collection, path], { maxBuffer: 1 << 28 })
  return seenSchema.parse(JSON.parse(stdout))
}

async function withStackroom<Value>(work: (store: ChromaVectorStore) => Promise<Value>): Promise<Value> {
  await using engine = openChromaEngine({
    folder,
    cacheFolder: join(tmpdir(), 'stackroom-test-cache'),
    migrate: false,
  })
  return await work(await openChromaStore(engine, { collection, create: { embeddingFunction: 'default' } }))
}

const nodes = items.map(({ id, vector, ...options }) => nodeOf(id, vector, options))

async function expectSameAnswers(store: ChromaVectorStore, { answers }: Seen): Promise<void> {
  for (const [index, { vector, ...query }] of queries.entries()) {
    const hits = await store.query({ ...query, vector: Float32Array.from(vector) })
    const theirs = answers?.[index] ?? []
    expect(hits.map(({ nodeId }) => nodeId)).toEqual(theirs.map(({ nodeId }) => nodeId))
    for (const [rank, { score, node }] of hits.entries()) {
      expect(score).toBeCloseTo(theirs[rank]?.score ?? Number.NaN, 6)
      expect(node?.text).toBe(theirs[rank]?.text)
      expect(node?.metadata).toEqual(theirs[rank]?.metadata)
    }
  }
}

test('what Stackroom wrote is found by LlamaIndex, with the same scores, texts and metadata', async () => {
  await withStackroom((store) => store.add(nodes))
  const seen = await withPython('read', queries)
  expect(seen.configuration.hnsw.space).toBe('l2')
  expect(seen.answers?.flat().length).toBeGreaterThan(15)
  await withStackroom((store) => expectSameAnswers(store, seen))
})

test('what LlamaIndex wrote is found by Stackroom, with the same scores, texts and metadata', async () => {
  await withPython('write', items)
  const seen = await withPython('read', queries)
  await withStackroom(async (store) => {
    await expectSameAnswers(store, seen)
    const [entry] = await store.get({ nodeIds: ['a'], vectors: true })
    expect(entry?.node).toMatchObject({ refDocId: '/books/Wal.txt', startCharIdx: 3, endCharIdx: 7 })
    expect(Array.from(entry?.vector ?? [])).toEqual(items[0]?.vector)
  })
})

test('the same nodes make the same entries, character by character', async () => {
  const theirs = await withPython('write', items)
  await rm(folder, { recursive: true })
  await withStackroom((store) => store.add(nodes))
  const ours = await withPython('read', [])
  expect(ours.entries).toEqual(theirs.entries)
})

test('filters that Chroma knows are written as LlamaIndex writes them', async () => {
  const code = [
    'import json, sys',
    'from llama_index.core.vector_stores.types import MetadataFilters',
    'from llama_index.vector_stores.chroma.base import _to_chroma_filter',
    'print(json.dumps([_to_chroma_filter(MetadataFilters.model_validate(f)) for f in json.loads(sys.argv[1])]))',
  ].join('\n')
  const { stdout } = await run(python, ['-c', code, JSON.stringify(filters)])
  expect(filters.map((filter) => chromaWhere(filter))).toEqual(JSON.parse(stdout))
})

test('documents that one wrote are deleted by the other', async () => {
  await withPython('write', items)
  await withStackroom((store) => store.delete('/books/Wal.txt'))
  expect(Object.keys((await withPython('delete', ['c:\\docs\\é.md'])).entries)).toEqual(['d'])
  await withStackroom(async (store) => {
    await store.add(nodes)
    expect(await store.count()).toBe(4)
  })
  const seen = await withPython('delete', ['/books/Wal.txt', 'plain'])
  expect(Object.keys(seen.entries)).toEqual(['ключ'])
})

const recordsSchema = z.record(
  z.string(),
  z.object({
    records: z.record(
      z.string(),
      z.object({ vector: z.array(z.number()).nullable(), document: z.string().nullable() }),
    ),
    answer: z.array(z.tuple([z.string(), z.number()])),
  }),
)

test.each(chromaVersions)(
  'a folder of Chroma %s that Stackroom brought up to date and added to is whole for the newest Chroma',
  async (version) => {
    await cp(join(chromaFixtures, version, 'chroma'), folder, { recursive: true })
    const cacheFolder = join(tmpdir(), 'stackroom-test-cache')
    const added = nodeOf('added', [9, 8, 7, 6, 5, 4, 3, 2], { text: 'added later' })
    await using engine = openChromaEngine({ folder, cacheFolder, migrate: true })
    const store = await openChromaStore(engine, { collection: 'notes' })
    await store.add([added])
    const [best] = await store.query({ vector: added.vector, topK: 1 })
    expect(best).toMatchObject({ nodeId: 'added', node: { text: 'added later' } })
    await engine.close()

    const { stdout } = await run(python, [join(import.meta.dirname, 'chroma_seen.py'), folder])
    const { notes, few } = recordsSchema.parse(JSON.parse(stdout))
    const expected = expectedIn(version)
    expect(Object.keys(few?.records ?? {}).sort()).toEqual(Object.keys(expected.few!.records).sort())
    const { added: ours, ...others } = notes?.records ?? {}
    expect(ours?.document).toBe('added later')
    expect(Object.keys(others).sort()).toEqual(Object.keys(expected.notes!.records).sort())
    for (const [id, { document, vector }] of Object.entries(others)) {
      expect(document).toBe(expected.notes!.records[id]!.document)
      for (const [index, value] of (vector ?? []).entries())
        expect(value).toBeCloseTo(expected.notes!.records[id]!.vector[index]!, 5)
    }
    expect(notes?.answer.length).toBe(5)
  },
)

test('a folder that Python has open is refused, and opened when Python has gone', async () => {
  await withPython('write', items)
  const hold = `import chromadb; c = chromadb.PersistentClient(${JSON.stringify(folder)}); c.list_collections(); print("open", flush=True); input()`
  const child = spawn(python, ['-c', hold], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    await once(createInterface(child.stdout), 'line')
    const opening = withStackroom((store) => store.count())
    expect(await codeOf(opening)).toBe('locked')
    await expect(opening).rejects.toThrow(String(child.pid))
    child.stdin.end('\n')
    await once(child, 'exit')
    expect(await withStackroom((store) => store.count())).toBe(4)
  } finally {
    child.kill('SIGKILL')
  }
})
