/** What the world does to a storage folder: a clear error or correct work, and nothing is lost. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import {
  appendFile,
  chmod,
  cp,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test, type TestContext } from 'vitest'
import { StackroomError } from '#contract'
import { createStorageFolder, openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { settingsOf } from '../torture/plan.ts'
import { buildNodes } from './storage-documents.ts'
import { settings } from './storage-settings.ts'
import {
  codeOf,
  docstoreOf,
  insertOf,
  isFound,
  jsonFiles,
  pythonFolder,
  TestFolder,
} from './storage-test-folder.ts'

const run = promisify(execFile)

let folder: TestFolder
const mounts: string[] = []
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = await TestFolder.make()
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  // Folders on a mount must be closed before it goes.
  await folder.closeAll()
  for (const mount of mounts.splice(0).reverse()) await run('umount', ['-l', mount])
  await folder[Symbol.asyncDispose]()
})

/** Skips the test where mounting is not permitted, as for users other than root. */
async function mount(context: TestContext, ...args: string[]): Promise<void> {
  const path = args.at(-1)!
  try {
    await run('mount', args)
    mounts.push(path)
  } catch (error) {
    context.skip(
      `mounting is not permitted here: ${error instanceof Error ? error.message.split('\n')[0] : ''}`,
    )
  }
}

