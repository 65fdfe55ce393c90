/** Indexing again: only what changed is read, moved and equal files keep their vectors, deleted ones go as was said. */
import { readdirSync, rmSync } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, expect, test } from 'vitest'
import { sourceRulesSchema } from '#contract'
import { fileMetadata, fileStatus } from '#engine/ingest/file-metadata.ts'
import { defaultNodeParserSettings } from '#engine/ingest/node-parser-settings.ts'
import { ReaderPool } from '#engine/ingest/reader-pool.ts'
import { documentHash, nodeHash } from '#engine/schema/hash.ts'
import { IngestTestFolder } from './ingest-test-folder.ts'

const pool = new ReaderPool({ size: 2 })
afterAll(() => pool.close())

const three = { 'a.txt': 'All about apples.', 'b.txt': 'All about bees.', 'sub/c.txt': 'All about cats.' }

test('a moved file keeps its nodes and vectors under its new path, and no model is asked', async () => {
  await using folder = await IngestTestFolder.make(pool, three)
  await folder.run()
  const [before] = await folder.storage.nodesOfDocument(folder.path('a.txt'))
  await folder.move('a.txt', 'sub/deep/apples.txt')
  expect(await folder.refresh()).toMatchObject({
    moved: 1,
    added: 0,
    removed: 0,
    missing: 0,
    unchanged: 2,
    sent: 0,
  })
  expect(await folder.documents()).toEqual(['b.txt', 'sub/c.txt', 'sub/deep/apples.txt'])
  const path = folder.path('sub/deep/apples.txt')
  const [after] = await folder.storage.nodesOfDocument(path)
  expect(after).toMatchObject({ nodeId: before?.nodeId, refDocId: path, text: 'All about apples.' })
  expect(after?.metadata).toEqual(fileMetadata(path, fileStatus(await stat(path))))
  expect(await folder.storage.nodesOfDocument(folder.path('a.txt'))).toEqual([])
  expect(await folder.storage.documentHashes([path])).toEqual([
    documentHash('All about apples.', after?.metadata ?? {}),
  ])
  expect(await folder.refresh()).toMatchObject({ unchanged: 3, moved: 0, sent: 0 })
})

test('the JSON files have a moved file as if it had always been there: hashes, relationships and vectors agree', async () => {
  const text = Array.from({ length: 400 }, (_, n) => `Sentence number ${n} of a long text.`).join(' ')
  await using folder = await IngestTestFolder.make(pool, { 'long.txt': text })
  await folder.run()
  await folder.storage.persist()
  await folder.move('long.txt', 'other/long.txt')
  await folder.refresh()
  await folder.storage.persist()
  const path = folder.path('other/long.txt')
  const docstore = JSON.parse(await readFile(join(folder.home, 'storage/docstore.json'), 'utf8')) as {
    'docstore/data': Record<
      string,
      {
        __data__: {
          id_: string
          text: string
          metadata: Record<string, string>
          relationships: Record<string, { node_id: string; hash: string }>
        }
      }
    >
    'docstore/metadata': Record<string, { doc_hash: string; ref_doc_id?: string }>
    'docstore/ref_doc_info': Record<string, { node_ids: string[] }>
  }
  const nodes = Object.values(docstore['docstore/data']).map(({ __data__ }) => __data__)
  expect(nodes.length).toBeGreaterThan(2)
  expect(Object.keys(docstore['docstore/ref_doc_info'])).toEqual([path])
  nodes.forEach((node, index) => {
    const { doc_hash, ref_doc_id } = docstore['docstore/metadata'][node.id_]!
    expect(ref_doc_id).toBe(path)
    expect(doc_hash).toBe(nodeHash(node.text, node.metadata))
    expect(node.metadata['file_path']).toBe(path)
    expect(node.relationships['1']).toMatchObject({
      node_id: path,
      hash: docstore['docstore/metadata'][path]!.doc_hash,
    })
    const previous = nodes[index - 1]
    if (previous)
      expect(node.relationships['2']).toMatchObject({
        node_id: previous.id_,
        hash: docstore['docstore/metadata'][previous.id_]!.doc_hash,
      })
  })
  const vectors = JSON.parse(
    await readFile(join(folder.home, 'storage/default__vector_store.json'), 'utf8'),
  ) as { embedding_dict: Record<string, number[]>; text_id_to_ref_doc_id: Record<string, string> }
  expect(Object.keys(vectors.embedding_dict).sort()).toEqual(nodes.map(({ id_ }) => id_).sort())
  expect(new Set(Object.values(vectors.text_id_to_ref_doc_id))).toEqual(new Set([path]))
})

