/** Reading, verifying and repairing Chroma folders without an engine, on folders that five versions of Python's chromadb wrote. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { verifyReportSchema, type ProblemCode, type VerifyReport } from '#contract'
import { openChromaEngine, openChromaStore } from '#engine/stores/chroma/open-chroma-store.ts'
import type { ChromaCollection } from '#engine/stores/chroma/verify/chroma-collections.ts'
import { ChromaDatabase } from '#engine/stores/chroma/verify/chroma-database.ts'
import { queuedChanges } from '#engine/stores/chroma/verify/queued-changes.ts'
import { ChromaFolder } from '#engine/stores/chroma/verify/read-chroma-folder.ts'
import { readHnsw } from '#engine/stores/chroma/verify/read-hnsw.ts'
import { repairChromaFolder } from '#engine/stores/chroma/verify/repair-chroma-folder.ts'
import { verifyChromaFolder } from '#engine/stores/chroma/verify/verify-chroma-folder.ts'
import {
  chromaFixtures,
  chromaVersions,
  expectedIn,
  fingerprint,
  hnswFile,
  overwrite,
  rootPageOf,
  segmentOf,
  sql,
  zeroPage,
  type ChromaVersion,
} from './chroma-damage.ts'

let place: string
let folder: string
let dataFolder: string
const { signal } = new AbortController()

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'stackroom-chroma-verify-'))
  folder = join(place, 'chroma')
  dataFolder = join(place, 'data')
})

afterEach(() => rm(place, { recursive: true, force: true }))

const use = (version: ChromaVersion) =>
  cp(join(chromaFixtures, version, 'chroma'), folder, { recursive: true })

function verify(path = folder): VerifyReport {
  return verifyReportSchema.parse(verifyChromaFolder({ folder: path, dataFolder, signal }).report)
}

const repair = async () => verifyReportSchema.parse(await repairChromaFolder({ folder, dataFolder, signal }))

function codes({ counts }: VerifyReport): Partial<Record<ProblemCode, number>> {
  return counts
}

function collectionOf(path: string, name: string): ChromaCollection {
  using chroma = new ChromaFolder(path, dataFolder)
  const collection = chroma.collections.find((each) => each.name === name)
  if (!collection) throw new Error(`There is no collection ${name}.`)
  return collection
}

/** What an engine has in its index after it applied the queue to the HNSW files. */
function vectorsOf(path: string, name: string): Map<string, number[]> {
  const { metric, dimension, maxNeighbours, vectorSegment, topic } = collectionOf(path, name)
  const vectors = new Map<string, number[]>()
  const segment = readHnsw({
    folder: join(path, vectorSegment!.id),
    dimension,
    maxNeighbours,
    isNormalised: metric === 'cosine',
    signal,
    onVector: (vector, id) => id !== null && vectors.set(id, [...vector]),
  })
  const seen = vectorSegment!.maxSeqId ?? segment.ids.maxSeqId ?? 0
  using database = ChromaDatabase.open(path, dataFolder)
  for (const { seqId, operation, id, vector } of queuedChanges(database, topic)) {
    if (seqId <= seen) continue
    if (operation === 3) vectors.delete(id)
    else if (vector && (operation !== 1 || vectors.has(id))) vectors.set(id, [...vector])
  }
  return vectors
}

function expectVectors(version: ChromaVersion, path = folder, without: readonly string[] = []): void {
  for (const [name, { records }] of Object.entries(expectedIn(version))) {
    const found = vectorsOf(path, name)
    expect([...found.keys()].sort()).toEqual(
      Object.keys(records)
        .filter((id) => !without.includes(id))
        .sort(),
    )
    for (const [id, vector] of found)
      for (const [index, number] of vector.entries())
        expect(number).toBeCloseTo(records[id]!.vector[index]!, 6)
  }
}

function expectRecords(version: ChromaVersion, path = folder): void {
  for (const [name, { records }] of Object.entries(expectedIn(version))) {
    const collection = collectionOf(path, name)
    using chroma = new ChromaFolder(path, dataFolder)
    const found = chroma.records(collection, { limit: 1000 })
    expect(found.map(({ id }) => id).sort()).toEqual(Object.keys(records).sort())
    for (const { id, document, metadata } of found) {
      expect(document).toBe(records[id]!.document)
      expect(metadata).toEqual(records[id]!.metadata ?? {})
    }
  }
}

