import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { inspectSources } from '#engine/ingest/inspect-sources.ts'
import { scan, type ScanEntry } from '#engine/ingest/scan.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function folderOf(files: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-scan-'))
  folders.push(folder)
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), 'text')
  }
  return folder
}

async function entriesOf(paths: readonly string[]): Promise<ScanEntry[]> {
  const entries: ScanEntry[] = []
  for await (const entry of scan(paths)) entries.push(entry)
  return entries
}

async function summary(folder: string, paths = [folder]): Promise<string[]> {
  return (await entriesOf(paths)).map((entry) => {
    const path = relative(folder, entry.path)
    if (entry.kind === 'file') return path
    return `${path}: ${entry.kind === 'skipped' ? entry.reason : entry.error.code}`
  })
}

test('files come in the order of their names, with the reason for each that is left out', async () => {
  const folder = await folderOf([
    'b.txt',
    'a/z.md',
    '.git/config',
    '.hidden.txt',
    'node_modules/x/readme.md',
    'photo.JPG',
    'Makefile',
    'venv/pyvenv.cfg',
    'venv/lib/a.py',
    'storage/docstore.json',
    'storage/index_store.json',
    'letters/~$draft.txt',
    'Thumbs.db',
  ])
  expect(await summary(folder)).toEqual([
    '.git: hidden',
    '.hidden.txt: hidden',
    'Makefile',
    'Thumbs.db: system-file',
    'a/z.md',
    'b.txt',
    'letters/~$draft.txt: system-file',
    'node_modules: ignored-folder',
    'photo.JPG: unsupported-type',
    'storage: storage-folder',
    'venv: ignored-folder',
  ])
})

test('of a folder that also holds an index the documents are read and the index is not', async () => {
  const folder = await folderOf([
    'docstore.json',
    'index_store.json',
    'default__vector_store.json',
    'a.txt',
    'data.json',
  ])
  expect((await summary(folder)).filter((line) => !line.includes(':'))).toEqual(['a.txt', 'data.json'])
})

test('links that lead in a circle or to what is scanned anyway end the walk there', async () => {
  const folder = await folderOf(['one/a.txt', 'two/b.txt'])
  await symlink('..', join(folder, 'one/up'))
  await symlink('../one', join(folder, 'two/one'))
  await symlink('a.txt', join(folder, 'one/also-a.txt'))
  await symlink('self', join(folder, 'self'))
  await link(join(folder, 'two/b.txt'), join(folder, 'two/c.txt'))
  expect(await summary(folder)).toEqual([
    'one/a.txt',
    'one/also-a.txt: already-scanned',
    'one/up: already-scanned',
    'self: path-missing',
    'two/b.txt',
    'two/c.txt',
    'two/one: already-scanned',
  ])
})

test('a linked folder outside is walked once, and overlapping paths give each file once', async () => {
  const outside = await folderOf(['far.txt'])
  const folder = await folderOf(['near.txt'])
  await symlink(outside, join(folder, 'link'))
  await symlink(outside, join(folder, 'link2'))
  expect(await summary(folder, [folder, folder])).toEqual([
    'link/far.txt',
    'link2: already-scanned',
    'near.txt',
    ': already-scanned',
  ])
})

test('files that are named themselves are taken although they are hidden, and sizes and times are told', async () => {
  const folder = await folderOf(['.profile.txt'])
  const [entry] = await entriesOf([join(folder, '.profile.txt')])
  expect(entry).toMatchObject({ kind: 'file', bytes: 4 })
  expect(entry?.kind === 'file' && Math.abs(entry.modifiedMs - Date.now()) < 3_600_000).toBe(true)
})

test('a path that is not there is said at once', async () => {
  await expect(entriesOf(['/no/such/folder'])).rejects.toMatchObject({ code: 'path-missing' })
})

test('scanning stops when it is cancelled', async () => {
  const folder = await folderOf(['a/1.txt', 'b/2.txt', 'c/3.txt'])
  const controller = new AbortController()
  const seen: string[] = []
  const walk = async (): Promise<void> => {
    for await (const entry of scan([folder], { signal: controller.signal })) {
      seen.push(entry.path)
      controller.abort()
    }
  }
  await expect(walk()).rejects.toThrow()
  expect(seen).toHaveLength(1)
})

test('an inspection counts readable files and bytes up to its limit', async () => {
  const folder = await folderOf(['a.txt', 'b.md', 'c.png', 'd.html'])
  expect(await inspectSources([folder])).toMatchObject({
    readableFiles: 3,
    files: 4,
    bytes: 12,
    truncated: false,
  })
  expect(await inspectSources([folder], { limit: 2 })).toMatchObject({ files: 2, truncated: true })
})
