/** The keyword index of real storage folders: what is found by its words, and that the index is in step with the folder. */
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseQuery, type MetadataFilters } from '#contract'
import { queryTerms } from '#engine/retrieve/keyword/query-terms.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { buildNodes } from './storage-documents.ts'
import { insertOf, TestFolder } from './storage-test-folder.ts'

let home: TestFolder

beforeEach(async () => {
  home = await TestFolder.make()
})

afterEach(async () => {
  await home[Symbol.asyncDispose]()
})

async function found(storage: StorageFolder, query: string, filters?: MetadataFilters): Promise<string[]> {
  await storage.keywords?.prepare()
  const terms = queryTerms(parseQuery(query).parts)
  const hits = await storage.keywords?.query({ terms, topK: 10, filters })
  return hits?.map(({ nodeId }) => nodeId.slice(nodeId.indexOf('#') + 1)) ?? ['not ready']
}

const texts = [
  'Call std::move to turn it into an rvalue',
  'Error E1103 was reported by the linker',
  'The variable foo_bar is never read',
  'See src/main.ts for the entry point',
  'Crème brûlée is a dessert',
  '東京の天気は晴れです',
  '서울에서 만나요',
  'A quick brown fox jumps',
  'The fox was quick, and brown was its coat',
  'It calls getElementById on the document',
  'Indexing many documents takes time',
]

test.each([
  ['std::move', ['Call std::move to turn it into an rvalue']],
  ['E1103', ['Error E1103 was reported by the linker']],
  ['foo_bar', ['The variable foo_bar is never read']],
  ['src/main.ts', ['See src/main.ts for the entry point']],
  ['creme BRULEE', ['Crème brûlée is a dessert']],
  ['天気', ['東京の天気は晴れです']],
  ['서울', ['서울에서 만나요']],
  ['"quick brown"', ['A quick brown fox jumps']],
  ['fox -jumps', ['The fox was quick, and brown was its coat']],
  ['getElementById', ['It calls getElementById on the document']],
  ['elements', ['It calls getElementById on the document']],
  ['indexed', ['Indexing many documents takes time']],
  ['dess*', ['Crème brûlée is a dessert']],
  ['dess', ['Crème brûlée is a dessert']],
  ['"brown quick"', []],
  ['zebra-unicorn', []],
])('%s', async (query, expected) => {
  const storage = await home.create()
  await storage.change(insertOf('/library/notes.txt', ...texts))
  expect(await found(storage, query)).toEqual(expected)
})

test('the best match comes first: rare words count more, and the file’s name is searched, too', async () => {
  const storage = await home.create()
  const common = Array.from({ length: 20 }, (_, index) => `a shelf with books number ${index}`)
  await storage.change(insertOf('/library/shelves.txt', ...common, 'a shelf with one incunable'))
  await storage.change(insertOf('/library/tea-ceremony.txt', 'Water first.'))
  expect((await found(storage, 'shelf with incunable'))[0]).toBe('a shelf with one incunable')
  expect(await found(storage, 'tea ceremony')).toEqual(['Water first.'])
})

test('whatever is asked, the index answers', async () => {
  const storage = await home.create()
  await storage.change(insertOf('/library/notes.txt', ...texts))
  await storage.keywords?.prepare()
  const pieces = [
    '"',
    "'",
    '*',
    '^',
    ':',
    '(',
    ')',
    'NEAR',
    'AND',
    'OR',
    'NOT',
    '+',
    '-',
    '{',
    '}',
    ',',
    'words',
    'fox',
    '\0',
    '\ud800',
    '東',
    ' ',
    '\\',
    '%',
    ';',
    '--',
  ]
  let state = 3
  const dice = (sides: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
  for (let round = 0; round < 400; round++) {
    const query = Array.from({ length: 1 + dice(8) }, () => pieces[dice(pieces.length)]!).join('')
    expect(await found(storage, query)).not.toContain('not ready')
  }
})

test('each change is found, or not found any more, with the next question', async () => {
  const storage = await home.create()
  await storage.change(insertOf('/a.txt', 'first walrus'))
  expect(await found(storage, 'walrus')).toEqual(['first walrus'])
  await storage.change(insertOf('/b.txt', 'second walrus'))
  expect((await found(storage, 'walrus')).sort()).toEqual(['first walrus', 'second walrus'])
  await storage.change({ deleteRefDocIds: ['/a.txt'] })
  expect(await found(storage, 'walrus')).toEqual(['second walrus'])
  await storage.change({ deleteFromIndexOnly: ['/b.txt'] })
  expect(await found(storage, 'walrus')).toEqual([])
})

test('after a restart the index goes on where it was, also when it was damaged or is gone', async () => {
  const storage = await home.create()
  await storage.change(insertOf('/a.txt', 'first walrus'))
  expect(await found(storage, 'walrus')).toEqual(['first walrus'])
  await storage.change(insertOf('/b.txt', 'second walrus'))
  await home.close(storage)
  const path = join(home.persistDir, '.stackroom', 'keywords.sqlite')
  for (const harm of [
    async () => undefined,
    () => writeFile(path, 'no database at all, but text that is long enough to be taken for one'.repeat(20)),
    () => truncate(path, 5000),
    () => rm(path),
  ]) {
    await harm()
    const again = await home.open()
    expect((await found(again, 'walrus')).sort()).toEqual(['first walrus', 'second walrus'])
    await home.close(again)
  }
})

test('what another program wrote into the JSON files is found', async () => {
  const storage = await home.create()
  await storage.change(insertOf('/a.txt', 'first walrus', 'first tusk'))
  await storage.persist()
  expect(await found(storage, 'walrus')).toEqual(['first walrus'])
  const path = join(home.persistDir, 'docstore.json')
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace('"text": "first walrus"', '"text": "first sea cow"'))
  await home.close(storage)
  const again = await home.open()
  expect(await found(again, 'walrus')).toEqual([])
  expect(await found(again, 'cow')).toEqual(['first walrus'])
})