async function smallDisk(context: TestContext, path: string, bytes: number): Promise<void> {
  await mkdir(path, { recursive: true })
  await mount(context, '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path)
}

async function fillUp(path: string): Promise<string> {
  const filler = join(path, 'filler')
  const block = Buffer.alloc(4096, 1)
  for (;;) {
    try {
      await appendFile(filler, block)
    } catch {
      return filler
    }
  }
}

const megabyte = 1024 * 1024

// The disk is full

test('a full disk while a folder is read for the first time leaves the folder as it was', async (context) => {
  await smallDisk(context, folder.persistDir, megabyte)
  await cp(pythonFolder, folder.persistDir, { recursive: true })
  const before = await folder.texts()
  const filler = await fillUp(folder.persistDir)
  expect(await codeOf(folder.open())).toBe('disk-full')
  expect(await folder.texts()).toEqual(before)
  expect(await folder.names()).not.toContain('.stackroom')
  await rm(filler)
  expect(await (await folder.open()).summary()).toMatchObject({ nodes: 5 })
})

test('a full disk refuses a change as a whole, and what was there before is kept', async (context) => {
  await smallDisk(context, folder.persistDir, 2 * megabyte)
  const storage = await folder.openPython()
  await storage.change(insertOf('/before.txt', 'before'))
  const filler = await fillUp(folder.persistDir)
  const many = Array.from({ length: 400 }, (_, index) => `text ${index} ${'x'.repeat(2000)}`)
  expect(await codeOf(storage.change(insertOf('/many.txt', ...many)))).toBe('disk-full')
  expect(await isFound(storage, '/before.txt', 'before')).toBe(true)
  expect(await storage.summary()).toMatchObject({ nodes: 6 })
  await rm(filler)
  await storage.change(insertOf('/after.txt', 'after'))
  await folder.close(storage)
  const again = await folder.open()
  expect(await isFound(again, '/before.txt', 'before')).toBe(true)
  expect(await isFound(again, '/after.txt', 'after')).toBe(true)
  expect(await again.summary()).toMatchObject({ nodes: 7 })
})

test('a full disk while persisting leaves the old files, and the next persist writes the new ones', async (context) => {
  await smallDisk(context, folder.persistDir, 2 * megabyte)
  const storage = await folder.openPython()
  await storage.change(insertOf('/new.txt', ...Array.from({ length: 20 }, (_, index) => `new ${index}`)))
  const before = await folder.texts()
  const filler = await fillUp(folder.persistDir)
  expect(await codeOf(storage.persist())).toBe('disk-full')
  expect(await folder.texts()).toEqual(before)
  expect((await folder.names()).filter((name) => name.includes('stackroom-new'))).toEqual([])
  expect(await storage.summary()).toMatchObject({ persisted: false })
  await rm(filler)
  await storage.persist()
  expect((await folder.texts())['docstore.json']).toContain('new 19')
})

test('a full disk under the data folder keeps a read-only folder from being opened, and says so', async (context) => {
  await smallDisk(context, folder.dataFolder, megabyte)
  await readOnlyFolder(context)
  const filler = await fillUp(folder.dataFolder)
  expect(await codeOf(folder.open())).toBe('disk-full')
  await rm(filler)
  expect(await (await folder.open()).summary()).toMatchObject({ nodes: 5, readOnly: true })
})

// What may not be written

async function readOnlyFolder(context: TestContext): Promise<void> {
  await cp(pythonFolder, folder.persistDir, { recursive: true })
  await mount(context, '--bind', folder.persistDir, folder.persistDir)
  await run('mount', ['-o', 'remount,bind,ro', folder.persistDir])
}

test('a read-only folder is searched, refuses changes, and takes in what another program wrote', async (context) => {
  await readOnlyFolder(context)
  const storage = await folder.open()
  expect(await storage.summary()).toMatchObject({ readOnly: true, nodes: 5, persisted: true })
  expect(await codeOf(storage.change(insertOf('/new.txt', 'new')))).toBe('read-only')
  expect(await storage.query(new Float32Array(384).fill(1), 3)).toHaveLength(3)
  expect(await folder.names()).not.toContain('.stackroom')

  const other = await TestFolder.make()
  const theirs = await other.openPython()
  await theirs.change(insertOf('/theirs.txt', 'theirs'))
  await theirs.persist()
  await run('mount', ['-o', 'remount,bind,rw', folder.persistDir])
  for (const name of jsonFiles) await cp(join(other.persistDir, name), join(folder.persistDir, name))
  await run('mount', ['-o', 'remount,bind,ro', folder.persistDir])
  await other[Symbol.asyncDispose]()
  await storage.persist()
  expect(await isFound(storage, '/theirs.txt', 'theirs')).toBe(true)
})

test('a folder that became read-only with pending changes is searched with them', async (context) => {
  const storage = await folder.openPython()
  await storage.change(insertOf('/pending.txt', 'pending'))
  await folder.close(storage)
  await mount(context, '--bind', folder.persistDir, folder.persistDir)
  await run('mount', ['-o', 'remount,bind,ro', folder.persistDir])
  for (const time of ['first', 'second']) {
    const readOnly = await folder.open()
    expect(await readOnly.summary(), time).toMatchObject({ readOnly: true, nodes: 6, persisted: false })
    expect(await isFound(readOnly, '/pending.txt', 'pending'), time).toBe(true)
    await folder.close(readOnly)
  }
  // Written on another machine, say.
  await run('mount', ['-o', 'remount,bind,rw', folder.persistDir])
  const writable = await folder.open()
  await writable.change(insertOf('/more.txt', 'more'))
  await folder.close(writable)
  await run('mount', ['-o', 'remount,bind,ro', folder.persistDir])
  expect(await (await folder.open()).summary()).toMatchObject({ readOnly: true, nodes: 7 })
})

test('a folder that became unwritable while it was open keeps its changes until it can be written again', async (context) => {
  const storage = await folder.openPython()
  await storage.change(insertOf('/new.txt', 'new'))
  const before = await folder.texts()
  // Also the superuser may not write to it then.
  await mount(context, '--bind', folder.persistDir, folder.persistDir)
  await run('mount', ['-o', 'remount,bind,ro', folder.persistDir])
  expect(['read-only', 'permission-denied']).toContain(await codeOf(storage.persist()))
  expect(await folder.texts()).toEqual(before)
  expect(await isFound(storage, '/new.txt', 'new')).toBe(true)
  await run('mount', ['-o', 'remount,bind,rw', folder.persistDir])
  await storage.persist()
  expect((await folder.texts())['docstore.json']).toContain('/new.txt')
})

test('a folder without permission to write is opened read-only', async (context) => {
  if (process.getuid?.() === 0) context.skip('the superuser may write everywhere')
  await cp(pythonFolder, folder.persistDir, { recursive: true })
  await chmod(folder.persistDir, 0o500)
  const storage = await folder.open()
  expect(await storage.summary()).toMatchObject({ readOnly: true, nodes: 5 })
  expect(await codeOf(storage.change(insertOf('/new.txt', 'new')))).toBe('read-only')
  await chmod(folder.persistDir, 0o700)
})

test('a JSON file that may not be read is named', async (context) => {
  if (process.getuid?.() === 0) context.skip('the superuser may read everything')
  await cp(pythonFolder, folder.persistDir, { recursive: true })
  await chmod(join(folder.persistDir, 'docstore.json'), 0o000)
  expect(await codeOf(folder.open())).toBe('permission-denied')
})

test('the mode of a file stays when it is replaced', async () => {
  const storage = await folder.openPython()
  await chmod(join(folder.persistDir, 'docstore.json'), 0o604)
  await storage.change(insertOf('/new.txt', 'new'))
  await storage.persist()
  expect((await stat(join(folder.persistDir, 'docstore.json'))).mode & 0o777).toBe(0o604)
})

// The folder goes or is swapped while it is open

test('a folder that was moved away while it was open refuses changes, and takes them when it is back', async () => {
  const storage = await folder.openPython()
  await storage.change(insertOf('/before.txt', 'before'))
  await rename(folder.persistDir, `${folder.persistDir} away`)
  expect(await codeOf(storage.change(insertOf('/lost.txt', 'lost')))).toBe('path-missing')
  expect(await codeOf(storage.persist())).toBe('path-missing')
  expect(await isFound(storage, '/before.txt', 'before')).toBe(true)
  await rename(`${folder.persistDir} away`, folder.persistDir)
  await storage.change(insertOf('/after.txt', 'after'))
  await storage.persist()
  const { 'docstore.json': text } = await folder.texts()
  expect(text).toContain('/before.txt')
  expect(text).toContain('/after.txt')
  expect(text).not.toContain('/lost.txt')
})

test('a folder that was deleted while it was open refuses changes', async () => {
  const storage = await folder.openPython()
  await rm(folder.persistDir, { recursive: true })
  expect(await codeOf(storage.change(insertOf('/new.txt', 'new')))).toBe('path-missing')
  expect(await codeOf(storage.persist())).toBe('no error')
  await folder.close(storage)
  expect(await codeOf(folder.open())).toBe('path-missing')
})

test('when only .stackroom was deleted while it was open, committed changes still get into the files', async () => {
  const storage = await folder.openPython()
  await storage.change(insertOf('/new.txt', 'new'))
  await rm(join(folder.persistDir, '.stackroom'), { recursive: true })
  expect(await codeOf(storage.change(insertOf('/more.txt', 'more')))).toBe('path-missing')
  await storage.persist()
  await folder.close(storage)
  const again = await folder.open()
  expect(await isFound(again, '/new.txt', 'new')).toBe(true)
})

// Two processes

/** Holds the folder open in a process of its own. */
async function holdElsewhere(): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'hold-folder.ts'), folder.persistDir, folder.dataFolder],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  children.push(child)
  await new Promise<void>((opened, fail) => {
    child.stdout.once('data', () => opened())
    child.once('exit', () => fail(new Error('The other process ended.')))
  })
  return child
}