describe.each(chromaVersions)('a folder of Chroma %s', (version) => {
  beforeEach(() => use(version))

  test('is read without an engine: collections, records, vectors', () => {
    using chroma = new ChromaFolder(folder, dataFolder)
    expect(chroma.tenants).toEqual([{ tenant: 'default_tenant', databases: ['default_database'] }])
    const { collections } = chroma
    expect(
      collections.map(({ name, metric, dimension, records }) => [name, metric, dimension, records]),
    ).toEqual([
      ['few', 'l2', 3, 3],
      ['notes', 'cosine', 8, 44],
      ['nothing', 'ip', null, 0],
    ])
    expect(collections[1]!.metadata).toMatchObject({ subject: 'a shelf of notes', 'hnsw:sync_threshold': 20 })
    const isTold = version.startsWith('1.')
    expect(collections[1]!.embeddingFunction).toEqual(isTold ? { name: 'default', config: {} } : null)
    expectRecords(version)
    expectVectors(version)
  })

  test('gives its records page by page', () => {
    using chroma = new ChromaFolder(folder, dataFolder)
    const notes = collectionOf(folder, 'notes')
    const all = chroma.records(notes, { limit: 100 })
    expect(chroma.records(notes, { offset: 10, limit: 5 })).toEqual(all.slice(10, 15))
  })

  test('has nothing wrong, and is as it was after verifying', () => {
    const before = fingerprint(folder)
    const report = verify()
    expect(report).toMatchObject({ ok: true, problems: [], documents: 44, nodes: 47, vectors: 47 })
    expect(fingerprint(folder)).toEqual(before)
  })

  test.each(['header.bin', 'data_level0.bin', 'length.bin', 'link_lists.bin', 'index_metadata.pickle'])(
    'is verified without being changed when %s is gone',
    (name) => {
      rmSync(hnswFile(folder, name))
      const before = fingerprint(folder)
      expect(verify().counts['damaged-segment']).toBeGreaterThan(0)
      expect(fingerprint(folder)).toEqual(before)
    },
  )

  test.each(['header.bin', 'link_lists.bin'])(
    'keeps every vector when %s is gone: they go back into the queue, and the old files are set aside',
    async (name) => {
      const segment = segmentOf(folder, 'notes')
      rmSync(hnswFile(folder, name))
      const report = await repair()
      expect(codes(report)).toEqual({})
      expectVectors(version)
      expectRecords(version)
      expect(existsSync(join(folder, segment))).toBe(false)
      const { backup, actions } = report.repair!
      expect(existsSync(join(backup!, 'chroma.sqlite3'))).toBe(true)
      expect(actions[0]!.message).toMatch(/44 of 44 vectors .*set-aside/)
      expect((await repair()).repair).toEqual({ backup: null, actions: [] })
    },
  )

  test('of which the first page of SQLite is gone is saved to a new folder, whole', async () => {
    zeroPage(folder, 1)
    const before = fingerprint(folder)
    expect(codes(verify())).toEqual({ 'damaged-database': 1 })
    const { repair: done } = await repair()
    const saved = done!.saved!
    expect(fingerprint(folder).filter((line) => !line.includes('.stackroom'))).toEqual(before)
    expect(codes(verify(saved))).toEqual({})
    expectRecords(version, saved)
    expectVectors(version, saved)
  })

  test('of which SQLite is cut off in the middle is saved as far as it goes, and never makes the repair fail', async () => {
    truncateSync(join(folder, 'chroma.sqlite3'), 70_000)
    const { repair: done } = await repair()
    expect(verify(done!.saved!).counts['damaged-database']).toBeUndefined()
  })
})

