/** Killed in the middle and started again: what was embedded is not embedded a second time, what was committed is not read again. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, watch, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ingestReportSchema, refreshReportSchema } from '#contract'
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'

const root = resolve(import.meta.dirname, '../..')
const files = 400
let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-crash-'))
  await mkdir(join(home, 'sources'))
  for (let n = 0; n < files; n++)
    await writeFile(join(home, 'sources', `${String(n).padStart(4, '0')}.txt`), `Report number ${n}.`)
})
afterEach(() => rm(home, { recursive: true, force: true }))

async function embedded(): Promise<string[]> {
  const path = join(home, 'embedded.txt')
  if (!existsSync(path)) return []
  // The last line may have been cut off by the kill.
  return (await readFile(path, 'utf8')).split('\n').filter((line) => line.endsWith('"'))
}

/** Resolves when the condition holds; looked at whenever something in the folder changes. */
async function until(folder: string, condition: () => Promise<boolean>): Promise<void> {
  const controller = new AbortController()
  const changes = watch(folder, { signal: controller.signal })[Symbol.asyncIterator]()
  // It listens from the first call on.
  let next = changes.next()
  while (!(await condition())) {
    await next
    next = changes.next()
  }
  next.catch(() => undefined)
  controller.abort()
}

test('nothing is embedded twice when indexing is killed again and again', async () => {
  const child = join(import.meta.dirname, 'ingest-crash-child.ts')
  let mode = 'new'
  for (const kept of [8, 120, 250]) {
    const running = spawn(process.execPath, [child, home, mode], { stdio: ['ignore', 'ignore', 'inherit'] })
    const ended = once(running, 'exit') as Promise<[number | null, string | null]>
    await until(home, async () => (await embedded()).length >= kept)
    running.kill('SIGKILL')
    expect((await ended)[1]).toBe('SIGKILL')
    mode = 'old'
  }
  const last = spawn(process.execPath, [child, home, mode], { stdio: ['ignore', 'pipe', 'inherit'] })
  const report = ingestReportSchema.parse(JSON.parse(await text(last.stdout)))
  expect(report.added + report.unchanged).toBe(files)
  expect(report.unchanged).toBeGreaterThan(0)
  const texts = await embedded()
  expect(new Set(texts).size).toBe(texts.length)
  await using storage = await openStorageFolder({
    persistDir: join(home, 'storage'),
    dataFolder: join(home, 'data'),
  })
  expect(await storage.summary()).toMatchObject({ documents: files, nodes: files })
})

test('an indexing that was killed is gone on with by a refresh, with the sources that it was given', async () => {
  const environment = { ...process.env, STACKROOM_DATA: join(home, 'data') }
  const cli = join(root, 'src-main/hosts/cli/main.ts')
  const start = (...args: string[]) =>
    spawn(process.execPath, [cli, ...args], {
      cwd: home,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  const running = start('index', 'sources', '--to', 'storage', '--json')
  const ended = once(running, 'exit')
  // The embedding cache is written while the first nodes are embedded.
  await mkdir(join(home, 'data'), { recursive: true })
  await until(join(home, 'data'), async () => existsSync(join(home, 'data/embeddings.sqlite-wal')))
  running.kill('SIGKILL')
  await ended
  const refresh = start('refresh', 'storage', '--json')
  const report = refreshReportSchema.parse(JSON.parse(await text(refresh.stdout)))
  expect(report.added + report.unchanged).toBe(files)
  const again = start('refresh', 'storage', '--json')
  expect(refreshReportSchema.parse(JSON.parse(await text(again.stdout)))).toMatchObject({ unchanged: files })
})