test('a model is compared with the text that was embedded, also after files were moved', async () => {
  await using folder = await IngestTestFolder.make(pool, three)
  await folder.run()
  await rename(folder.path('sub'), folder.path('renamed-to-something-much-longer'))
  await folder.refresh()
  for (const { embedText, vector } of await folder.storage.sampleNodes(3))
    expect([...vector]).toEqual([embedText.length, embedText.charCodeAt(0)])
})

test('equal files are embedded once, in one run and in a later one', async () => {
  const text = 'The same in every one of them.'
  await using folder = await IngestTestFolder.make(pool, { 'a.txt': text, 'b.txt': text, 'c.txt': text })
  expect(await folder.run()).toMatchObject({ added: 3, documents: 3, sent: 1 })
  await folder.copy('a.txt', 'd.txt')
  expect(await folder.refresh()).toMatchObject({ added: 1, unchanged: 3, sent: 0 })
  expect(await folder.documents()).toEqual(['a.txt', 'b.txt', 'c.txt', 'd.txt'])
  const ids = await Promise.all(
    ['a', 'b', 'c', 'd'].map(
      async (name) => (await folder.storage.nodesOfDocument(folder.path(`${name}.txt`)))[0]?.nodeId,
    ),
  )
  expect(new Set(ids).size).toBe(4)
  await folder.remove('a.txt')
  await folder.refresh({ deleted: 'remove' })
  expect((await folder.storage.nodesOfDocument(folder.path('d.txt')))[0]?.text).toBe(text)
})

test('files that take each other’s places are told apart by their content', async () => {
  await using folder = await IngestTestFolder.make(pool, { 'log.1': 'older', log: 'old' })
  await folder.run()
  await folder.move('log.1', 'log.2')
  await folder.move('log', 'log.1')
  await folder.write({ log: 'newest' })
  const report = await folder.refresh({ deleted: 'remove' })
  expect(report).toMatchObject({ removed: 0, missing: 0, failed: [] })
  expect(report.sent).toBe(1)
  for (const [name, text] of [
    ['log', 'newest'],
    ['log.1', 'old'],
    ['log.2', 'older'],
  ] as const)
    expect((await folder.storage.nodesOfDocument(folder.path(name))).map((node) => node.text)).toEqual([text])
  expect((await folder.storage.summary()).nodes).toBe(3)
})

test('deleted files wait for an answer, and leave every part of the index when it is given', async () => {
  await using folder = await IngestTestFolder.make(pool, three)
  await folder.run()
  await folder.remove('b.txt')
  expect(await folder.refresh()).toMatchObject({ missing: 1, removed: 0, unchanged: 2 })
  expect(await folder.storage.summary()).toMatchObject({ documents: 3, missingFiles: 1 })
  expect(await folder.refresh({ deleted: 'remove' })).toMatchObject({ missing: 0, removed: 1, unchanged: 2 })
  expect(await folder.storage.summary()).toMatchObject({ documents: 2, nodes: 2, missingFiles: 0 })
  expect(await folder.documents()).toEqual(['a.txt', 'sub/c.txt'])
  expect(await folder.refresh({ deleted: 'remove' })).toMatchObject({ removed: 0, unchanged: 2 })
})

test('a source that is not there, or empty all of a sudden, removes nothing', async () => {
  await using folder = await IngestTestFolder.make(pool, three)
  await folder.run()
  await rename(folder.sources, `${folder.sources}-elsewhere`)
  const missing = { removed: 0, missing: 0, unavailable: [folder.sources] }
  expect(await folder.refresh({ deleted: 'remove' })).toMatchObject(missing)
  await mkdir(folder.sources)
  await folder.write({ '.hidden': 'a mount point may have something in it' })
  expect(await folder.refresh({ deleted: 'remove' })).toMatchObject(missing)
  expect((await folder.storage.summary()).documents).toBe(3)
  await rm(folder.sources, { recursive: true })
  await rename(`${folder.sources}-elsewhere`, folder.sources)
  expect(await folder.refresh({ deleted: 'remove' })).toMatchObject({
    unchanged: 3,
    sent: 0,
    unavailable: [],
  })
})

test('a link that leads in a circle is walked once', async () => {
  await using folder = await IngestTestFolder.make(pool, three)
  await symlink('..', folder.path('sub/up'))
  expect(await folder.run()).toMatchObject({ added: 3, skipped: 1 })
  expect(await folder.refresh({ deleted: 'remove' })).toMatchObject({ unchanged: 3, removed: 0 })
})

