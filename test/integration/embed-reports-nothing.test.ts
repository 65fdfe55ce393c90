/** Nothing leaves the machine unasked: the runtime of models on this machine has a telemetry of its own, which is off. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { searchAnswerSchema } from '#contract'

const root = resolve(import.meta.dirname, '../..')

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-home-'))
  await cp(join(root, 'test/fixtures/python-storage/storage'), join(home, 'storage'), { recursive: true })
})
afterEach(() => rm(home, { recursive: true, force: true }))

async function search(query: string) {
  const child = spawn(
    process.execPath,
    [join(root, 'src-main/hosts/cli/main.ts'), 'search', join(home, 'storage'), query, '--json'],
    {
      env: { PATH: process.env.PATH, HOME: home, STACKROOM_DATA: join(home, 'data') },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  return searchAnswerSchema.parse(JSON.parse(stdout))
}

test('a search embeds with the bundled model, and nothing is written down for anybody else', async () => {
  expect((await search('how insects tell each other where food is')).hits).toHaveLength(5)
  expect((await readdir(home)).sort()).toEqual(['data', 'storage'])
})

test('a query of the length of a chapter is answered', async () => {
  expect((await search('bees and flowers '.repeat(5000))).hits).toHaveLength(5)
})
