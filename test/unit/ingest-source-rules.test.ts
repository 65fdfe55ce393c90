/** The rules of a source: globs, ignore files, hidden files, folders that programs fill, sizes; and scans of a part. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sourceRulesSchema } from '#contract'
import { scan, type ScanOptions } from '#engine/ingest/scan.ts'
import { isWithin, ScanScope } from '#engine/ingest/scan-scope.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-rules-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

async function found(
  rules: Parameters<typeof sourceRulesSchema.parse>[0] = {},
  options: ScanOptions = {},
): Promise<{ files: string[]; skipped: Record<string, string> }> {
  const files: string[] = []
  const skipped: Record<string, string> = {}
  for await (const entry of scan([{ path: folder, rules: sourceRulesSchema.parse(rules) }], options)) {
    const path = relative(folder, entry.path)
    if (entry.kind === 'file') files.push(path)
    else if (entry.kind === 'skipped') skipped[path] = entry.reason
  }
  return { files, skipped }
}

const tree = {
  'a.txt': '1',
  'b.pdf': '1',
  'docs/c.md': '1',
  'docs/deep/d.md': '1',
  'docs/deep/x.log': '1',
}

test('a glob without a slash is of any depth, one with a slash of its place, and a folder stands for what is in it', async () => {
  await write(tree)
  expect((await found({ include: ['*.md'] })).files).toEqual(['docs/c.md', 'docs/deep/d.md'])
  expect((await found({ include: ['/*.{txt,pdf}'] })).files).toEqual(['a.txt', 'b.pdf'])
  expect((await found({ include: ['docs'] })).files).toEqual([
    'docs/c.md',
    'docs/deep/d.md',
    'docs/deep/x.log',
  ])
  expect((await found({ include: ['docs/*.md'] })).files).toEqual(['docs/c.md'])
  const { files, skipped } = await found({ include: ['docs'], exclude: ['deep/'] })
  expect(files).toEqual(['docs/c.md'])
  expect(skipped).toEqual({ 'a.txt': 'not-included', 'b.pdf': 'not-included', 'docs/deep': 'excluded' })
})

test('.gitignore counts in its folder and below, the deeper one has the last word, and it can be turned off', async () => {
  await write({
    ...tree,
    '.gitignore': '*.log\n/a.txt\ndocs/deep/*.md\n',
    'docs/deep/.gitignore': '!d.md\n',
  })
  expect(await found()).toMatchObject({
    files: ['b.pdf', 'docs/c.md', 'docs/deep/d.md'],
    skipped: { 'a.txt': 'gitignore', 'docs/deep/x.log': 'gitignore' },
  })
  expect((await found({ gitignore: false })).files).toHaveLength(5)
})

test('.stackroomignore counts always, and has the last word over .gitignore beside it', async () => {
  await write({ ...tree, '.gitignore': '*.log\n', '.stackroomignore': '!x.log\nb.pdf\n' })
  expect(await found()).toMatchObject({
    files: ['a.txt', 'docs/c.md', 'docs/deep/d.md', 'docs/deep/x.log'],
    skipped: { 'b.pdf': 'stackroomignore' },
  })
  expect((await found({ gitignore: false })).skipped).toHaveProperty(['b.pdf'], 'stackroomignore')
})

test('hidden files and folders that programs fill are read where the rules say so', async () => {
  await write({ 'a.txt': '1', '.notes/b.txt': '1', 'node_modules/c.txt': '1', '.git/d.txt': '1' })
  expect((await found()).files).toEqual(['a.txt'])
  expect((await found({ hidden: true })).files).toEqual(['.notes/b.txt', 'a.txt'])
  expect((await found({ hidden: true, programFolders: true })).files).toEqual([
    '.git/d.txt',
    '.notes/b.txt',
    'a.txt',
    'node_modules/c.txt',
  ])
})

test('files over the limit are left out', async () => {
  await write({ 'small.txt': 'x'.repeat(10), 'large.txt': 'x'.repeat(11) })
  expect(await found({ maximumBytes: 10 })).toEqual({
    files: ['small.txt'],
    skipped: { 'large.txt': 'too-large' },
  })
})

test('a scan of a part looks at its paths and at nothing else', async () => {
  await write(tree)
  const scope = new ScanScope([
    join(folder, 'docs/deep'),
    join(folder, 'docs/deep/d.md'),
    join(folder, 'b.pdf'),
  ])
  expect(scope.paths).toEqual([join(folder, 'docs/deep'), join(folder, 'b.pdf')])
  expect(await found({}, { scope })).toEqual({
    files: ['b.pdf', 'docs/deep/d.md', 'docs/deep/x.log'],
    skipped: {},
  })
  expect(isWithin('/a/bc', '/a/b')).toBe(false)
  expect(isWithin('/a/b/c', '/a/b')).toBe(true)
  expect(isWithin('/a', '/')).toBe(true)
})