test('a folder that Python wrote is searched by words, with the filters of the query language', async () => {
  const storage = await home.openPython()
  const [hit] = await found(storage, 'honey bees')
  const [node] = await storage.nodes([hit ?? ''])
  expect(node?.metadata['file_path']).toMatch(/bees\.txt$/)
  const { filters } = parseQuery('type:txt')
  expect((await found(storage, 'honey bees', filters ?? undefined)).length).toBeGreaterThan(0)
  const { filters: none } = parseQuery('path:nowhere')
  expect(await found(storage, 'honey bees', none ?? undefined)).toEqual([])
  const keys = await storage.keywords?.keys()
  expect(keys?.find(({ key }) => key === 'type')?.values).toContain('txt')
})

test('filters let the same nodes pass by meaning and by words, and follow changes of the metadata', async () => {
  const storage = await home.create()
  for (const [name, year] of [
    ['/a.txt', 1990],
    ['/b.txt', 2000],
    ['/c.txt', 2010],
  ] as const) {
    const document = buildNodes(name, [`walrus of ${name}`, `tusk of ${name}`], 384)
    for (const { node } of document.nodes) Object.assign(node.metadata, { year })
    await storage.change({ insert: [document] })
  }
  const query = buildNodes('/q', ['anything'], 384).vectors[0]!
  const byMeaning = async (filters: MetadataFilters): Promise<string[]> =>
    (await storage.query(query, 10, { filters }))
      .map(({ nodeId }) => nodeId.slice(nodeId.indexOf('#') + 1))
      .sort()
  const since = (year: number): MetadataFilters => ({
    filters: [{ key: 'year', operator: '>=', value: year }],
  })
  expect(await byMeaning(since(2000))).toEqual([
    'tusk of /b.txt',
    'tusk of /c.txt',
    'walrus of /b.txt',
    'walrus of /c.txt',
  ])
  expect((await found(storage, 'walrus', since(2000))).sort()).toEqual([
    'walrus of /b.txt',
    'walrus of /c.txt',
  ])
  const either: MetadataFilters = {
    condition: 'or',
    filters: [
      { key: 'year', value: 1990 },
      { condition: 'not', filters: [since(2005)] },
    ],
  }
  expect((await found(storage, 'walrus', either)).sort()).toEqual(['walrus of /a.txt', 'walrus of /b.txt'])
  await storage.change({ deleteRefDocIds: ['/b.txt'] })
  const document = buildNodes('/d.txt', ['walrus of /d.txt'], 384)
  for (const { node } of document.nodes) Object.assign(node.metadata, { year: 2020 })
  await storage.change({ insert: [document] })
  expect(await byMeaning(since(2000))).toEqual(['tusk of /c.txt', 'walrus of /c.txt', 'walrus of /d.txt'])
  expect((await found(storage, 'walrus', since(2000))).sort()).toEqual([
    'walrus of /c.txt',
    'walrus of /d.txt',
  ])
})

test('a folder without any vectors is searched by words', async () => {
  const storage = await home.openPython()
  await home.close(storage)
  await rm(join(home.persistDir, '.stackroom'), { recursive: true })
  await rm(join(home.persistDir, 'default__vector_store.json'))
  const again = await home.open()
  expect((await again.summary()).dimensions).toBeNull()
  expect((await found(again, 'honey bees')).length).toBeGreaterThan(0)
})
