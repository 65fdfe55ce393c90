/**
 * The pipeline over real files, with real reader workers. The storage is kept in memory here and the model counts letters:
 * what the pipeline asks of either is the subject.
 */
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
  appendFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { JobProgress } from '#contract'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { defaultNodeParserSettings } from '#engine/ingest/node-parser-settings.ts'
import { ingest } from '#engine/ingest/pipeline.ts'
import { ReaderPool } from '#engine/ingest/reader-pool.ts'
import type {
  DocumentWithVectors,
  ManifestEntry,
  StorageChange,
  StorageFolder,
} from '#engine/storage/storage-folder.ts'

const fixtures = join(import.meta.dirname, '../fixtures/documents')
const pool = new ReaderPool()
afterAll(() => pool.close())

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-ingest-'))
  folders.push(folder)
  return folder
}

class MemoryStorage implements Pick<StorageFolder, 'manifest' | 'change'> {
  readonly documents = new Map<string, DocumentWithVectors>()
  readonly sources = new Map<string, ManifestEntry>()
  readonly changes: StorageChange[] = []

  async manifest(): Promise<ManifestEntry[]> {
    return [...this.sources.values()]
  }

  async change(change: StorageChange): Promise<void> {
    this.changes.push(change)
    for (const id of change.deleteRefDocIds ?? []) this.documents.delete(id)
    for (const entry of change.insert ?? []) this.documents.set(entry.document.id, entry)
    for (const entry of change.manifest ?? []) this.sources.set(entry.path, entry)
  }
}