test('a second process searches and may not change; when the first one is killed, the next takes over', async () => {
  await cp(pythonFolder, folder.persistDir, { recursive: true })
  const holder = await holdElsewhere()
  const second = await folder.open()
  expect(await second.summary()).toMatchObject({ readOnly: true, nodes: 6 })
  expect(await isFound(second, '/held.txt', 'held')).toBe(true)
  const refused: unknown = await second.change(insertOf('/new.txt', 'new')).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(StackroomError)
  expect(refused).toMatchObject({
    code: 'locked',
    message: expect.stringContaining(String(holder.pid)) as string,
  })
  await folder.close(second)

  const ended = new Promise((done) => holder.once('exit', done))
  holder.kill('SIGKILL')
  await ended
  const third = await folder.open()
  expect(await third.summary()).toMatchObject({ readOnly: false, nodes: 6, persisted: false })
  await third.change(insertOf('/new.txt', 'new'))
  await third.persist()
})

// Clocks

test('a change is noticed whatever the time stamps say', async () => {
  const storage = await folder.openPython()
  const path = join(folder.persistDir, 'docstore.json')
  const text = await readFile(path, 'utf8')
  const { atime, mtime } = await stat(path)
  const edits = [
    ['a clock that went back', new Date(0)],
    ['a clock ahead', new Date(Date.now() + 1e10)],
    ['the same time', mtime],
  ] as const
  for (const [index, [, time]] of edits.entries()) {
    // Of the same length, too.
    await writeFile(
      path,
      text.replace('"text": "', `"text": "${index}`).replace('every minute.', 'every minute'),
    )
    await utimes(path, atime, time)
    await storage.persist()
    const [node] = (await storage.nodes(Object.keys(docstoreOf(text)['docstore/data']))).filter(
      ({ text: found }) => found.startsWith(String(index)),
    )
    expect(node).toBeDefined()
  }
})