describe('HNSW files', () => {
  test('of which the ids are cut off keep the vectors whose ids were read; the queue has others', async () => {
    await use('1.5.9')
    truncateSync(hnswFile(folder, 'index_metadata.pickle'), 500)
    const before = verify()
    expect(before.problems[0]!.code).toBe('damaged-segment')
    const lost = before.counts['record-without-vector']!
    expect(lost).toBeGreaterThan(0)
    expect(lost).toBeLessThan(44)
    const after = await repair()
    expect(codes(after)).toEqual({ 'record-without-vector': lost })
    expect(after.vectors).toBe(47 - lost)
    expect(after.repair!.actions[0]!.message).toMatch(/can be embedded again/)
  })

  test('that are cut off keep the vectors before the end', async () => {
    await use('1.0.20')
    truncateSync(hnswFile(folder, 'data_level0.bin'), 172 * 20 + 50)
    expect(verify().problems.map(({ message }) => message)).toContain(
      'Collection notes: data_level0.bin ends after 20 of 46 vectors.',
    )
    const after = await repair()
    expect(Object.keys(codes(after))).toEqual(['record-without-vector'])
    // 20 elements, two of them deleted; note-99 is in the queue.
    expect(after.vectors).toBeGreaterThanOrEqual(3 + 18)
  })

  test.each([
    ['a neighbour that is none', 4, [0xff, 0xff, 0xff, 0x7f]],
    ['too many neighbours', 0, [0xff, 0x00]],
  ])('with %s are rebuilt: the engine would follow it', async (_, at, bytes) => {
    await use('1.5.9')
    overwrite(hnswFile(folder, 'data_level0.bin'), 172 * 5 + at, Uint8Array.from(bytes))
    expect(codes(verify())).toEqual({ 'damaged-segment': 1 })
    expect(codes(await repair())).toEqual({})
    expectVectors('1.5.9')
  })

  test('with a label that no id has lose that vector only', async () => {
    await use('1.5.9')
    overwrite(hnswFile(folder, 'data_level0.bin'), 172 * 9 + 164, Uint8Array.from([0x77, 0x77]))
    expect(codes(verify())).toEqual({
      'damaged-segment': 1,
      'vector-without-record': 1,
      'record-without-vector': 1,
    })
    const after = await repair()
    expect(codes(after)).toEqual({ 'record-without-vector': 1 })
    expectVectors('1.5.9', folder, [after.problems[0]!.key!])
  })

  test('with a vector that is not finite lose that vector only', async () => {
    await use('1.5.9')
    overwrite(hnswFile(folder, 'data_level0.bin'), 172 * 4 + 132, Uint8Array.from([0, 0, 0xc0, 0x7f]))
    expect(verify().counts['not-finite-vector']).toBe(1)
    expect(codes(await repair())).toEqual({ 'record-without-vector': 1 })
  })

  test('of an older state lack vectors; those that the queue still has are brought back', async () => {
    await use('0.5.23')
    const segment = segmentOf(folder, 'notes')
    // As if the files of 40 changes stood where those of all 51 were.
    sql(folder, (database) =>
      database
        .prepare('UPDATE max_seq_id SET seq_id = ? WHERE segment_id = ?')
        .run(Buffer.from([0, 0, 0, 0, 0, 0, 0, 51]), segment),
    )
    const before = verify()
    expect(before.counts['record-without-vector']).toBe(6)
    expect(before.counts['vector-without-record']).toBe(2)
    expect(before.problems.every(({ repairable }) => repairable)).toBe(true)
    expect(codes(await repair())).toEqual({})
    expectVectors('0.5.23')
  })

  test('that lack vectors which are nowhere else stay as they are', async () => {
    await use('0.5.23')
    const segment = segmentOf(folder, 'notes')
    sql(folder, (database) => {
      database
        .prepare('UPDATE max_seq_id SET seq_id = ? WHERE segment_id = ?')
        .run(Buffer.from([0, 0, 0, 0, 0, 0, 0, 51]), segment)
      database.exec("DELETE FROM embeddings_queue WHERE id LIKE 'note-%' OR id LIKE 'Zettel%'")
      database.exec("DELETE FROM embeddings WHERE embedding_id IN ('note-03', 'note-30')")
      database
        .prepare(
          "INSERT INTO embeddings (segment_id, embedding_id, seq_id) VALUES (?, 'note-03', 1), (?, 'note-30', 2)",
        )
        .run(segmentOf(folder, 'notes', 'METADATA'), segmentOf(folder, 'notes', 'METADATA'))
    })
    const before = fingerprint(folder)
    const report = await repair()
    expect(codes(report)).toEqual({ 'record-without-vector': 6 })
    expect(report.repair).toEqual({ backup: null, actions: [] })
    expect(fingerprint(folder)).toEqual(before)
  })

  test('that are gone altogether are built from the queue, which says what is lost', async () => {
    await use('0.5.23')
    renameSync(join(folder, segmentOf(folder, 'notes')), join(place, 'elsewhere'))
    const before = verify()
    expect(before.counts['missing-segment']).toBe(1)
    const after = await repair()
    expect(Object.keys(codes(after))).toEqual(['record-without-vector'])
    expect(after.repair!.actions[0]!.message).toMatch(/have no vector in any file/)
  })

  test('of a deleted collection are told and left alone', async () => {
    await use('1.5.9')
    mkdirSync(join(folder, '11111111-2222-3333-4444-555555555555'))
    const report = verify()
    expect(report.ok).toBe(true)
    expect(codes(report)).toEqual({ 'leftover-file': 1 })
  })

  test('of a pickle that would run something are read without running it', async () => {
    await use('1.5.9')
    const trap = join(place, 'trap')
    writeFileSync(hnswFile(folder, 'index_metadata.pickle'), `cos\nsystem\n(S'touch ${trap}'\ntR.`)
    expect(verify().counts['damaged-segment']).toBeGreaterThan(0)
    expect(existsSync(trap)).toBe(false)
  })
})

