/** `stackroom search` as its own process: modes, filters, several folders, and what is told of each hit. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { searchAnswerSchema, type SearchAnswer } from '#contract'
import { CommandLine } from './run-command.ts'

const fixtures = resolve(import.meta.dirname, '../fixtures')
let home: string
let stackroom: CommandLine

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-cli-search-'))
  await cp(join(fixtures, 'python-storage/storage'), join(home, 'python'), { recursive: true })
  await cp(join(fixtures, 'persist-dirs/0.14.25'), join(home, 'foreign'), { recursive: true })
  stackroom = new CommandLine(home)
})

afterAll(async () => {
  await rm(home, { recursive: true, force: true })
})

async function search(...args: string[]): Promise<SearchAnswer> {
  const { code, stdout, stderr } = await stackroom.run('search', ...args, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return searchAnswerSchema.parse(JSON.parse(stdout))
}

test('modes, filters and grouping are options, and all of it is in one JSON document', async () => {
  const keyword = await search(
    'python',
    'honey bees',
    '--mode',
    'keyword',
    '--filter',
    'file_name:bees',
    '-k',
    '3',
  )
  expect(keyword.mode).toBe('keyword')
  expect(keyword.hits.every(({ source }) => source?.endsWith('bees.txt'))).toBe(true)
  const filter = '{"key": "file_name", "operator": "==", "value": "bees.txt"}'
  const vector = await search(
    'python',
    'where is food',
    '--mode',
    'vector',
    '--filter',
    filter,
    '--mmr',
    '--collapse',
  )
  expect(vector.hits.map(({ source }) => source?.endsWith('bees.txt'))).not.toContain(false)
  const grouped = await search(
    'python',
    'honey bees',
    '--group',
    'document',
    '--fusion',
    'relative-score',
    '-k',
    '2',
  )
  expect(grouped.groups).toHaveLength(2)
})

test('a folder of another model is refused with what to do, and searched by words', async () => {
  const refused = await stackroom.run('search', 'foreign', 'honey bees')
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('--mode keyword')
  const { hits } = await search('foreign', 'honey bees', '--mode', 'keyword')
  expect(hits.length).toBeGreaterThan(0)
})

test('several folders are searched at once; what was left out of one is told', async () => {
  const { code, stdout, stderr } = await stackroom.run('search', 'python', 'foreign', 'a document about bees')
  expect(code).toBe(0)
  expect(stdout).toContain(join(home, 'python'))
  expect(stdout).toMatch(/vector #\d+ \d\.\d+, keyword #\d+/)
  expect(stderr).toContain('Only the words were searched')
})

test.each([
  ['without a query', ['search', 'python']],
  ['with a filter that is none', ['search', 'python', 'x', '--filter', '{"key": 1}']],
  ['with another mode', ['search', 'python', 'x', '--mode', 'magic']],
  ['with a threshold that is no share', ['search', 'python', 'x', '--mmr', '2']],
])('%s it is wrong usage', async (_, args) => {
  expect((await stackroom.run(...args)).code).toBe(2)
})