// Names

const longName = 'n'.repeat(250)

test.each([
  'with spaces  and  more ',
  `'single' "double" \`back\``,
  'line\nbreak\ttab',
  'emoji 😀 and é and e\u0301',
  'CON',
  'a:b*c?<d>|e\\f',
  '-rf',
  '%20..%2F',
  longName,
])('a folder named %j is made, changed, persisted and opened again', async (name) => {
  folder.persistDir = join(folder.home, name)
  const storage = await folder.create()
  await storage.change(insertOf(`/${name}/a.txt`, name))
  await storage.persist()
  await storage.change({ deleteRefDocIds: ['not there'], ...insertOf('/b.txt', 'b') })
  await storage.persist()
  await folder.close(storage)
  const again = await folder.open()
  expect(await isFound(again, `/${name}/a.txt`, name)).toBe(true)
  expect((await again.nodesOfDocument(`/${name}/a.txt`)).map(({ text }) => text)).toEqual([name])
  expect(docstoreOf((await folder.texts())['docstore.json'])['docstore/ref_doc_info']).toHaveProperty([
    `/${name}/a.txt`,
  ])
})

test('a vector store file with a name as long as the system allows is replaced', async () => {
  await cp(pythonFolder, folder.persistDir, { recursive: true })
  const name = `${'v'.repeat(255 - '__vector_store.json'.length)}__vector_store.json`
  await cp(join(folder.persistDir, 'default__vector_store.json'), join(folder.persistDir, name))
  const storage = await folder.open()
  const [id] = Object.keys(docstoreOf((await folder.texts())['docstore.json'])['docstore/ref_doc_info'])
  await storage.change({ deleteRefDocIds: [id!] })
  await storage.persist()
  expect(await readFile(join(folder.persistDir, name), 'utf8')).not.toContain(id)
  expect((await folder.names()).filter((found) => found.includes('stackroom-new'))).toEqual([])
})

// Links and mounts

test('a folder reached through a symbolic link is the same folder', async () => {
  const storage = await folder.openPython()
  await storage.change(insertOf('/new.txt', 'new'))
  const real = folder.persistDir
  folder.persistDir = join(folder.home, 'a link')
  await symlink(real, folder.persistDir)
  const linked = await folder.open()
  expect(await linked.summary()).toMatchObject({ readOnly: true, nodes: 6 })
  await folder.close(linked)
  await folder.close(storage)
  const again = await folder.open()
  await again.persist()
  expect((await lstat(folder.persistDir)).isSymbolicLink()).toBe(true)
  expect(await readFile(join(real, 'docstore.json'), 'utf8')).toContain('/new.txt')
})

