import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultNodeParserSettings as settings } from '#engine/ingest/node-parser-settings.ts'
import { ReaderPool } from '#engine/ingest/reader-pool.ts'

let folder: string
let good: string
let heavy: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-pool-'))
  good = join(folder, 'good.txt')
  heavy = join(folder, 'heavy.txt')
  await writeFile(good, 'A small file.')
  // No space and no mark: it is cut character by character, which takes memory.
  await writeFile(heavy, '漢'.repeat(10_000_000))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('a file that takes too long fails alone, and the next is read by a new worker', async () => {
  await using pool = new ReaderPool({ size: 1, timeLimitMs: (bytes) => (bytes > 1000 ? 1 : 60_000) })
  const [slow, fine] = await Promise.allSettled([
    pool.parse({ path: heavy }, { settings, bytes: 30_000_000 }),
    pool.parse({ path: good }, { settings, bytes: 13 }),
  ])
  expect(slow).toMatchObject({ status: 'rejected', reason: { code: 'time-limit' } })
  expect(fine).toMatchObject({ status: 'fulfilled' })
})

test('a file that takes too much memory fails alone, and the next is read by a new worker', async () => {
  await using pool = new ReaderPool({ size: 1, memoryLimitMb: 64 })
  await expect(pool.parse({ path: heavy }, { settings, bytes: 30_000_000 })).rejects.toMatchObject({
    code: 'memory-limit',
  })
  const parsed = await pool.parse({ path: good }, { settings, bytes: 13 })
  expect(parsed.documents?.[0]?.nodes[0]?.node.text).toBe('A small file.')
})

test('cancelling rejects at once and leaves the pool usable', async () => {
  await using pool = new ReaderPool({ size: 1 })
  const controller = new AbortController()
  const reason = new Error('enough')
  const running = pool.parse({ path: heavy }, { settings, bytes: 30_000_000, signal: controller.signal })
  const waiting = pool.parse({ path: good }, { settings, bytes: 13, signal: controller.signal })
  controller.abort(reason)
  await expect(running).rejects.toBe(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(pool.parse({ path: good }, { settings, bytes: 13 })).resolves.toMatchObject({ bytes: 13 })
})

test('content that is known already is not parsed again', async () => {
  await using pool = new ReaderPool({ size: 1 })
  const first = await pool.parse({ path: good }, { settings, bytes: 13 })
  const again = await pool.parse({ path: good, knownContentHash: first.contentHash }, { settings, bytes: 13 })
  expect(again).toMatchObject({ documents: null, contentHash: first.contentHash })
})

test('a closed pool reads no more', async () => {
  const pool = new ReaderPool({ size: 1 })
  await pool.close()
  await expect(pool.parse({ path: good }, { settings, bytes: 13 })).rejects.toMatchObject({
    code: 'cancelled',
  })
})