test('other settings of the node parser make files be read again; what is embedded already is asked of the cache only', async () => {
  await using folder = await IngestTestFolder.make(pool, three)
  await folder.run()
  const nodeParserSettings = {
    ...defaultNodeParserSettings,
    chunkSize: 512,
  } as typeof defaultNodeParserSettings
  expect(await folder.refresh({ nodeParserSettings })).toMatchObject({ changed: 3, unchanged: 0 })
  expect(await folder.refresh({ nodeParserSettings })).toMatchObject({ changed: 0, unchanged: 3, sent: 0 })
})

test('what an older version of the program indexed is kept; only what it read otherwise is read again', async () => {
  await using folder = await IngestTestFolder.make(pool, { ...three, 'table.csv': 'name,year\nAda,1815\n' })
  await folder.run()
  await folder.storage.persist()
  await folder.reopen(() => {
    const database = new Database(join(folder.home, 'storage/.stackroom/working.sqlite'))
    database.exec(`
    DROP TABLE file_report; DROP INDEX manifest_content;
    ALTER TABLE manifest DROP COLUMN read_by; ALTER TABLE manifest DROP COLUMN embedded_path;
    ALTER TABLE manifest DROP COLUMN old_embedded_path; ALTER TABLE manifest DROP COLUMN failure;
    PRAGMA user_version = 4;
  `)
    database.close()
  })
  expect(await folder.refresh()).toMatchObject({ unchanged: 3, changed: 1 })
  expect(await folder.refresh()).toMatchObject({ unchanged: 4, changed: 0, sent: 0 })
})

test('a file that failed is named again without being opened, until it changes or is tried again', async () => {
  await using folder = await IngestTestFolder.make(pool, { ...three, 'empty.txt': '' })
  const failed = [{ path: folder.path('empty.txt'), code: 'empty-file' }]
  expect(await folder.run()).toMatchObject({ failed, failedFiles: 1 })
  const tried: string[] = []
  const onFailure = (path: string): void => void tried.push(path)
  expect(await folder.refresh({ onFailure })).toMatchObject({ failed, unchanged: 3 })
  expect(tried).toEqual([])
  const only = [folder.path('empty.txt')]
  expect(await folder.refresh({ onFailure, only, retryFailed: true })).toMatchObject({ failed, unchanged: 0 })
  expect(tried).toEqual(only)
  await folder.write({ 'empty.txt': 'Not any more.' })
  expect(await folder.refresh({ only, retryFailed: true })).toMatchObject({ failed: [], added: 1 })
  expect(await folder.refresh()).toMatchObject({ failed: [], unchanged: 4 })
})

test('a file whose new content cannot be read keeps the documents of its old content, and is named', async () => {
  await using folder = await IngestTestFolder.make(pool, three)
  await folder.run()
  await folder.write({ 'a.txt': '' })
  expect(await folder.refresh({ deleted: 'remove' })).toMatchObject({
    failedFiles: 1,
    removed: 0,
    unchanged: 2,
  })
  expect(await folder.documents()).toEqual(['a.txt', 'b.txt', 'sub/c.txt'])
  await folder.write({ 'a.txt': three['a.txt'] })
  expect(await folder.refresh()).toMatchObject({ failedFiles: 0, unchanged: 3, sent: 0 })
})

test('rules say what a source is: what they leave out by now leaves the index like a deleted file', async () => {
  await using folder = await IngestTestFolder.make(pool, {
    ...three,
    'big.txt': 'x '.repeat(2000),
    'notes/.gitignore': '*.tmp',
    'notes/d.tmp': 'temporary',
    'notes/e.md': 'kept',
  })
  const rules = sourceRulesSchema.parse({ exclude: ['sub'], maximumBytes: 1000 })
  const sources = [{ path: folder.sources, rules }]
  expect(await folder.run({ sources })).toMatchObject({ added: 3 })
  expect(await folder.documents()).toEqual(['a.txt', 'b.txt', 'notes/e.md'])
  const wider = [
    {
      path: folder.sources,
      rules: sourceRulesSchema.parse({ gitignore: false, include: ['*.txt', '*.tmp'] }),
    },
  ]
  expect(await folder.refresh({ sources: wider, deleted: 'remove' })).toMatchObject({
    added: 3,
    removed: 1,
    unchanged: 2,
  })
  expect(await folder.documents()).toEqual(['a.txt', 'b.txt', 'big.txt', 'notes/d.tmp', 'sub/c.txt'])
  await folder.write({ '.stackroomignore': 'b.txt\n' })
  await folder.refresh({ deleted: 'remove' })
  expect(await folder.documents()).not.toContain('b.txt')
})

