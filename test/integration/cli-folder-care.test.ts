/** The commands that look after a storage folder, each as its own process, run from source. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderInfoSchema, ingestReportSchema, removalSchema, verifyReportSchema } from '#contract'
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { buildNodes } from './storage-documents.ts'

const root = resolve(import.meta.dirname, '../..')
let folder: string
let persistDir: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-cli-care-'))
  persistDir = join(folder, 'storage')
  await cp(join(root, 'test/fixtures/python-storage/storage'), persistDir, { recursive: true })
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(root, 'src-main/hosts/cli/main.ts'), ...args], {
    cwd: folder,
    env: { ...process.env, STACKROOM_DATA: join(folder, 'data') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close') as Promise<[number | null]>
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, stdout, stderr }
}

async function info() {
  return folderInfoSchema.parse(JSON.parse((await run('info', 'storage', '--json')).stdout))
}

async function refDocIds(): Promise<string[]> {
  const docstore = JSON.parse(await readFile(join(persistDir, 'docstore.json'), 'utf8')) as Record<
    string,
    object
  >
  return Object.keys(docstore['docstore/ref_doc_info'] ?? {})
}

test('a whole folder verifies with exit code 0, and nothing is put into it', async () => {
  const before = await readdir(persistDir)
  const { code, stdout, stderr } = await run('verify', 'storage', '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(verifyReportSchema.parse(JSON.parse(stdout))).toMatchObject({ ok: true, nodes: 5, problems: [] })
  expect(await readdir(persistDir)).toEqual(before)
})

test('an inconsistency is told with its place and exit code 1, and mended with --repair', async () => {
  const path = join(persistDir, 'default__vector_store.json')
  const store = JSON.parse(await readFile(path, 'utf8')) as { embedding_dict: Record<string, number[]> }
  store.embedding_dict['stray'] = Object.values(store.embedding_dict)[0]!
  await writeFile(path, JSON.stringify(store))

  const found = await run('verify', 'storage', '--no-model')
  expect(found.code).toBe(1)
  expect(found.stdout).toMatch(
    /error vector-without-node \(default__vector_store\.json, embedding_dict, byte \d+\)/,
  )
  const repaired = await run('verify', 'storage', '--repair', '--json', '--no-model')
  expect(repaired.code).toBe(0)
  const { repair } = verifyReportSchema.parse(JSON.parse(repaired.stdout))
  expect(repair!.actions).toMatchObject([{ code: 'vector-without-node', count: 1 }])
  expect(JSON.parse(await readFile(join(repair!.backup!, 'default__vector_store.json'), 'utf8'))).toEqual(
    store,
  )
})

test('documents are removed; ids that are none are named, with exit code 1', async () => {
  const [first, second, third] = await refDocIds()
  const { code, stdout, stderr } = await run('remove', 'storage', first!, 'nobody', '--json')
  expect(code).toBe(1)
  expect(stderr).toContain('nobody')
  expect(removalSchema.parse(JSON.parse(stdout))).toEqual({ removed: [first], unknown: ['nobody'] })
  expect(await refDocIds()).not.toContain(first)

  expect((await run('remove', 'storage', second!, '--keep-in-docstore')).code).toBe(0)
  expect(await refDocIds()).toContain(second)
  const vectors = await readFile(join(persistDir, 'default__vector_store.json'), 'utf8')
  expect(vectors).not.toContain(second)
  expect(vectors).toContain(third)
})

test('files are indexed into a folder that Python wrote, and removed by their paths', async () => {
  const note = join(folder, 'tea.txt')
  await writeFile(note, 'Green tea is steeped at eighty degrees.')
  const indexed = await run('index', note, '--to', 'storage', '--json')
  expect(ingestReportSchema.parse(JSON.parse(indexed.stdout))).toMatchObject({ documents: 1, nodes: 1 })
  expect(await info()).toMatchObject({ documents: 6, nodes: 6, persisted: true, conflict: false })
  expect((await run('remove', 'storage', note)).code).toBe(0)
  expect(await info()).toMatchObject({ documents: 5, nodes: 5 })
})

/** Changes on both sides: a document of ours that waits for a persist, and a word that another program changed. */
async function makeConflict(): Promise<void> {
  const storage = await openStorageFolder({ persistDir, dataFolder: join(folder, 'data') })
  await storage.change({ insert: [buildNodes('/new.txt', ['new'], 384)] })
  await storage.close()
  const path = join(persistDir, 'docstore.json')
  await writeFile(path, (await readFile(path, 'utf8')).replace('at dusk', 'at dawn'))
}

test.each([
  ['files', 5],
  ['stackroom', 6],
] as const)('persist refuses when both sides changed, and --keep %s ends it', async (keep, documents) => {
  await makeConflict()
  const before = await readFile(join(persistDir, 'docstore.json'))
  expect(await info()).toMatchObject({ persisted: false, conflict: true })
  const refused = await run('persist', 'storage')
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('--keep files')
  expect((await readFile(join(persistDir, 'docstore.json'))).equals(before)).toBe(true)

  const kept = await run('persist', 'storage', '--keep', keep)
  expect(kept.code).toBe(0)
  const backup = /is in (.*)\n/.exec(kept.stdout)![1]!
  expect(await readdir(backup)).toContain('docstore.json')
  expect(await info()).toMatchObject({ documents, persisted: true, conflict: false })
  expect((await readFile(join(persistDir, 'docstore.json'), 'utf8')).includes('at dawn')).toBe(
    keep === 'files',
  )
})

test('persist brings the files up to date and says nothing', async () => {
  const storage = await openStorageFolder({ persistDir, dataFolder: join(folder, 'data') })
  await storage.change({ insert: [buildNodes('/new.txt', ['new'], 384)] })
  await storage.close()
  expect(await run('persist', 'storage')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(await refDocIds()).toContain('/new.txt')
})

test('an unknown side to keep is wrong usage: exit code 2', async () => {
  expect((await run('persist', 'storage', '--keep', 'both')).code).toBe(2)
})
