import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openAtPlace } from '#platform/open-at-place.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-open-'))
  vi.stubEnv('PATH', `${folder}:${process.env.PATH ?? ''}`)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`)
  await chmod(join(folder, name), 0o755)
}

/** A system that opens every file with this program. */
async function systemWith(entry: string): Promise<void> {
  await program('xdg-mime', `[ "$2" = default ] && echo ${entry} || echo some/type`)
}

/** Writes its arguments down, complete or not at all. */
async function recording(name: string): Promise<() => Promise<string>> {
  const told = join(folder, 'told')
  await program(name, `printf '%s\\n' "$@" > ${told}.new && mv ${told}.new ${told}`)
  return () => vi.waitFor(() => readFile(told, 'utf8'), { timeout: 20_000 })
}

const onLinux = test.runIf(process.platform === 'linux')

onLinux('a PDF opens at its page in a viewer that can be told the page', async () => {
  await systemWith('org.gnome.Evince.desktop')
  const told = await recording('evince')
  expect(await openAtPlace('/shelf/tides.pdf', { page: 'iv', line: null })).toBe(true)
  expect(await told()).toBe('--page-label=iv\n/shelf/tides.pdf\n')
})

onLinux('a text opens at its line in an editor that can be told the line', async () => {
  await systemWith('code.desktop')
  const told = await recording('code')
  expect(await openAtPlace('/shelf/some notes.md', { page: null, line: 12 })).toBe(true)
  expect(await told()).toBe('--goto\n/shelf/some notes.md:12\n')
})

onLinux(
  'nothing is opened here where the program is none of those, is missing, or knows no such place',
  async () => {
    await systemWith('org.example.Viewer.desktop')
    expect(await openAtPlace('/shelf/tides.pdf', { page: '3', line: null })).toBe(false)
    await systemWith('org.gnome.Evince.desktop')
    expect(await openAtPlace('/shelf/tides.txt', { page: null, line: 3 })).toBe(false)
    vi.stubEnv('PATH', folder)
    await program('xdg-mime', 'exit 3')
    expect(await openAtPlace('/shelf/tides.pdf', { page: '3', line: null })).toBe(false)
    await rm(join(folder, 'xdg-mime'))
    expect(await openAtPlace('/shelf/tides.pdf', { page: '3', line: null })).toBe(false)
  },
)
