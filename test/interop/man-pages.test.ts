/** Manual pages beside what `man` shows of them: the same words. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readFile } from '#engine/ingest/read-file.ts'

const pages = '/usr/share/man'
const count = 80

/** Words are hyphenated in tables, and marks are drawn in several ways. */
function words(text: string): string[] {
  return text
    .normalize('NFKC')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

/** What both have, as a share of the longer. */
function commonShare(ours: readonly string[], theirs: readonly string[]): number {
  const left = new Map<string, number>()
  for (const word of theirs) left.set(word, (left.get(word) ?? 0) + 1)
  let common = 0
  for (const word of ours) {
    const times = left.get(word) ?? 0
    if (times > 0) common++
    left.set(word, times - 1)
  }
  return common / Math.max(ours.length, theirs.length)
}

/** Without the lines above and below the page. */
function shown(path: string): string {
  const { stdout } = spawnSync('man', ['-l', '-Tutf8', '-P', 'cat', path], {
    env: { ...process.env, MANWIDTH: '2000', MANROFFOPT: '-rHY=0 -P-c -P-b -P-u', LC_ALL: 'C.UTF-8' },
    maxBuffer: 2 ** 28,
  })
  const lines = stdout
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '')
  return lines.slice(1, -1).join('\n')
}

test('pages of all sections have the words that man shows', async ({ skip }) => {
  if (!existsSync('/usr/bin/man') || !existsSync(join(pages, 'man1')))
    skip('man and its pages are not installed (apt-get install man-db)')
  const all: string[] = []
  for (const section of ['man1', 'man2', 'man3', 'man5', 'man7', 'man8']) {
    const folder = join(pages, section)
    if (existsSync(folder)) all.push(...(await readdir(folder)).sort().map((name) => join(folder, name)))
  }
  const shares: { path: string; share: number }[] = []
  for (let at = 0; at < all.length; at += Math.ceil(all.length / count)) {
    const path = all[at] ?? ''
    const { read } = await readFile({ path })
    expect([path, read?.reader]).toEqual([path, 'man'])
    const text = read?.documents[0]?.text ?? ''
    shares.push({ path, share: commonShare(words(text.slice(text.indexOf('\n'))), words(shown(path))) })
  }
  const mean = shares.reduce((sum, { share }) => sum + share, 0) / shares.length
  console.log(
    `${shares.length} of ${all.length} manual pages: ${(100 * mean).toFixed(2)} % of the words are those of man`,
  )
  expect(shares.filter(({ share }) => share < 0.9)).toEqual([])
  expect(mean).toBeGreaterThan(0.99)
})