describe('SQLite', () => {
  test('with an index that lacks a row is mended in place', async () => {
    await use('1.5.9')
    // Made as an index of some rows, then called one of all.
    sql(folder, (database) => {
      database.exec('DROP INDEX embedding_metadata_int_value')
      database.exec(
        'CREATE INDEX embedding_metadata_int_value ON embedding_metadata (key, int_value) WHERE int_value IS NOT NULL AND id > 3',
      )
      database.unsafeMode()
      database.pragma('writable_schema = ON')
      database.exec(
        "UPDATE sqlite_master SET sql = replace(sql, ' AND id > 3', '') WHERE name = 'embedding_metadata_int_value'",
      )
    })
    const before = verify()
    expect(Object.keys(codes(before))).toEqual(['damaged-database-index'])
    const after = await repair()
    expect(codes(after)).toEqual({})
    expect(after.repair!.saved).toBeUndefined()
    expectRecords('1.5.9')
  })

  test('with a lost page of records gets them from an index, and their documents stay', async () => {
    await use('1.5.9')
    zeroPage(folder, rootPageOf(folder, 'embeddings'))
    const { repair: done } = await repair()
    expect(done!.actions.map(({ message }) => message).join(' ')).toMatch(/47 records .* known from an index/)
    expectRecords('1.5.9', done!.saved!)
    expectVectors('1.5.9', done!.saved!)
  })

  test('with a lost page of collections keeps their records under other names', async () => {
    await use('1.5.9')
    zeroPage(folder, rootPageOf(folder, 'collections'))
    const { repair: done } = await repair()
    using chroma = new ChromaFolder(done!.saved!, dataFolder)
    expect(chroma.collections.map(({ records }) => records).sort()).toEqual([0, 3, 44])
    expect(chroma.collections.every(({ name }) => name.startsWith('saved-'))).toBe(true)
  })

  test('saves to a second folder when the first is there already', async () => {
    await use('1.5.9')
    zeroPage(folder, 1)
    const first = await repair()
    const second = await repair()
    expect(first.repair!.saved).toBe(`${folder}-saved`)
    expect(second.repair!.saved).toBe(`${folder}-saved-2`)
  })

  test.each([
    ['no database at all', 'x'.repeat(9000)],
    ['empty', ''],
  ])('that is %s is saved as an empty folder', async (_, content) => {
    await use('1.5.9')
    writeFileSync(join(folder, 'chroma.sqlite3'), content)
    expect(codes(verify())).toEqual({ 'damaged-database': 1 })
    expect(verify((await repair()).repair!.saved!)).toMatchObject({ ok: true, nodes: 0 })
  })

  test('with numbers of changes as older versions write them is mended for 1.x', async () => {
    await use('1.5.9')
    sql(folder, (database) =>
      database.exec("UPDATE max_seq_id SET seq_id = x'0000000000000033' WHERE seq_id = 51"),
    )
    expect(codes(verify())).toEqual({ 'unreadable-entry': 2 })
    expect(codes(await repair())).toEqual({})
    expectVectors('1.5.9')
  })

  test('with a change in the queue whose vector has another length than the rest is mended', async () => {
    await use('0.4.24')
    sql(folder, (database) =>
      database.exec("UPDATE embeddings_queue SET vector = zeroblob(20) WHERE id = 'note-42'"),
    )
    expect(codes(verify())).toEqual({ 'mixed-dimensions': 1, 'record-without-vector': 1 })
    expect(codes(await repair())).toEqual({ 'record-without-vector': 1 })
    expectVectors('0.4.24', folder, ['note-42'])
  })

  test('of a newer version than the engine is told', async () => {
    await use('1.5.9')
    sql(folder, (database) =>
      database.exec("INSERT INTO migrations VALUES ('sysdb', 99, '00099-new.sqlite.sql', '', '')"),
    )
    expect(codes(verify())).toEqual({ 'unsupported-version': 1 })
  })

  test('with a write-ahead log is read as a copy, so that nothing is made beside it', async () => {
    await use('1.5.9')
    sql(folder, (database) => void database.pragma('journal_mode = WAL'))
    const before = fingerprint(folder)
    expect(codes(verify())).toEqual({})
    expect(fingerprint(folder)).toEqual(before)
  })
})

