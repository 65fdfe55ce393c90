/** The command line on damaged storage folders: a sentence and an exit code, whatever is in them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { folderInfoSchema, searchAnswerSchema, verifyReportSchema } from '#contract'
import { openHere } from './persist-dirs.ts'
import { keepCompiled } from './keep-compiled.ts'
import { buildNodes } from './storage-documents.ts'
import { mutate, Random } from './storage-mutations.ts'

const root = resolve(import.meta.dirname, '../..')
const folders = 24

let home: string
let compiled: AsyncDisposable
beforeAll(async () => {
  compiled = await keepCompiled()
  home = await mkdtemp(join(tmpdir(), 'stackroom-cli-'))
  await cp(join(root, 'test/fixtures/python-storage/storage'), join(home, 'python'), { recursive: true })
  await cp(join(home, 'python'), join(home, 'changed'), { recursive: true })
  const storage = await openHere(join(home, 'changed'), join(home, 'data'))
  await storage.change({ insert: [buildNodes('/new.txt', ['not persisted'], 384)] })
  await storage.close()
})
afterAll(async () => {
  await rm(home, { recursive: true, force: true })
  await compiled[Symbol.asyncDispose]()
})

interface Ending {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function run(...args: string[]): Promise<Ending> {
  const child = spawn(process.execPath, [join(root, 'src-main/hosts/cli/main.ts'), ...args], {
    cwd: home,
    env: { ...process.env, STACKROOM_DATA: join(home, 'data') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close') as Promise<[number | null]>
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, stdout, stderr }
}

/** Everything beside the working folder, links as what they are. */
function contentOf(folder: string): Map<string, string> {
  const names = readdirSync(folder).filter((name) => name !== '.stackroom')
  return new Map(
    names.map((name) => {
      const stats = lstatSync(join(folder, name))
      return [name, stats.isFile() ? readFileSync(join(folder, name), 'latin1') : String(stats.mode)]
    }),
  )
}

function everythingIn(folder: string): Map<string, string> {
  const working = join(folder, '.stackroom')
  const files = existsSync(working) ? contentOf(working) : new Map<string, string>()
  return new Map([
    ...contentOf(folder),
    ...[...files].map(([name, text]) => [`.stackroom/${name}`, text] as const),
  ])
}

function expectSentence({ code, stderr }: Ending, what: string): void {
  expect([0, 1], `${what}: ${stderr}`).toContain(code)
  expect(stderr, what).not.toMatch(/^\s+at |node:internal|Error:|unexpected/im)
  if (code === 0) return
  expect(stderr.length, what).toBeLessThan(1500)
  if (/is damaged|is a link|not there any more|is a folder/.test(stderr))
    expect(stderr, what).toMatch(/[\w.]+\.json|\.stackroom/)
  // A place, unless it is a file as a whole: Stackroom's own, or one that is not UTF-8.
  if (/\.json is damaged/.test(stderr))
    expect(stderr, what).toMatch(/at byte \d+|node |document |index |settings|folder where/)
}

test.each(Array.from({ length: folders }, (_, number) => number))(
  'info, search and verify on a damaged folder (%i) end with 0 or 1, and without a stack',
  async (number) => {
    const random = new Random(7_000_000 + number)
    const folder = join(home, `case-${number}`)
    await cp(join(home, number % 3 === 2 ? 'changed' : 'python'), folder, { recursive: true })
    const changes = mutate(folder, random).join('; ')
    const before = everythingIn(folder)
    const verified = await run('verify', folder, '--json', '--no-model')
    expectSentence(verified, `verify (${changes})`)
    expect(everythingIn(folder), `verify changed what is in the folder (${changes})`).toEqual(before)
    if (verified.stdout !== '') {
      const report = verifyReportSchema.parse(JSON.parse(verified.stdout))
      expect(verified.code, changes).toBe(report.ok ? 0 : 1)
      for (const { code, file } of report.problems)
        if (code === 'damaged-file') expect(file, changes).toMatch(/\.json$/)
    }

    const files = contentOf(folder)
    const info = await run('info', folder, '--json')
    expectSentence(info, `info (${changes})`)
    if (info.code === 0) folderInfoSchema.parse(JSON.parse(info.stdout))
    const search = await run('search', folder, 'how insects tell each other where food is', '--json')
    expectSentence(search, `search (${changes})`)
    if (search.code === 0) searchAnswerSchema.parse(JSON.parse(search.stdout))
    expect(contentOf(folder), `reading changed the files (${changes})`).toEqual(files)
    await rm(folder, { recursive: true })
  },
)

test('questions that are none are a wrong use of the command, or find nothing', async () => {
  for (const topK of ['0', '-1', '1001', 'NaN', 'Infinity', '1.5', ' ', '0x10000'])
    expect(await run('search', 'python', 'bees', '-k', topK), topK).toMatchObject({ code: 2, stdout: '' })
  for (const query of ['', '  \n'])
    expect(JSON.parse((await run('search', 'python', query, '--json')).stdout)).toMatchObject({ hits: [] })
  const long = await run('search', 'python', '蜜蜂 \u0001 '.repeat(5000), '--json')
  expect(long.code).toBe(0)
  expect(searchAnswerSchema.parse(JSON.parse(long.stdout)).hits).toHaveLength(5)
  const log = join(home, 'data/stackroom.log')
  expect(existsSync(log) ? await readFile(log, 'utf8') : '').not.toContain('"level":"error"')
})
