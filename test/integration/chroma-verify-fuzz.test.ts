/** Chroma folders with random damage: verifying and repairing always end, and what they leave can be read. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { repairChromaFolder } from '#engine/stores/chroma/verify/repair-chroma-folder.ts'
import { verifyChromaFolder } from '#engine/stores/chroma/verify/verify-chroma-folder.ts'
import { chromaFixtures, chromaVersions, fingerprint, overwrite } from './chroma-damage.ts'

let place: string
const { signal } = new AbortController()

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'stackroom-chroma-fuzz-'))
})

afterEach(() => rmSync(place, { recursive: true, force: true }))

/** Numbers from 0 to below `end`, the same ones for each seed. */
function numbers(seed: number): (end: number) => number {
  let state = seed
  return (end) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return Math.floor((state / 0x80000000) * end)
  }
}

function damage(folder: string, random: (end: number) => number): void {
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => /\.(bin|pickle|sqlite3)$/.test(name))
    .sort()
  for (let count = 1 + random(3); count > 0; count--) {
    const name = random(2) === 0 ? 'chroma.sqlite3' : files[random(files.length)]!
    const path = join(folder, name)
    const { size } = statSync(path)
    const kind = random(4)
    if (kind === 0) truncateSync(path, random(size + 1))
    else if (size > 0) {
      const at = random(size)
      const length = Math.min([0, 1, 16, 4096][kind]!, size - at)
      const isZero = random(2) === 0
      overwrite(
        path,
        at,
        Uint8Array.from({ length }, () => (isZero ? 0 : random(256))),
      )
    }
  }
}

test.each(Array.from({ length: 40 }, (_, index) => index + 1))(
  'random damage with seed %i is told without a change, and repaired or saved into what can be read',
  async (seed) => {
    const random = numbers(seed * 7919)
    const folder = join(place, 'chroma')
    const dataFolder = join(place, 'data')
    cpSync(join(chromaFixtures, chromaVersions[random(chromaVersions.length)]!, 'chroma'), folder, {
      recursive: true,
    })
    damage(folder, random)
    const before = fingerprint(folder)
    const pages = readFileSync(join(folder, 'chroma.sqlite3'))
    const report = verifyChromaFolder({ folder, dataFolder, signal }).report
    expect(fingerprint(folder)).toEqual(before)
    const { repair } = await repairChromaFolder({ folder, dataFolder, signal })
    if (repair?.saved) expect(readFileSync(join(folder, 'chroma.sqlite3')).equals(pages)).toBe(true)
    const after = verifyChromaFolder({ folder: repair?.saved ?? folder, dataFolder, signal }).report
    for (const code of ['damaged-database', 'damaged-database-index', 'damaged-segment'] as const)
      expect(after.counts[code]).toBeUndefined()
    if (report.ok) expect(repair?.saved).toBeUndefined()
  },
)