test('a JSON file that is a symbolic link stays one: the file it points to is replaced, and a crash leaves nothing there', async () => {
  await cp(pythonFolder, folder.persistDir, { recursive: true })
  const elsewhere = join(folder.home, 'elsewhere')
  await mkdir(elsewhere)
  const target = join(elsewhere, 'docs.json')
  await rename(join(folder.persistDir, 'docstore.json'), target)
  await symlink(target, join(folder.persistDir, 'docstore.json'))
  await writeFile(`${target}.stackroom-new`, 'half of a persist that was killed')
  const storage = await folder.open()
  expect(await readdir(elsewhere)).toEqual(['docs.json'])
  await storage.change(insertOf('/new.txt', 'new'))
  await storage.persist()
  expect(await readlink(join(folder.persistDir, 'docstore.json'))).toBe(target)
  expect(await readFile(target, 'utf8')).toContain('/new.txt')
  expect(await readdir(elsewhere)).toEqual(['docs.json'])
})

test('a link whose target went away is not written over', async () => {
  await cp(pythonFolder, folder.persistDir, { recursive: true })
  const target = join(folder.home, 'docs.json')
  await rename(join(folder.persistDir, 'docstore.json'), target)
  await symlink(target, join(folder.persistDir, 'docstore.json'))
  const storage = await folder.open()
  await storage.change(insertOf('/new.txt', 'new'))
  await rename(target, `${target} away`)
  expect(await codeOf(storage.persist())).toBe('path-missing')
  expect((await lstat(join(folder.persistDir, 'docstore.json'))).isSymbolicLink()).toBe(true)
  await rename(`${target} away`, target)
  await storage.persist()
  expect(await readFile(target, 'utf8')).toContain('/new.txt')
})

test('a hard link keeps the old content when a change is written, and the summary says so beforehand', async () => {
  await cp(pythonFolder, folder.persistDir, { recursive: true })
  const path = join(folder.persistDir, 'docstore.json')
  const before = await readFile(path, 'utf8')
  await link(path, join(folder.home, 'other name.json'))
  const storage = await folder.open()
  expect((await storage.summary()).warnings.join()).toMatch(/hard links.*docstore\.json/)
  await storage.change(insertOf('/new.txt', 'new'))
  await storage.persist()
  expect(await readFile(path, 'utf8')).toContain('/new.txt')
  expect(await readFile(join(folder.home, 'other name.json'), 'utf8')).toBe(before)
})

test('a JSON file that is a mount of its own is written in place', async (context) => {
  await cp(pythonFolder, folder.persistDir, { recursive: true })
  const outside = join(folder.home, 'outside.json')
  await cp(join(pythonFolder, 'docstore.json'), outside)
  await mount(context, '--bind', outside, join(folder.persistDir, 'docstore.json'))
  const storage = await folder.open()
  await storage.change(insertOf('/new.txt', 'new'))
  await storage.persist()
  expect(await readFile(outside, 'utf8')).toContain('/new.txt')
  expect(await storage.summary()).toMatchObject({ persisted: true, changedOutside: false })
  expect((await folder.names()).filter((name) => name.includes('stackroom-new'))).toEqual([])
})

test('a JSON file on another disk is replaced through its link', async (context) => {
  await cp(pythonFolder, folder.persistDir, { recursive: true })
  const disk = join(folder.home, 'disk')
  await smallDisk(context, disk, 4 * megabyte)
  await cp(join(pythonFolder, 'docstore.json'), join(disk, 'docstore.json'))
  await rm(join(folder.persistDir, 'docstore.json'))
  await symlink(join(disk, 'docstore.json'), join(folder.persistDir, 'docstore.json'))
  const storage = await folder.open()
  await storage.change(insertOf('/new.txt', 'new'))
  await storage.persist()
  expect(await readFile(join(disk, 'docstore.json'), 'utf8')).toContain('/new.txt')
})

// The working store itself

const workingStore = (): string => join(folder.persistDir, '.stackroom', 'working.sqlite')