function letterModel(onEmbed: (texts: readonly string[]) => void = () => undefined): EmbedModel {
  return {
    identity: {
      id: 'test:letters',
      dimensions: 2,
      pooling: 'mean',
      normalized: false,
      queryPrefix: '',
      documentPrefix: '',
      longText: 'cut',
      revision: '1',
    },
    maximumTokens: 8192,
    offline: true,
    embedDocuments: async (texts) => {
      onEmbed(texts)
      return texts.map((text) => Float32Array.of(text.length, text.charCodeAt(0)))
    },
    embedQuery: async (text) => Float32Array.of(text.length, text.charCodeAt(0)),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

function run(
  storage: MemoryStorage,
  paths: readonly string[],
  more: { model?: EmbedModel; signal?: AbortSignal; onProgress?: (progress: JobProgress) => void } = {},
) {
  return ingest({
    storage,
    model: more.model ?? letterModel(),
    paths,
    nodeParserSettings: defaultNodeParserSettings,
    readerPool: pool,
    ...more,
  })
}

test('good files are indexed, bad ones are named with their cause, and the rest goes on', async () => {
  const folder = await emptyFolder()
  await cp(fixtures, folder, { recursive: true })
  await writeFile(join(folder, 'unknown.xyz'), Buffer.from([0, 1, 2, 3, 0, 0, 9]))
  await symlink('nowhere', join(folder, 'dangling.txt'))
  await writeFile(join(folder, 'huge.txt'), '')
  await truncate(join(folder, 'huge.txt'), 3 * 1024 ** 3)
  await writeFile(join(folder, 'disk.blob'), '')
  await truncate(join(folder, 'disk.blob'), 3 * 1024 ** 3)
  const storage = new MemoryStorage()
  const report = await run(storage, [folder])

  expect(report.failed.map(({ path, code }) => `${relative(folder, path)}: ${code}`).sort()).toEqual([
    'binary.txt: binary-file',
    'blank.md: no-text',
    'broken.pdf: broken-file',
    'dangling.txt: path-missing',
    'empty.txt: empty-file',
    'encrypted.pdf: encrypted-file',
    'huge.txt: file-too-large',
    'scanned.pdf: no-text',
    'truncated.pdf: broken-file',
  ])
  for (const { message } of report.failed) expect(message).toMatch(/^[A-Z].*\.$/)
  expect(report.skipped).toBe(2)
  expect([...storage.documents.keys()].map((id) => relative(folder, id)).sort()).toEqual([
    'README.md',
    'gb18030.txt',
    'handbook.docx_part_0',
    'handbook.epub_part_0',
    'handbook.md',
    'handbook.odt',
    'labelled-pages.pdf_part_0',
    'labelled-pages.pdf_part_2',
    'latin1.html',
    'latin1.txt',
    'loans.xlsx_part_0',
    'loans.xlsx_part_1',
    'notes.txt',
    'notes.txt.gz',
    'owner-protected.pdf_part_0',
    'owner-protected.pdf_part_1',
    'page.html',
    'shelves.ipynb_part_0',
    'shift-jis.txt',
    'slides.pptx_part_0',
    'slides.pptx_part_1',
    'slides.pptx_part_2',
    'two-pages.pdf_part_0',
    'two-pages.pdf_part_1',
    'utf16-be.txt',
    'utf16-le-bom.txt',
    'utf8-bom.txt',
  ])
  expect(report.documents).toBe(27)
  expect(report.nodes).toBe([...storage.documents.values()].flatMap(({ nodes }) => nodes).length)
  const page = storage.documents.get(join(folder, 'two-pages.pdf_part_1'))
  expect(Object.entries(page?.document.metadata ?? {}).slice(0, 4)).toEqual([
    ['page_label', '2'],
    ['file_name', 'two-pages.pdf'],
    ['file_path', join(folder, 'two-pages.pdf')],
    ['file_type', 'application/pdf'],
  ])
  expect(page?.nodes[0]?.embedText).toBe(
    `page_label: 2\nfile_path: ${join(folder, 'two-pages.pdf')}\n\n${page?.nodes[0]?.node.text ?? ''}`,
  )
  expect(page?.vectors).toEqual([Float32Array.of(page?.nodes[0]?.embedText.length ?? 0, 112)])
})

test('an unreadable file is said to be one', async ({ skip }) => {
  if (process.getuid?.() === 0) skip('root may read everything')
  const folder = await emptyFolder()
  await writeFile(join(folder, 'a.txt'), 'Readable.')
  await writeFile(join(folder, 'b.txt'), 'Secret.')
  await chmod(join(folder, 'b.txt'), 0)
  const report = await run(new MemoryStorage(), [folder])
  expect(report).toMatchObject({ documents: 1, failed: [{ code: 'permission-denied' }] })
})

test('a second run reads nothing, and a third only what changed, in place of what was there', async () => {
  const folder = await emptyFolder()
  for (const name of ['a.txt', 'b.txt', 'c.txt']) await writeFile(join(folder, name), `This is ${name}.`)
  const storage = new MemoryStorage()
  const texts: string[] = []
  const model = letterModel((more) => texts.push(...more))
  expect(await run(storage, [folder], { model })).toMatchObject({ documents: 3, nodes: 3, unchanged: 0 })
  expect(await run(storage, [folder], { model })).toMatchObject({ documents: 0, nodes: 0, unchanged: 3 })
  expect(texts).toHaveLength(3)

  await appendFile(join(folder, 'b.txt'), ' And more.')
  await utimes(join(folder, 'c.txt'), new Date(), new Date(Date.UTC(2020, 0, 1)))
  const report = await run(storage, [folder], { model })
  expect(report).toMatchObject({ documents: 1, nodes: 1, unchanged: 2, failed: [] })
  expect(texts).toHaveLength(4)
  expect(storage.documents.size).toBe(3)
  const change = storage.changes.at(-1)
  expect(change?.deleteRefDocIds).toEqual([join(folder, 'b.txt')])
  expect(storage.sources.get(join(folder, 'c.txt'))).toMatchObject({
    modifiedMs: Date.UTC(2020, 0, 1),
    refDocIds: [join(folder, 'c.txt')],
  })
})

test('cancelling stops at once; what was committed stays and is not read again', async () => {
  const folder = await emptyFolder()
  for (let index = 0; index < 600; index++) {
    await writeFile(join(folder, `${String(index).padStart(4, '0')}.txt`), `File number ${index}.`)
  }
  const storage = new MemoryStorage()
  const controller = new AbortController()
  const reason = new Error('enough')
  let calls = 0
  const model = letterModel(() => {
    if (++calls === 2) controller.abort(reason)
  })
  await expect(run(storage, [folder], { model, signal: controller.signal })).rejects.toBe(reason)
  const committed = storage.sources.size
  expect(committed).toBeGreaterThan(0)
  expect(committed).toBeLessThan(600)
  expect(storage.documents.size).toBe(committed)
  expect(await run(storage, [folder])).toMatchObject({ documents: 600 - committed, unchanged: committed })
  expect(storage.documents.size).toBe(600)
})

test('a model that fails ends the run with its error', async () => {
  const folder = await emptyFolder()
  await writeFile(join(folder, 'a.txt'), 'Text.')
  const model = letterModel(() => {
    throw new Error('no model')
  })
  await expect(run(new MemoryStorage(), [folder], { model })).rejects.toThrow('no model')
})

test('nothing to index is an error that says what is there instead', async () => {
  const folder = await emptyFolder()
  await expect(run(new MemoryStorage(), [folder])).rejects.toMatchObject({ code: 'empty-folder' })
  await writeFile(join(folder, 'photo.jpg'), 'x')
  await expect(run(new MemoryStorage(), [folder])).rejects.toMatchObject({
    code: 'no-readable-files',
    hint: expect.stringContaining('photo.jpg') as string,
  })
  const index = await emptyFolder()
  await mkdir(join(index, 'storage/.stackroom'), { recursive: true })
  await expect(run(new MemoryStorage(), [index])).rejects.toMatchObject({
    code: 'no-readable-files',
    message: 'This folder holds an index, not documents.',
  })
})

test('progress begins with scanning, never goes back, and ends with every file and byte done', async () => {
  const reports: JobProgress[] = []
  await run(new MemoryStorage(), [fixtures], { onProgress: (progress) => reports.push(progress) })
  const last = reports.at(-1)
  expect(reports[0]?.phase).toBe('scanning')
  expect(last).toMatchObject({ phase: 'indexing', failed: 7, currentFile: null })
  expect(last?.filesDone).toBe(last?.filesTotal)
  expect(last?.bytesDone).toBeCloseTo(last?.bytesTotal ?? 0)
  for (const key of ['filesDone', 'bytesDone', 'documents', 'nodes'] as const) {
    const values = reports.filter(({ phase }) => phase === 'indexing').map((report) => report[key])
    expect(values).toEqual([...values].sort((a, b) => a - b))
  }
})
