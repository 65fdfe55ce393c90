/** Python's chromadb opens Chroma folders that were damaged and repaired, and answers from all that is in them. */
import { execFile } from 'node:child_process'
import { rmSync, truncateSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { ChromaFolder } from '#engine/stores/chroma/verify/read-chroma-folder.ts'
import { repairChromaFolder } from '#engine/stores/chroma/verify/repair-chroma-folder.ts'
import { verifyChromaFolder } from '#engine/stores/chroma/verify/verify-chroma-folder.ts'
import {
  chromaFixtures,
  chromaVersions,
  expectedIn,
  hnswFile,
  rootPageOf,
  sql,
  zeroPage,
  type ChromaVersion,
} from '../integration/chroma-damage.ts'

const python = process.env.STACKROOM_PYTHON ?? resolve(import.meta.dirname, '../../.venv/bin/python')
const run = promisify(execFile)
const { signal } = new AbortController()

const seenSchema = z.record(
  z.string(),
  z.object({
    metadata: z.record(z.string(), z.unknown()).nullable(),
    records: z.record(
      z.string(),
      z.object({
        vector: z.array(z.number()).nullable(),
        document: z.string().nullable(),
        metadata: z.record(z.string(), z.unknown()).nullable(),
      }),
    ),
    answer: z.array(z.tuple([z.string(), z.number()])),
    /** The error's text where the query failed. */
    filtered: z.union([z.string(), z.array(z.tuple([z.string(), z.number()]))]),
  }),
)
type Seen = z.infer<typeof seenSchema>

let place: string
let folder: string
let dataFolder: string

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'stackroom-interop-chroma-'))
  folder = join(place, 'chroma')
  dataFolder = join(place, 'data')
})

afterEach(() => rm(place, { recursive: true, force: true }))

const use = (version: ChromaVersion) =>
  cp(join(chromaFixtures, version, 'chroma'), folder, { recursive: true })

async function seenByPython(path = folder, add = 0): Promise<Seen> {
  const script = join(import.meta.dirname, 'chroma_seen.py')
  const options = { maxBuffer: 1 << 26 }
  const { stdout } = await run(python, [script, path, '--add', String(add)], options)
  return seenSchema.parse(JSON.parse(stdout))
}

function expectAll(seen: Seen, version: ChromaVersion, { added = 0, threshold = 20 } = {}): void {
  const expected = expectedIn(version)
  expect(Object.keys(seen).sort()).toEqual(Object.keys(expected).sort())
  for (const [name, { metadata, records }] of Object.entries(expected)) {
    const found = seen[name]!
    const hasThreshold = metadata !== null && 'hnsw:sync_threshold' in metadata
    expect(found.metadata).toEqual(
      hasThreshold ? { ...metadata, 'hnsw:sync_threshold': threshold } : metadata,
    )
    const ids = Object.keys(found.records)
    expect(ids.filter((id) => !id.startsWith('added-')).sort()).toEqual(Object.keys(records).sort())
    const hasVectors = Object.keys(records).length > 0
    expect(ids.filter((id) => id.startsWith('added-'))).toHaveLength(hasVectors ? added : 0)
    for (const [id, record] of Object.entries(records)) {
      expect(found.records[id]!.document).toBe(record.document)
      expect(found.records[id]!.metadata).toEqual(record.metadata)
      for (const [index, number] of record.vector.entries())
        expect(found.records[id]!.vector![index]!).toBeCloseTo(number, 6)
    }
  }
}

test.each(chromaVersions)(
  'a folder of Chroma %s whose HNSW files were damaged answers as before',
  async (version) => {
    await use(version)
    await cp(folder, join(place, 'whole'), { recursive: true })
    const whole = await seenByPython(join(place, 'whole'))
    rmSync(hnswFile(folder, 'link_lists.bin'))
    expect((await repairChromaFolder({ folder, dataFolder, signal })).ok).toBe(true)
    const seen = await seenByPython()
    expectAll(seen, version)
    for (const name of Object.keys(whole)) {
      expect(seen[name]!.answer.map(([id]) => id)).toEqual(whole[name]!.answer.map(([id]) => id))
      expect(seen[name]!.filtered).toEqual(whole[name]!.filtered)
    }
  },
)