test.each([
  ['is no database', (path: string) => writeFile(path, 'garbage'.repeat(1000))],
  ['was cut off', (path: string) => truncate(path, 5000)],
  [
    'is of another version',
    async (path: string) => {
      const database = new Database(path)
      database.pragma('user_version = 99')
      database.close()
    },
  ],
  ['lost its vectors', (path: string) => removePacked(path)],
])(
  'a working store that %s is set aside with its vectors and told of; the JSON files win',
  async (_, damage) => {
    const storage = await folder.openPython()
    await storage.change(insertOf('/persisted.txt', 'persisted'))
    await storage.persist()
    await storage.change(insertOf('/pending.txt', 'pending'))
    await folder.close(storage)
    await damage(workingStore())
    const again = await folder.open()
    const summary = await again.summary()
    expect(summary).toMatchObject({ nodes: 6, persisted: true })
    expect(summary.warnings.join()).toContain('set-aside')
    expect(await isFound(again, '/persisted.txt', 'persisted')).toBe(true)
    const [aside] = await readdir(join(folder.persistDir, '.stackroom/set-aside'))
    const kept = await readdir(join(folder.persistDir, '.stackroom/set-aside', aside!))
    expect(kept).toContain('working.sqlite')
    await again.change(insertOf('/more.txt', 'more'))
    await again.persist()
  },
)

async function removePacked(path: string, replace?: (path: string) => Promise<unknown>): Promise<void> {
  const working = join(path, '..')
  for (const name of await readdir(working)) {
    if (!name.endsWith('.f32')) continue
    await rm(join(working, name))
    await replace?.(join(working, name))
  }
}

test.each([true, false])(
  'a folder in the place of packed vectors is no damage to what was persisted (%s) and is set aside with what was not',
  async (isPersisted) => {
    const storage = await folder.create()
    // Few and short: a folder is larger than such a file.
    await storage.change({ insert: [buildNodes('/a.txt', ['one'], 8)] })
    await storage.persist()
    if (!isPersisted) await storage.change({ insert: [buildNodes('/b.txt', ['two'], 8)] })
    await folder.close(storage)
    await removePacked(workingStore(), (path) => mkdir(path))
    const again = await folder.open()
    const { nodes, warnings } = await again.summary()
    expect({ nodes, warned: warnings.length > 0 }).toEqual({ nodes: 1, warned: !isPersisted })
    const [vector] = buildNodes('/a.txt', ['one'], 8).vectors
    expect((await again.query(vector!, 1))[0]).toMatchObject({ nodeId: '/a.txt#one' })
  },
)

test('settings that make no sense are refused before anything is written, and the folder is not taken for damaged', async () => {
  const { dataFolder, persistDir } = folder
  const { embedModel, ...rest } = settingsOf(1)
  const wrong = { ...rest, embedModel: { ...embedModel!, dimensions: 1.5 } }
  const refused = {
    code: 'invalid-input',
    message: expect.stringContaining('embedModel.dimensions') as string,
  }
  const created = createStorageFolder({ persistDir, dataFolder, settings: wrong })
  await expect(created).rejects.toMatchObject(refused)
  expect(await codeOf(stat(persistDir))).toContain('ENOENT')

  const storage = await folder.create()
  await storage.change(insertOf('/a.txt', 'one'))
  await expect(storage.writeSettings(wrong)).rejects.toMatchObject(refused)
  await expect(storage.replacement.finish(wrong)).rejects.toMatchObject(refused)
  await folder.close(storage)
  const again = await folder.open()
  expect(await isFound(again, '/a.txt', 'one')).toBe(true)
  expect(await again.summary()).toMatchObject({ warnings: [], settings: { name: 'test' } })
})

test('a working store of another version without changes of its own is made anew without a word', async () => {
  const storage = await folder.openPython()
  await folder.close(storage)
  const database = new Database(workingStore())
  database.pragma('user_version = 99')
  database.close()
  expect(await (await folder.open()).summary()).toMatchObject({ nodes: 5, warnings: [] })
})

test('without .stackroom everything that was persisted is there', async () => {
  const storage = await folder.openPython()
  await storage.change(insertOf('/persisted.txt', 'persisted'))
  await storage.persist()
  await folder.close(storage)
  await rm(join(folder.persistDir, '.stackroom'), { recursive: true })
  expect(await isFound(await folder.open(), '/persisted.txt', 'persisted')).toBe(true)
})

