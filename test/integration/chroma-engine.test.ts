/** Chroma's engine as a child process: when it starts, when it ends, and which folders it refuses. */
import Database from 'better-sqlite3'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { findEngineBinding } from '#engine/stores/chroma/engine-binding.ts'
import type { ChromaEngine, ChromaEngineOptions } from '#engine/stores/chroma/chroma-engine.ts'
import { openChromaEngine, openChromaStore } from '#engine/stores/chroma/open-chroma-store.ts'
import { nodeOf } from './store-conformance.ts'
import { weakenSymbolVersion } from '#engine/stores/chroma/weaken-symbol-version.ts'
import { codeOf } from './storage-test-folder.ts'

const owner = resolve(import.meta.dirname, 'chroma-owner.ts')
/** Shared by all runs: a copy of the engine is 47 MB. */
const cacheFolder = join(tmpdir(), 'stackroom-test-cache')

let home: string
let folder: string
let opened: ChromaEngine[]
let children: ChildProcess[]

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-chroma-'))
  folder = join(home, 'chroma')
  opened = []
  children = []
})

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(opened.map((engine) => engine.close()))
  await rm(home, { recursive: true, force: true })
})

function engineOn(path: string, options: Partial<ChromaEngineOptions> = {}): ChromaEngine {
  const engine = openChromaEngine({ folder: path, cacheFolder, migrate: false, ...options })
  opened.push(engine)
  return engine
}

async function ask(engine: ChromaEngine): Promise<string> {
  return engine.use(async (address) => {
    expect((await fetch(`${address}/api/v2/heartbeat`)).ok).toBe(true)
    return address
  })
}