test('a repaired folder is opened by our own engine, which has every vector', async () => {
  await use('1.5.9')
  rmSync(hnswFile(folder, 'link_lists.bin'))
  await repair()
  const cacheFolder = join(tmpdir(), 'stackroom-test-cache')
  await using engine = openChromaEngine({ folder, cacheFolder, migrate: false })
  await using store = await openChromaStore(engine, { collection: 'notes' })
  const { records } = expectedIn('1.5.9').notes!
  const entries = await store.get({ vectors: true })
  expect(entries.map(({ nodeId }) => nodeId).sort()).toEqual(Object.keys(records).sort())
  for (const { nodeId, vector } of entries)
    for (const [index, number] of records[nodeId]!.vector.entries())
      expect(vector![index]).toBeCloseTo(number, 6)
  const [first] = await store.query({ vector: Float32Array.from(records['note-12']!.vector), topK: 1 })
  expect(first).toMatchObject({ nodeId: 'note-12' })
})

test('a repair that was broken off before the old files were moved is finished by the next one', async () => {
  await use('0.5.23')
  rmSync(hnswFile(folder, 'link_lists.bin'))
  const inTheWay = join(folder, '.stackroom/chroma/set-aside')
  mkdirSync(join(folder, '.stackroom/chroma'), { recursive: true })
  writeFileSync(inTheWay, '')
  await expect(repair()).rejects.toThrow()
  expect(verify().counts['record-without-vector']).toBeUndefined()
  rmSync(inTheWay)
  expect(codes(await repair())).toEqual({})
  expectVectors('0.5.23')
})

test('a repair that is cancelled leaves the folder as it was', async () => {
  await use('1.5.9')
  rmSync(hnswFile(folder, 'link_lists.bin'))
  const before = fingerprint(folder)
  const cancelled = AbortSignal.abort()
  await expect(repairChromaFolder({ folder, dataFolder, signal: cancelled })).rejects.toThrow()
  expect(fingerprint(folder)).toEqual(before)
})

test('a folder that another process has open is not repaired', async () => {
  await use('1.5.9')
  rmSync(hnswFile(folder, 'link_lists.bin'))
  const before = fingerprint(folder)
  const holder = spawn('sh', ['-c', 'exec 3<"$0"; echo ready; read line', join(folder, 'chroma.sqlite3')])
  try {
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    await expect(repair()).rejects.toMatchObject({ code: 'locked' })
    expect(fingerprint(folder)).toEqual(before)
  } finally {
    holder.stdin.end('\n')
  }
})

test('a folder that another program is writing to is not verified', async () => {
  await use('1.5.9')
  sql(folder, (database) => {
    database.exec('BEGIN EXCLUSIVE')
    expect(() => verify()).toThrow(expect.objectContaining({ code: 'locked' }))
  })
  expect(codes(verify())).toEqual({})
})

test('what is no Chroma folder is refused', () => {
  expect(() => verify(join(place, 'nowhere'))).toThrow(expect.objectContaining({ code: 'path-missing' }))
  expect(() => verify(place)).toThrow(expect.objectContaining({ code: 'not-a-storage-folder' }))
})
