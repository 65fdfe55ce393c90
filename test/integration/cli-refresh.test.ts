/** `stackroom refresh` and `watch` as their own processes, run from source. */
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { refreshReportSchema, type RefreshReport } from '#contract'
import { CommandLine } from './run-command.ts'

const pictures = (name: string): string =>
  join(import.meta.dirname, '../fixtures/documents/libreoffice', name)

let folder: string
let command: CommandLine

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-refresh-'))
  command = new CommandLine(folder)
  await mkdir(join(folder, 'documents/sub'), { recursive: true })
  for (const name of ['a', 'b', 'c']) await write(`${name}.txt`, `All about ${name}.`)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function write(name: string, content: string): Promise<void> {
  return writeFile(join(folder, 'documents', name), content)
}

async function refresh(...args: string[]): Promise<RefreshReport> {
  const { code, stdout, stderr } = await command.run('refresh', 'storage', '--json', ...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return refreshReportSchema.parse(JSON.parse(stdout))
}

test('refresh reads text in images from the time it is asked to, and no more when it is told so; a preview does it once', async () => {
  await copyFile(pictures('page.png'), join(folder, 'documents/page.png'))
  expect((await command.run('index', 'documents', '--to', 'storage')).code).toBe(0)
  expect(await refresh()).toMatchObject({ unchanged: 3, skipped: 1 })
  const preview = await command.run('preview', 'documents/page.png', '--ocr', 'eng')
  expect(preview.code).toBe(0)
  expect(preview.stdout).toContain('A stackroom holds the books')
  expect(await refresh()).toMatchObject({ unchanged: 3, skipped: 1 })
  expect(await refresh('--ocr', 'eng')).toMatchObject({ added: 1, unchanged: 3, skipped: 0 })
  expect(await refresh()).toMatchObject({ unchanged: 4, skipped: 0 })
  expect(await refresh('--no-ocr', '--deleted', 'remove')).toMatchObject({
    unchanged: 3,
    skipped: 1,
    removed: 1,
  })
})

test('refresh counts what it did with the files of all sources, and can keep what is gone', async () => {
  await mkdir(join(folder, 'other'))
  await writeFile(join(folder, 'other/d.txt'), 'All about d.')
  expect((await command.run('index', 'documents', '--to', 'storage')).code).toBe(0)
  expect((await command.run('index', 'other', '--to', 'storage')).code).toBe(0)
  expect(await refresh()).toMatchObject({
    added: 0,
    changed: 0,
    moved: 0,
    removed: 0,
    unchanged: 4,
    failed: [],
  })
  await write('a.txt', 'Something else.')
  await rename(join(folder, 'documents/b.txt'), join(folder, 'other/b.txt'))
  await unlink(join(folder, 'documents/c.txt'))
  await write('new.txt', 'New.')
  await write('empty.txt', '')
  const report = join(folder, 'report.csv')
  expect(await refresh('--deleted', 'keep', '--report', report)).toMatchObject({
    ...{ added: 1, changed: 1, moved: 1, removed: 0, missing: 1, unchanged: 1 },
    failed: [{ path: join(folder, 'documents/empty.txt'), code: 'empty-file' }],
  })
  expect(await readFile(report, 'utf8')).toContain(
    `${join(folder, 'other/b.txt')},moved,,,${join(folder, 'documents/b.txt')}\r\n`,
  )
  expect(await refresh()).toMatchObject({
    removed: 1,
    missing: 0,
    unchanged: 4,
    failed: [{ code: 'empty-file' }],
  })
  expect(await refresh()).toMatchObject({ removed: 0, unchanged: 4 })
})

test('refresh leaves a source alone that is not there, and says so', async () => {
  await command.run('index', 'documents', '--to', 'storage')
  await rename(join(folder, 'documents'), join(folder, 'elsewhere'))
  expect(await refresh('--deleted', 'remove')).toMatchObject({
    removed: 0,
    unavailable: [join(folder, 'documents')],
  })
  const { stdout } = await command.run('refresh', 'storage')
  expect(stdout).toContain('Is its drive connected?')
})

test('rules given to index are those of the source from then on', async () => {
  await write('sub/d.md', 'All about d.')
  await write('sub/.hidden.md', 'All about hiding.')
  const index = ['index', 'documents', '--to', 'storage', '--include', '*.md', '--hidden', '--exclude', 'b*']
  expect(JSON.parse((await command.run(...index, '--json')).stdout)).toMatchObject({ added: 2, skipped: 3 })
  await write('new.md', 'Another.')
  await write('new.txt', 'Another.')
  expect(await refresh()).toMatchObject({ added: 1, unchanged: 2 })
  expect((await command.run('index', 'documents', '--to', 'storage', '--ocr', 'not a language')).code).toBe(2)
})

test('watch indexes what changes until it is interrupted, and lets others work in between', async () => {
  await command.run('index', 'documents', '--to', 'storage')
  const watching = command.start('watch', 'storage')
  const ended = once(watching, 'close') as Promise<[number | null]>
  let told = ''
  watching.stderr?.on('data', (data: Buffer) => {
    told += data.toString()
  })
  await expect.poll(() => told).toContain('Watching')
  await write('new.txt', 'Written while it was watched.')
  await expect.poll(() => told).toContain('1 added')
  expect(JSON.parse((await command.run('info', 'storage', '--json')).stdout)).toMatchObject({
    documents: 4,
    persisted: true,
  })
  watching.kill('SIGINT')
  expect((await ended)[0]).toBe(0)
})