async function pidOf(engine: ChromaEngine): Promise<number> {
  await ask(engine)
  const pid = await engine.pid()
  if (pid === null) throw new Error('there is no engine')
  return pid
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Polls; a process that is killed is there until its parent has taken note. */
async function expectEnded(pid: number): Promise<void> {
  await expect.poll(() => isAlive(pid)).toBe(false)
}

test('the engine is started by the first call, on loopback only, and ended by close', async () => {
  const engine = engineOn(folder)
  expect(await engine.pid()).toBeNull()
  expect(await ask(engine)).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  const pid = await pidOf(engine)
  await engine.close()
  await expectEnded(pid)
  await expect(ask(engine)).rejects.toThrow('closed')
})

test('calls that come at once share one engine', async () => {
  const engine = engineOn(folder)
  const addresses = await Promise.all([ask(engine), ask(engine), ask(engine)])
  expect(new Set(addresses).size).toBe(1)
})

test('an engine that died is started again, and the call under way is done again', async () => {
  const engine = engineOn(folder)
  const first = await pidOf(engine)
  let attempts = 0
  const answer = await engine.use(async (address) => {
    if (attempts++ === 0) process.kill(first, 'SIGKILL')
    const response = await fetch(`${address}/api/v2/heartbeat`)
    return response.ok
  })
  expect(answer).toBe(true)
  expect(await engine.pid()).not.toBe(first)
  await expectEnded(first)
})

test('an engine that dies under the same call again and again is told as damage', async () => {
  const engine = engineOn(folder)
  const dying = engine.use(async (address) => {
    process.kill((await engine.pid()) ?? 0, 'SIGKILL')
    await fetch(`${address}/api/v2/heartbeat`)
  })
  expect(await codeOf(dying)).toBe('damaged-file')
})

test('an engine that nothing is asked of ends, and starts again', async () => {
  const engine = engineOn(folder, { idleMs: 1 })
  const first = await pidOf(engine).catch(() => null)
  await expect.poll(() => engine.pid()).toBeNull()
  if (first !== null) await expectEnded(first)
  await ask(engine)
})

test.each(['wait', 'throw', 'end'])('an owner that ends takes its engine along: %s', async (ending) => {
  const child = spawn(process.execPath, [owner, folder, ending, cacheFolder], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  children.push(child)
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const pid = Number(line)
  expect(pid).toBeGreaterThan(1)
  if (ending === 'wait') {
    expect(isAlive(pid)).toBe(true)
    child.kill('SIGKILL')
  }
  await expectEnded(pid)
})

test('an owner that is killed before its engine is ready leaves none behind', async () => {
  const child = spawn(process.execPath, [owner, folder, 'at once', cacheFolder], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  children.push(child)
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  await once(child, 'exit')
  await expectEnded(Number(line))
})

test('SIGTERM ends the engine, too', async () => {
  const pid = await pidOf(engineOn(folder))
  process.kill(pid, 'SIGTERM')
  await expectEnded(pid)
})

test('a folder is opened by one engine at a time, and the sentence names the other', async () => {
  const pid = await pidOf(engineOn(folder))
  const second = engineOn(folder)
  await expect(ask(second)).rejects.toMatchObject({ code: 'locked' })
  await expect(ask(second)).rejects.toThrow(`process ${pid}`)
})

test.skipIf(process.platform === 'win32')(
  'a folder that another program has open is refused with its name',
  async () => {
    await ask(engineOn(folder))
    await opened[0]?.close()
    const hold =
      'new (require("better-sqlite3"))(process.argv[1]).prepare("SELECT count(*) FROM tenants").get(); setInterval(() => 0, 1000); console.log("open")'
    const child = spawn(process.execPath, ['-e', hold, join(folder, 'chroma.sqlite3')], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    await once(createInterface(child.stdout), 'line')
    const refused = ask(engineOn(folder))
    await expect(refused).rejects.toMatchObject({ code: 'locked' })
    await expect(refused).rejects.toThrow(`process ${child.pid}`)
  },
)

/** A folder with one record, whose migrations are changed then. */
async function withMigrations(sql: string): Promise<Buffer> {
  const engine = engineOn(folder)
  const store = await openChromaStore(engine, { collection: 'records', create: { embeddingFunction: null } })
  await store.add([nodeOf('a', [1, 0, 0])])
  await engine.close()
  const path = join(folder, 'chroma.sqlite3')
  const database = new Database(path)
  database.exec(sql)
  database.close()
  return readFile(path)
}

test('a folder of a newer Chroma is refused and left as it is', async () => {
  const before = await withMigrations(
    "INSERT INTO migrations (dir, version, filename, sql, hash) VALUES ('sysdb', 99, 'later', '', '')",
  )
  const refused = ask(engineOn(folder))
  await expect(refused).rejects.toMatchObject({ code: 'unsupported-format' })
  await expect(refused).rejects.toThrow('sysdb 99')
  expect((await readFile(join(folder, 'chroma.sqlite3'))).equals(before)).toBe(true)
})

test('a damaged database, and one that is not of Chroma, are refused', async () => {
  await withMigrations('DROP TABLE migrations')
  expect(await codeOf(ask(engineOn(folder)))).toBe('unsupported-format')
  const other = join(home, 'other')
  await cp(folder, other, { recursive: true })
  const path = join(other, 'chroma.sqlite3')
  await promisify(execFile)('dd', ['if=/dev/urandom', `of=${path}`, 'bs=4096', 'count=4', 'conv=notrunc'])
  expect(await codeOf(ask(engineOn(other)))).toBe('damaged-file')
})

const expectedSchema = z.record(
  z.string(),
  z.object({
    metadata: z.record(z.string(), z.unknown()).nullish(),
    records: z.record(z.string(), z.object({ vector: z.array(z.number()), document: z.string().nullable() })),
  }),
)

const chromaFixtures = resolve(import.meta.dirname, '../fixtures/chroma')

test.each(['0.4.24', '0.5.23', '0.6.3', '1.0.20'])(
  'a folder of Chroma %s is opened only when its migration is allowed, and after a backup',
  async (version) => {
    const fixture = join(chromaFixtures, version)
    await cp(join(fixture, 'chroma'), folder, { recursive: true })
    const before = await readFile(join(folder, 'chroma.sqlite3'))
    expect(await codeOf(ask(engineOn(folder)))).toBe('older-format')
    expect((await readFile(join(folder, 'chroma.sqlite3'))).equals(before)).toBe(true)

    const backups: string[] = []
    const engine = engineOn(folder, { migrate: true, onBackup: (backup) => backups.push(backup) })
    const expected = expectedSchema.parse(JSON.parse(await readFile(join(fixture, 'expected.json'), 'utf8')))
    for (const [collection, { records, metadata }] of Object.entries(expected)) {
      const store = await openChromaStore(engine, { collection })
      expect(store.metric).toBe(metadata?.['hnsw:space'] ?? 'l2')
      expect(await store.count()).toBe(Object.keys(records).length)
      for (const { nodeId, node, vector } of await store.get({ vectors: true })) {
        expect(node?.text).toBe(records[nodeId]?.document ?? '')
        // Of old folders with cosine the engine has the unit vector and its length.
        for (const [index, value] of (records[nodeId]?.vector ?? []).entries())
          expect(vector?.[index]).toBeCloseTo(value, 5)
        expect(vector).toHaveLength(records[nodeId]?.vector.length ?? 0)
      }
    }
    await engine.close()

    expect(backups).toHaveLength(1)
    const backup = backups[0] ?? ''
    const kept = new Database(join(backup, 'chroma.sqlite3'), { readonly: true })
    const sysdb = kept.prepare("SELECT max(version) FROM migrations WHERE dir = 'sysdb'").pluck().get()
    kept.close()
    expect(Number(sysdb)).toBeLessThan(10)
    const segments = async (path: string): Promise<string[]> =>
      (await readdir(path)).filter((name) => /^[0-9a-f-]{36}$/.test(name)).sort()
    expect(await segments(backup)).toEqual(await segments(join(fixture, 'chroma')))
  },
)

test('where there is no engine the way out is told', () => {
  expect(() => findEngineBinding('win32', 'arm64')).toThrow('no Chroma engine for win32 on arm64')
})

test.each([
  ['darwin', 'arm64'],
  ['darwin', 'x64'],
  ['linux', 'arm64'],
  ['linux', 'x64'],
  ['win32', 'x64'],
] as const)(
  'the engine for %s on %s is one of the packages that npm is asked for',
  async (platform, arch) => {
    const { optionalDependencies } = packageSchema.parse(
      JSON.parse(await readFile(resolve(import.meta.dirname, '../../package.json'), 'utf8')),
    )
    let looked: string
    try {
      looked = findEngineBinding(platform, arch).path
    } catch (error) {
      // Installed for this machine only.
      looked = error instanceof StackroomError && error.cause instanceof Error ? error.cause.message : ''
    }
    const names = Object.keys(optionalDependencies).filter((name) => looked.includes(`${name}/`))
    expect(names).toHaveLength(1)
    expect(names[0]).toMatch(new RegExp(`-${platform}-${arch}`))
  },
)

const packageSchema = z.object({ optionalDependencies: z.record(z.string(), z.string()) })

test.skipIf(process.platform !== 'linux')(
  'a library asks weakly for a version after one byte of it was changed',
  async () => {
    const before = await readFile(findEngineBinding().path)
    const after = Buffer.from(before)
    expect(weakenSymbolVersion(after, 'GLIBC_9.99')).toBe(false)
    expect(after.equals(before)).toBe(true)
    expect(weakenSymbolVersion(after, 'GLIBC_2.39')).toBe(true)
    let places = 0
    for (let place = 0; place < after.length; place++) if (after[place] !== before[place]) places++
    expect(places).toBe(1)
    expect(weakenSymbolVersion(Buffer.from('no library, but a text of some length'), 'GLIBC_2.39')).toBe(
      false,
    )
  },
)