test('a run over a few paths looks at them and at nothing else', async () => {
  await using folder = await IngestTestFolder.make(pool, three)
  await folder.run()
  await folder.write({ 'a.txt': 'Changed.', 'b.txt': 'Changed, too.', 'new/e.txt': 'New.' })
  await folder.remove('sub/c.txt')
  const only = [folder.path('a.txt'), folder.path('new'), folder.path('sub/c.txt')]
  expect(await folder.refresh({ only, deleted: 'remove' })).toMatchObject({
    added: 1,
    changed: 1,
    removed: 1,
    unchanged: 0,
  })
  expect(await folder.refresh()).toMatchObject({ changed: 1, unchanged: 2 })
})

test('the report has every file with its state and cause, in pages', async () => {
  await using folder = await IngestTestFolder.make(pool, { ...three, 'empty.txt': '', 'photo.heic': 'x' })
  await folder.run()
  await folder.write({ 'b.txt': 'Changed.' })
  await folder.remove('sub/c.txt')
  await folder.move('a.txt', 'z.txt')
  await folder.refresh({ deleted: 'remove' })
  const { ingestion } = folder.storage
  const first = await ingestion.report({ after: null, limit: 2 })
  const second = await ingestion.report({ after: first.next, limit: 10 })
  const rows = [...first.files, ...second.files].map(({ path, state, code, from }) => [
    path.slice(folder.sources.length + 1),
    state,
    code,
    from === null ? null : from.slice(folder.sources.length + 1),
  ])
  expect(rows).toEqual([
    ['b.txt', 'changed', null, null],
    ['empty.txt', 'failed', 'empty-file', null],
    ['photo.heic', 'skipped', 'unsupported-type', null],
    ['sub/c.txt', 'removed', null, null],
    ['z.txt', 'moved', null, 'a.txt'],
  ])
  expect(second.next).toBeNull()
  expect(first.counts).toEqual({
    added: 0,
    changed: 1,
    moved: 1,
    removed: 1,
    missing: 0,
    unchanged: 0,
    skipped: 1,
    failed: 1,
  })
  await folder.refresh()
  const again = await ingestion.report({ states: ['unchanged'], search: 'Z.T', after: null, limit: 10 })
  expect(again.files.map(({ path }) => path)).toEqual([folder.path('z.txt')])
  expect(again.counts).toMatchObject({ unchanged: 2, skipped: 1, failed: 1, removed: 0 })
  expect(again.finishedAt).not.toBeNull()
})

test('an index whose vectors were lost is read anew from its files, and nothing is forgotten of its sources and of the report', async () => {
  await using folder = await IngestTestFolder.make(pool, { ...three, 'empty.txt': '', 'photo.heic': 'x' })
  await folder.run()
  await folder.remove('b.txt')
  await folder.refresh({ deleted: 'keep' })
  await folder.storage.persist()
  const before = await folder.storage.ingestion.report({ after: null, limit: 100 })
  expect(before.counts).toMatchObject({ missing: 1, failed: 1, skipped: 1, unchanged: 2 })
  const working = join(folder.home, 'storage', '.stackroom')
  await folder.reopen(() => {
    const vectors = readdirSync(working).filter((name) => name.endsWith('.f32'))
    expect(vectors).toHaveLength(1)
    for (const name of vectors) rmSync(join(working, name))
  })
  expect(await folder.storage.ingestion.report({ after: null, limit: 100 })).toEqual(before)
  expect(await folder.refresh()).toMatchObject({ sent: 0, unchanged: 2, added: 0, missing: 1 })
})

test('a touched file with the content it had is unchanged, and its new time is kept', async () => {
  await using folder = await IngestTestFolder.make(pool, three)
  await folder.run()
  await utimes(folder.path('a.txt'), new Date(), new Date(Date.UTC(2020, 0, 1)))
  expect(await folder.refresh()).toMatchObject({ changed: 0, unchanged: 3, sent: 0 })
  const [entry] = await folder.storage.ingestion.manifestPage({
    under: folder.path('a.txt'),
    after: null,
    limit: 1,
  })
  expect(entry?.modifiedMs).toBe(Date.UTC(2020, 0, 1))
})
