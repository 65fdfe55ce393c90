/** `stackroom verify` on Chroma folders, as its own process, run from source. */
import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { verifyReportSchema } from '#contract'
import { chromaFixtures, fingerprint, hnswFile, zeroPage } from './chroma-damage.ts'

const root = resolve(import.meta.dirname, '../..')
let place: string
let folder: string

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'stackroom-cli-chroma-'))
  folder = join(place, 'chroma')
  await cp(join(chromaFixtures, '1.5.9/chroma'), folder, { recursive: true })
})

afterEach(() => rm(place, { recursive: true, force: true }))

function run(...args: string[]): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, 'src-main/hosts/cli/main.ts'), ...args],
      { cwd: place, env: { ...process.env, STACKROOM_DATA: join(place, 'data') } },
      (_, stdout) => resolve({ code: child.exitCode, stdout }),
    )
  })
}

test('a whole Chroma folder verifies with exit code 0, and nothing is put into it', async () => {
  const before = fingerprint(folder)
  const { code, stdout } = await run('verify', 'chroma')
  expect(stdout).toMatch(/^0 errors, 0 warnings, 0 notes in 44 documents, 47 nodes and 47 vectors/)
  expect(code).toBe(0)
  expect(fingerprint(folder)).toEqual(before)
})

test('a damaged one verifies with exit code 1, says where, and is mended with --repair', async () => {
  rmSync(hnswFile(folder, 'link_lists.bin'))
  const found = await run('verify', 'chroma', '--json')
  expect(found.code).toBe(1)
  expect(verifyReportSchema.parse(JSON.parse(found.stdout))).toMatchObject({
    kind: 'chroma',
    problems: [{ code: 'damaged-segment', section: 'notes', repairable: true }],
  })
  const mended = await run('verify', 'chroma', '--repair')
  expect(mended.stdout).toMatch(/44 of 44 vectors/)
  expect(mended.stdout).toMatch(/Nothing else is wrong\./)
  expect(mended.code).toBe(0)
})

test('one whose database is damaged is saved to a new folder, which verifies', async () => {
  zeroPage(folder, 1)
  const { code, stdout } = await run('verify', 'chroma', '--repair')
  expect(stdout).toMatch(/What could be saved is in .*chroma-saved/)
  // The folder itself is as damaged as before.
  expect(code).toBe(1)
  expect((await run('verify', 'chroma-saved')).code).toBe(0)
})