test.each(chromaVersions)(
  'a folder of Chroma %s that was repaired keeps every vector while records are added',
  async (version) => {
    await use(version)
    rmSync(hnswFile(folder, 'link_lists.bin'))
    await repairChromaFolder({ folder, dataFolder, signal })
    await seenByPython(folder, 25)
    expectAll(await seenByPython(), version, { added: 25 })
    expect(verifyChromaFolder({ folder, dataFolder, signal }).report.problems).toEqual([])
  },
)

test.each(chromaVersions)(
  'a folder of Chroma %s with fewer records than Chroma writes at once keeps their vectors, too',
  async (version) => {
    await use(version)
    sql(folder, (database) => {
      for (const table of ['collection_metadata', 'segment_metadata'])
        database.exec(`UPDATE ${table} SET int_value = 1000 WHERE key = 'hnsw:sync_threshold'`)
      for (const column of ['config_json_str', 'schema_str'])
        if (database.prepare("SELECT 1 FROM pragma_table_info('collections') WHERE name = ?").get(column))
          database.exec(
            `UPDATE collections SET ${column} = replace(${column}, '"sync_threshold":20', '"sync_threshold":1000')`,
          )
    })
    rmSync(hnswFile(folder, 'link_lists.bin'))
    await repairChromaFolder({ folder, dataFolder, signal })
    await seenByPython(folder, 25)
    expectAll(await seenByPython(), version, { added: 25, threshold: 1000 })
  },
)

test.each(chromaVersions)(
  'what was saved of a folder of Chroma %s without its first page is whole',
  async (version) => {
    await use(version)
    zeroPage(folder, 1)
    const { repair } = await repairChromaFolder({ folder, dataFolder, signal })
    expectAll(await seenByPython(repair!.saved!), version)
    expectAll(await seenByPython(repair!.saved!), version)
  },
)

test.each(chromaVersions)(
  'what was saved of a folder of Chroma %s without its records is whole',
  async (version) => {
    await use(version)
    zeroPage(folder, rootPageOf(folder, 'embeddings'))
    const { repair } = await repairChromaFolder({ folder, dataFolder, signal })
    expectAll(await seenByPython(repair!.saved!), version)
  },
)

test('of vectors that are lost nothing is invented: the documents are there', async () => {
  await use('1.5.9')
  truncateSync(hnswFile(folder, 'data_level0.bin'), 172 * 20)
  const report = await repairChromaFolder({ folder, dataFolder, signal })
  const lost = report.problems.map(({ key }) => key)
  const { notes } = await seenByPython()
  const withoutVector = Object.entries(notes!.records).filter(([, { vector }]) => vector === null)
  expect(withoutVector.map(([id]) => id).sort()).toEqual(lost.sort())
  expect(Object.values(notes!.records).every(({ document }) => document !== null)).toBe(true)
})

test('tenants, databases, uris, lists and settings of collections are read as Python made them', async () => {
  await run(python, [join(import.meta.dirname, 'chroma_rich.py'), folder])
  using chroma = new ChromaFolder(folder, dataFolder)
  expect(chroma.tenants).toEqual([
    { tenant: 'default_tenant', databases: ['default_database'] },
    { tenant: 'library', databases: ['branch'] },
  ])
  const [own, branch] = chroma.collections
  expect(own).toMatchObject({ name: 'films', tenant: 'default_tenant', metric: 'cosine', dimension: 2 })
  expect(own!.embeddingFunction).toEqual({ name: 'legacy', config: {} })
  expect(branch).toMatchObject({
    name: 'films',
    tenant: 'library',
    database: 'branch',
    metric: 'ip',
    maxNeighbours: 24,
    embeddingFunction: { name: 'huggingface_server', config: { url: 'http://127.0.0.1:1/embed' } },
  })
  expect(chroma.records(branch!)).toEqual([
    {
      id: 'a',
      document: null,
      uri: 'file:///a.png',
      metadata: { tags: ['one', 'two'], years: [1990, 1991] },
    },
    { id: 'b', document: null, uri: 'file:///b.png', metadata: { year: 2001 } },
  ])
  const before = { tenants: chroma.tenants, records: chroma.records(branch!) }
  zeroPage(folder, 1)
  const { repair } = await repairChromaFolder({ folder, dataFolder, signal })
  using saved = new ChromaFolder(repair!.saved!, dataFolder)
  expect(saved.tenants).toEqual(before.tenants)
  expect(saved.collections.map(({ records, metric }) => [records, metric])).toEqual([
    [1, 'cosine'],
    [2, 'ip'],
  ])
  expect(saved.records(saved.collections[1]!)).toEqual(before.records)
})
