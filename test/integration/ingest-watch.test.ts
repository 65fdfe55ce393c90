/** Watching a source: what the system tells of real files, settled and told together. */
import { appendFile, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sourceRulesSchema } from '#contract'
import { ScanScope } from '#engine/ingest/scan-scope.ts'
import { watchSource, type WatchSourceOptions } from '#engine/ingest/watch-source.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-watch-'))
})
const watching: AsyncDisposable[] = []
afterEach(async () => {
  for (const watch of watching.splice(0)) await watch[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** What was told, and a way to wait for more of it. */
class Told {
  readonly batches: (readonly string[])[] = []
  readonly errors: unknown[] = []

  async start(options: Partial<WatchSourceOptions> = {}): Promise<void> {
    const watch = await watchSource({
      path: folder,
      rules: sourceRulesSchema.parse({}),
      settleMs: 200,
      onChange: (paths) => void this.batches.push(paths),
      onError: (error) => void this.errors.push(error),
      ...options,
    })
    watching.push(watch)
  }

  get paths(): string[] {
    return [...new Set(this.batches.flat())].sort()
  }
}

test('files that come, change, move and go are told of', async () => {
  await writeFile(join(folder, 'here.txt'), 'before')
  const told = new Told()
  await told.start()
  await mkdir(join(folder, 'new/deep'), { recursive: true })
  await writeFile(join(folder, 'new/deep/file.txt'), 'text')
  // by its own path, or by that of a new folder: what is in a folder that is told of is looked at
  await expect.poll(() => new ScanScope(told.paths).holds(join(folder, 'new/deep/file.txt'))).toBe(true)
  await rename(join(folder, 'here.txt'), join(folder, 'there.txt'))
  await expect
    .poll(() => told.paths)
    .toEqual(expect.arrayContaining([join(folder, 'here.txt'), join(folder, 'there.txt')]))
  await rm(join(folder, 'there.txt'))
  const before = told.batches.length
  await expect.poll(() => told.batches.slice(before).flat()).toContain(join(folder, 'there.txt'))
})

test('what a link leads to is told of by its name in the source, also when the link came later, and until it goes', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'stackroom-elsewhere-'))
  try {
    await mkdir(join(elsewhere, 'books/sub'), { recursive: true })
    await writeFile(join(elsewhere, 'note.txt'), 'one')
    await symlink(join(elsewhere, 'note.txt'), join(folder, 'note.txt'))
    // a circle
    await symlink(folder, join(folder, 'self'))
    const told = new Told()
    await told.start()
    await writeFile(join(elsewhere, 'note.txt'), 'two')
    await expect.poll(() => told.paths).toContain(join(folder, 'note.txt'))
    await symlink(join(elsewhere, 'books'), join(folder, 'books'))
    await expect.poll(() => told.paths).toContain(join(folder, 'books'))
    // changed again and again, as nobody knows from when on the new link is watched
    const change = async (): Promise<string[]> => {
      await appendFile(join(elsewhere, 'books/sub/tea.txt'), 'tea')
      return told.paths
    }
    await expect
      .poll(change, { interval: 400 })
      .toEqual(expect.arrayContaining([join(folder, 'books/sub/tea.txt')]))
    await rm(join(folder, 'note.txt'))
    await rm(join(folder, 'books'))
    await writeFile(join(folder, 'last.txt'), 'last')
    await expect.poll(() => told.batches.at(-1)).toContain(join(folder, 'last.txt'))
    const before = told.batches.length
    await writeFile(join(elsewhere, 'books/sub/tea.txt'), 'more tea')
    await writeFile(join(folder, 'end.txt'), 'end')
    await expect.poll(() => told.batches.slice(before).flat()).toContain(join(folder, 'end.txt'))
    expect(told.batches.slice(before).flat()).toEqual([join(folder, 'end.txt')])
    expect(told.errors).toEqual([])
  } finally {
    await rm(elsewhere, { recursive: true, force: true })
  }
})

test('a file that is being written is told of when it is whole', async () => {
  const path = join(folder, 'slow.txt')
  const told = new Told()
  let sizeWhenTold = 0
  await told.start({
    settleMs: 1500,
    onChange: (paths) => {
      void stat(path).then(({ size }) => {
        sizeWhenTold = size
        told.batches.push(paths)
      })
    },
  })
  const line = 'A line of a file that takes its time.\n'
  const lines = 3000
  for (let n = 0; n < lines; n++) await appendFile(path, line)
  await expect.poll(() => told.paths).toEqual([path])
  expect(sizeWhenTold).toBe(lines * line.length)
})

test('hidden folders, folders that programs fill and the index itself are not listened to', async () => {
  for (const name of ['.git', 'node_modules', 'storage']) await mkdir(join(folder, name))
  const told = new Told()
  await told.start({ ignore: [join(folder, 'storage')] })
  for (const name of ['.git', 'node_modules', 'storage']) await writeFile(join(folder, name, 'a.txt'), 'text')
  await writeFile(join(folder, 'last.txt'), 'text')
  await expect.poll(() => told.paths).toContain(join(folder, 'last.txt'))
  expect(told.paths).toEqual([join(folder, 'last.txt')])
})

test('new rules in an ignore file are about everything in its folder', async () => {
  await mkdir(join(folder, 'sub'))
  const told = new Told()
  await told.start()
  await writeFile(join(folder, 'sub/.stackroomignore'), '*.tmp\n')
  await expect.poll(() => told.paths).toEqual([join(folder, 'sub')])
})

test('a single file is watched, also when it is replaced by another', async () => {
  const path = join(folder, 'one.txt')
  await writeFile(path, 'one')
  const told = new Told()
  await told.start({ path })
  await writeFile(join(folder, 'other.txt'), 'other')
  await rename(join(folder, 'other.txt'), path)
  await expect.poll(() => told.paths).toEqual([path])
})

test('a source that goes away is said to be gone', async () => {
  const path = join(folder, 'source')
  await expect(
    watchSource({
      path,
      rules: sourceRulesSchema.parse({}),
      onChange: () => undefined,
      onError: () => undefined,
    }),
  ).rejects.toMatchObject({ code: 'path-missing' })
  await mkdir(path)
  const told = new Told()
  await told.start({ path })
  await rm(path, { recursive: true })
  await expect.poll(() => told.errors).toEqual([expect.objectContaining({ code: 'path-missing' })])
})
