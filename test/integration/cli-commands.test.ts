/** The command line as its own process, run from source. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chunkPreviewSchema, folderInfoSchema, ingestReportSchema, searchAnswerSchema } from '#contract'

const root = resolve(import.meta.dirname, '../..')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-cli-'))
  await mkdir(join(folder, 'documents'))
  await mkdir(join(folder, 'empty'))
  await writeFile(join(folder, 'documents', 'tea.txt'), 'Green tea is steeped at eighty degrees.')
  await writeFile(join(folder, 'documents', 'empty.txt'), '')
  await cp(join(root, 'test/fixtures/python-storage/storage'), join(folder, 'python'), { recursive: true })
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

function start(...args: string[]) {
  return spawn(process.execPath, [join(root, 'src-main/hosts/cli/main.ts'), ...args], {
    cwd: folder,
    env: { ...process.env, STACKROOM_DATA: join(folder, 'data') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = start(...args)
  const ended = once(child, 'close') as Promise<[number | null]>
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, stdout, stderr }
}

test('index, search and info print one JSON document each, in the fixed shapes', async () => {
  const index = await run('index', 'documents', '--to', 'storage', '--json')
  expect(index).toMatchObject({ code: 0, stderr: '' })
  const report = ingestReportSchema.parse(JSON.parse(index.stdout))
  expect(report).toMatchObject({ documents: 1, nodes: 1, failed: [{ code: 'empty-file' }] })

  const search = await run('search', 'storage', 'how hot should water be for tea', '-k', '3', '--json')
  expect(search).toMatchObject({ code: 0, stderr: '' })
  const { hits } = searchAnswerSchema.parse(JSON.parse(search.stdout))
  expect(hits.map(({ source }) => source)).toEqual([join(folder, 'documents', 'tea.txt')])

  const info = await run('info', 'storage', '--json')
  expect(info).toMatchObject({ code: 0, stderr: '' })
  expect(folderInfoSchema.parse(JSON.parse(info.stdout))).toMatchObject({
    kind: 'stackroom',
    documents: 1,
    nodes: 1,
    dimensions: 384,
    model: 'bundled:all-MiniLM-L6-v2',
    store: 'simple',
  })
})

test('a storage folder of Python LlamaIndex is searched from the command line', async () => {
  const { code, stdout } = await run(
    'search',
    'python',
    'how insects tell each other where food is',
    '-k',
    '1',
    '--json',
  )
  expect(code).toBe(0)
  expect(searchAnswerSchema.parse(JSON.parse(stdout)).hits[0]!.source).toMatch(/bees\.txt$/)
})

test.each([
  ['an empty folder', ['index', 'empty', '--to', 'new'], /no files/i],
  ['a path that is not there', ['index', 'nowhere', '--to', 'new'], /no file or folder/i],
  [
    'a model that is not there',
    ['index', 'documents', '--to', 'new', '--model', 'nobody:model'],
    /nobody:model/,
  ],
  ['a folder that is no storage folder', ['info', 'documents'], /not a storage folder/],
  ['a storage folder that is not there', ['search', 'nowhere', 'tea'], /no folder/i],
  ['nothing but an empty file', ['index', 'documents/empty.txt', '--to', 'new'], /empty/i],
])('%s ends with exit code 1 and a sentence, without a stack', async (_name, args, sentence) => {
  const { code, stderr } = await run(...args)
  expect(code).toBe(1)
  expect(stderr).toMatch(sentence)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(await readdir(folder)).not.toContain('new')
})

test.each([
  ['no command', []],
  ['an unknown command', ['dance']],
  ['no storage folder to index into', ['index', 'documents']],
  ['a top k that is no number', ['search', 'python', 'tea', '-k', 'many']],
  ['an unknown option', ['info', 'python', '--loud']],
])('%s is wrong usage: exit code 2', async (_name, args) => {
  expect((await run(...args)).code).toBe(2)
})

test('output that nobody reads is no error', async () => {
  const child = start('info', 'python')
  child.stdout.destroy()
  const errors = text(child.stderr)
  const [code] = (await once(child, 'close')) as [number | null]
  expect(await errors).toBe('')
  expect(code).toBe(0)
})

test('Ctrl+C ends an index run with what was committed kept and no stack', async () => {
  const many = join(folder, 'many')
  await mkdir(many)
  await Promise.all(
    Array.from({ length: 250 }, (_, number) =>
      writeFile(join(many, `${number}.txt`), `Note ${number}. ${'Of shelves and books. '.repeat(20)}`),
    ),
  )
  const child = start('index', 'many', '--to', 'interrupted', '--json')
  const ended = once(child, 'close') as Promise<[number | null]>
  const errors = text(child.stderr)
  // the working store comes into being when the run begins
  for (;;) {
    const names: string[] = await readdir(join(folder, 'interrupted')).catch(() => [])
    if (names.includes('.stackroom')) break
    await new Promise((resolve) => setImmediate(resolve))
  }
  child.kill('SIGINT')
  expect((await ended)[0]).toBe(130)
  expect(await errors).toMatch(/Cancelled/)
  const again = await run('index', 'many', '--to', 'interrupted', '--json')
  const report = ingestReportSchema.parse(JSON.parse(again.stdout))
  expect(report.documents + report.unchanged).toBe(250)
})

test('a preview shows how a file would be cut, and writes nothing', async () => {
  await writeFile(join(folder, 'manual.md'), '# Tea\n\nGreen.\n\n## Water\n\nEighty degrees.\n')
  const before = await readdir(folder)
  const json = await run('preview', 'manual.md', '--node-parser', 'MarkdownNodeParser', '--json')
  expect(json).toMatchObject({ code: 0, stderr: '' })
  expect(chunkPreviewSchema.parse(JSON.parse(json.stdout))).toMatchObject({
    path: join(folder, 'manual.md'),
    cutBy: 'MarkdownNodeParser',
    documents: [{ nodes: [{ startCharIdx: 0 }, { metadata: { header_path: '/Tea/' } }] }],
  })
  const lines = await run('preview', 'manual.md', '--chunk-size', '50')
  expect(lines.stdout).toContain('1 documents, 1 nodes by SentenceSplitter')
  expect((await readdir(folder)).filter((name) => name !== 'data')).toEqual(
    before.filter((name) => name !== 'data'),
  )
})

test('an index is cut as the command line says, and stays so', async () => {
  const start = ['index', 'manual.md', '--to', 'sections']
  await writeFile(join(folder, 'manual.md'), '# Tea\n\nGreen.\n\n## Water\n\nEighty degrees.\n')
  const first = await run(...start, '--node-parser', 'MarkdownNodeParser', '--json')
  expect(ingestReportSchema.parse(JSON.parse(first.stdout))).toMatchObject({ documents: 1, nodes: 2 })
  const other = await run(...start, '--chunk-size', '100')
  expect(other).toMatchObject({ code: 1, stdout: '' })
  expect(other.stderr).toContain('were cut by MarkdownNodeParser')
  const wrong = await run(...start, '--window-size', '2')
  expect(wrong.code).toBe(2)
})
