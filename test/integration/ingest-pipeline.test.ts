/** The pipeline over real files, with real reader workers and a real storage folder; only the model is a small one. */
import { appendFile, chmod, cp, mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { JobProgress } from '#contract'
import { PauseGate } from '#engine/ingest/pause-gate.ts'
import { ReaderPool } from '#engine/ingest/reader-pool.ts'
import { IngestTestFolder } from './ingest-test-folder.ts'

const fixtures = join(import.meta.dirname, '../fixtures/documents')
const pool = new ReaderPool()
afterAll(() => pool.close())

const mixedFiles = [
  ...['README.md', 'binary.txt', 'blank.md', 'broken.pdf', 'empty.txt', 'encrypted.pdf', 'gb18030.txt'],
  ...['handbook.docx', 'handbook.epub', 'handbook.md', 'handbook.odt', 'labelled-pages.pdf', 'latin1.html'],
  ...['latin1.txt', 'loans.xlsx', 'notes.txt', 'notes.txt.gz', 'owner-protected.pdf', 'page.html'],
  ...['scanned.pdf', 'shelves.ipynb', 'shift-jis.txt', 'slides.pptx', 'truncated.pdf', 'two-pages.pdf'],
  ...['utf16-be.txt', 'utf16-le-bom.txt', 'utf8-bom.txt'],
]

test('good files are indexed, bad ones are named with their cause, and the rest goes on', async () => {
  await using home = await IngestTestFolder.make(pool)
  const folder = home.sources
  for (const name of mixedFiles) await cp(join(fixtures, name), join(folder, name))
  await writeFile(join(folder, 'unknown.xyz'), Buffer.from([0, 1, 2, 3, 0, 0, 9]))
  await symlink('nowhere', join(folder, 'dangling.txt'))
  await writeFile(join(folder, 'huge.txt'), '')
  await truncate(join(folder, 'huge.txt'), 3 * 1024 ** 3)
  await writeFile(join(folder, 'disk.blob'), '')
  await truncate(join(folder, 'disk.blob'), 3 * 1024 ** 3)
  const report = await home.run()

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
  expect(await home.documents()).toEqual([
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
  expect(await home.storage.summary()).toMatchObject({ documents: report.documents, nodes: report.nodes })
  const [page] = await home.storage.nodesOfDocument(join(folder, 'two-pages.pdf_part_1'))
  expect(Object.entries(page?.metadata ?? {}).slice(0, 4)).toEqual([
    ['page_label', '2'],
    ['file_name', 'two-pages.pdf'],
    ['file_path', join(folder, 'two-pages.pdf')],
    ['file_type', 'application/pdf'],
  ])
  expect(home.model.texts).toContain(
    `page_label: 2\nfile_path: ${join(folder, 'two-pages.pdf')}\n\n${page?.text ?? ''}`,
  )
})

test('an unreadable file is said to be one', async ({ skip }) => {
  if (process.getuid?.() === 0) skip('root may read everything')
  await using folder = await IngestTestFolder.make(pool, { 'a.txt': 'Readable.', 'b.txt': 'Secret.' })
  await chmod(folder.path('b.txt'), 0)
  expect(await folder.run()).toMatchObject({ documents: 1, failed: [{ code: 'permission-denied' }] })
})

test('a second run reads nothing, and a third only what changed, in place of what was there', async () => {
  const files = { 'a.txt': 'This is a.', 'b.txt': 'This is b.', 'c.txt': 'This is c.' }
  await using folder = await IngestTestFolder.make(pool, files)
  expect(await folder.run()).toMatchObject({ documents: 3, nodes: 3, unchanged: 0, sent: 3 })
  expect(await folder.run()).toMatchObject({ documents: 0, nodes: 0, unchanged: 3, sent: 0 })
  await appendFile(folder.path('b.txt'), ' And more.')
  expect(await folder.run()).toMatchObject({
    documents: 1,
    nodes: 1,
    changed: 1,
    unchanged: 2,
    failed: [],
    sent: 1,
  })
  expect(await folder.storage.summary()).toMatchObject({ documents: 3, nodes: 3 })
  const [node] = await folder.storage.nodesOfDocument(folder.path('b.txt'))
  expect(node?.text).toBe('This is b. And more.')
})

/** @param count of small files, numbered */
async function numbered(count: number): Promise<IngestTestFolder> {
  const names = Array.from({ length: count }, (_, n) => `${String(n).padStart(4, '0')}.txt`)
  return IngestTestFolder.make(pool, Object.fromEntries(names.map((name) => [name, `This is ${name}.`])))
}

test('cancelling stops at once; what was committed stays and is not read again', async () => {
  await using folder = await numbered(600)
  const controller = new AbortController()
  const reason = new Error('enough')
  folder.model.onBatch = () => {
    if (folder.model.texts.length > 200) controller.abort(reason)
  }
  await expect(folder.run({ signal: controller.signal })).rejects.toBe(reason)
  const { documents } = await folder.storage.summary()
  expect(documents).toBeGreaterThan(0)
  expect(documents).toBeLessThan(600)
  expect(await folder.run()).toMatchObject({ documents: 600 - documents, unchanged: documents })
  expect(await folder.storage.summary()).toMatchObject({ documents: 600, nodes: 600 })
})

test('the first results come after a few nodes, and batches grow from there', async () => {
  await using folder = await numbered(600)
  const batches: number[] = []
  folder.model.onBatch = (texts) => void batches.push(texts.length)
  await folder.run()
  expect(batches[0]).toBeLessThanOrEqual(16)
  expect(Math.max(...batches)).toBe(256)
})

test('a pause holds everything up until it is over, and can be ended by cancelling', async () => {
  await using folder = await numbered(300)
  const pause = new PauseGate()
  let batches = 0
  const paused = new Promise<void>((resolve) => {
    folder.model.onBatch = () => {
      if (++batches !== 2) return
      pause.pause()
      resolve()
    }
  })
  const running = folder.run({ pause })
  await paused
  // What was under way is finished and kept.
  await expect.poll(async () => (await folder.storage.summary()).documents).toBeGreaterThanOrEqual(16)
  expect(batches).toBe(2)
  pause.resume()
  expect(await running).toMatchObject({ documents: 300, nodes: 300 })

  await folder.write({ 'one-more.txt': 'One more.' })
  pause.pause()
  const controller = new AbortController()
  const cancelled = folder.run({ pause, signal: controller.signal })
  controller.abort(new Error('enough'))
  await expect(cancelled).rejects.toThrow('enough')
})

test('a model that fails ends the run with its error', async () => {
  await using folder = await IngestTestFolder.make(pool, { 'a.txt': 'Text.' })
  folder.model.onBatch = () => {
    throw new Error('no model')
  }
  await expect(folder.run()).rejects.toThrow('no model')
})

test('nothing to index is an error that says what is there instead', async () => {
  await using folder = await IngestTestFolder.make(pool)
  await expect(folder.run()).rejects.toMatchObject({ code: 'empty-folder' })
  await folder.write({ 'photo.heic': 'x' })
  await expect(folder.run()).rejects.toMatchObject({
    code: 'no-readable-files',
    hint: expect.stringContaining('photo.heic') as string,
  })
  await rm(folder.path('photo.heic'))
  await mkdir(folder.path('storage/.stackroom'), { recursive: true })
  await expect(folder.run()).rejects.toMatchObject({
    code: 'no-readable-files',
    message: 'This folder holds an index, not documents.',
  })
})

test('progress begins with scanning, never goes back, and ends with every file and byte done', async () => {
  await using folder = await IngestTestFolder.make(pool)
  const reports: JobProgress[] = []
  const report = await folder.run({
    sources: [fixtures],
    onProgress: (progress) => void reports.push(progress),
  })
  const last = reports.at(-1)
  expect(reports[0]?.phase).toBe('scanning')
  expect(last).toMatchObject({ phase: 'indexing', failed: report.failedFiles, currentFile: null })
  expect(last?.filesDone).toBe(last?.filesTotal)
  expect(last?.bytesDone).toBeCloseTo(last?.bytesTotal ?? 0)
  for (const key of ['filesDone', 'bytesDone', 'documents', 'nodes'] as const) {
    const values = reports.filter(({ phase }) => phase === 'indexing').map((progress) => progress[key])
    expect(values).toEqual([...values].sort((a, b) => a - b))
  }
})