test('a folder that is copied with its .stackroom keeps its pending changes, and is not read again', async () => {
  const storage = await folder.openPython()
  await storage.change(insertOf('/pending.txt', 'pending'))
  await folder.close(storage)
  const copy = join(folder.home, 'copied to another machine')
  await cp(folder.persistDir, copy, { recursive: true })
  await rm(folder.persistDir, { recursive: true })
  folder.persistDir = copy
  const { ino } = await stat(workingStore())
  const again = await folder.open()
  expect(await again.summary()).toMatchObject({ nodes: 6, persisted: false, conflict: false, warnings: [] })
  expect((await stat(workingStore())).ino).toBe(ino)
  expect(await isFound(again, '/pending.txt', 'pending')).toBe(true)
  await again.persist()
  expect((await folder.texts())['docstore.json']).toContain('/pending.txt')
})

test('a commit.json that could not be removed does not make a later change forgotten', async () => {
  const storage = await folder.openPython()
  await storage.change(insertOf('/first.txt', 'first'))
  await storage.persist()
  await folder.close(storage)
  const commit = join(folder.persistDir, '.stackroom/commit.json')
  const files = await Promise.all(
    jsonFiles.map(async (name) => {
      const bytes = await readFile(join(folder.persistDir, name))
      return {
        name,
        base: { stamp: 'old', bytes: 1, checksum: 1 },
        bytes: bytes.length,
        checksum: crc32(bytes),
      }
    }),
  )
  const again = await folder.open()
  await again.change(insertOf('/second.txt', 'second'))
  await folder.close(again)
  await writeFile(commit, JSON.stringify({ unpersisted: 'the first change', files }))
  const third = await folder.open()
  expect(await third.summary()).toMatchObject({ persisted: false })
  await third.persist()
  expect((await folder.texts())['docstore.json']).toContain('/second.txt')
})

test('a folder copied in the middle of a persist is rolled forward where it was copied to', async () => {
  const storage = await folder.openPython()
  const before = await folder.texts()
  await storage.change(insertOf('/new.txt', 'new'))
  await storage.persist()
  const after = await folder.texts()
  await folder.close(storage)
  const contentOf = (text: string) => ({ bytes: Buffer.byteLength(text), checksum: crc32(text) })
  const files = jsonFiles.map((name) => ({
    name,
    base: { stamp: 'of another disk', ...contentOf(before[name]!) },
    ...contentOf(after[name]!),
  }))
  // One file is in place, two wait.
  for (const name of jsonFiles.slice(1)) {
    await writeFile(join(folder.persistDir, name), before[name]!)
    await writeFile(join(folder.persistDir, `${name}.stackroom-new`), after[name]!)
  }
  await writeFile(
    join(folder.persistDir, '.stackroom/commit.json'),
    JSON.stringify({ unpersisted: null, files }),
  )
  await folder.open()
  expect(await folder.texts()).toEqual(after)
})

test('making a new index that was broken off before there was anything can be done again', async () => {
  await mkdir(join(folder.persistDir, '.stackroom'), { recursive: true })
  await writeFile(join(folder.persistDir, '.stackroom/working.sqlite.new'), 'half')
  const { persistDir, dataFolder } = folder
  await using storage = await createStorageFolder({ persistDir, dataFolder, settings })
  await storage.change({ insert: [buildNodes('/a.txt', ['a'])] })
  expect(await storage.summary()).toMatchObject({ nodes: 1, settings: { name: 'test' } })
})

test('leftovers that are not Stackroom’s stay', async () => {
  await cp(pythonFolder, folder.persistDir, { recursive: true })
  const theirs = [
    'docstore.json.bak',
    'notes.stackroom-new',
    'working.sqlite.new',
    '.hidden',
    'docstore.json~',
  ]
  for (const name of theirs) await writeFile(join(folder.persistDir, name), 'mine')
  const storage = await folder.open()
  await storage.change(insertOf('/new.txt', 'new'))
  await storage.persist()
  await folder.close(storage)
  await using again = await openStorageFolder(folder)
  expect(await again.summary()).toMatchObject({ nodes: 6 })
  expect(await folder.names()).toEqual(expect.arrayContaining(theirs))
})
