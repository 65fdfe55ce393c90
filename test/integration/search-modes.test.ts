/** Search through the app's own commands: modes and what they fall back to, several knowledge bases, and what a hit says of itself. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commands, type CommandInput, type CommandName, type CommandOutput, type Job } from '#contract'
import { createApplication, type Application } from '#app/application.ts'

const root = resolve(import.meta.dirname, '../..')
const documents = {
  'tea.txt': 'Green tea is steeped at eighty degrees. Black tea wants boiling water.',
  'copy-of-tea.txt': 'Green tea is steeped at eighty degrees. Black tea wants boiling water!',
  'bees.md': 'A colony of honey bees sends out scouts. A scout dances on the comb to tell where flowers are.',
  'tides.md': 'The tide table says when the harbour falls dry. High tide is at noon today.',
  'code.txt': 'Error E1103 means that std::move was called on a constant.',
}
let home: string
let application: Application
let id: string
const done = new Map<string, (job: Job) => void>()

async function call<Name extends CommandName>(
  name: Name,
  input: CommandInput<Name>,
): Promise<CommandOutput<Name>> {
  const handler = application.handlers[name] as (
    input: unknown,
    context: { signal: AbortSignal },
  ) => Promise<unknown>
  const output = await handler(commands[name].input.parse(input), { signal: new AbortController().signal })
  return commands[name].output.parse(output) as CommandOutput<Name>
}

async function indexed(files: Readonly<Record<string, string>>, name: string): Promise<string> {
  const folder = join(home, name)
  await mkdir(folder)
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text)
  const job = await call('ingest.start', { paths: [folder], persistDir: join(home, `${name}-storage`) })
  await new Promise<Job>((finished) => done.set(job.id, finished))
  return job.knowledgeBaseId
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-search-'))
  application = await createApplication({
    services: { host: 'web' },
    version: '0.0.0',
    dataFolder: join(home, 'data'),
    resourcesFolder: join(root, 'resources'),
    emit: (name, payload) => {
      if (name !== 'jobs.changed') return
      const job = payload as Job
      if (!['done', 'failed', 'cancelled'].includes(job.state)) return
      done.get(job.id)?.(job)
    },
  })
  id = await indexed(documents, 'notes')
})

afterAll(async () => {
  await application.close()
  await rm(home, { recursive: true, force: true })
})

function search(query: string, options: Partial<CommandInput<'search.query'>> = {}) {
  return call('search.query', { knowledgeBaseId: id, query, ...options })
}

test('a hit says where each retriever had it, which words it has and where, and how long each step took', async () => {
  const answer = await search('what does error E1103 mean')
  expect(answer).toMatchObject({ mode: 'hybrid', notices: [], groups: [] })
  const [hit] = answer.hits
  expect(hit?.source).toMatch(/code\.txt$/)
  expect(hit?.retrieved).toMatchObject([
    { retriever: 'vector', rank: 1 },
    { retriever: 'keyword', rank: 1 },
  ])
  expect(hit?.score).toBe(hit?.retrieved[0]?.score)
  expect(hit?.matches.map(({ start, end }) => hit.text.slice(start, end))).toEqual([
    'Error',
    'E1103',
    'means',
  ])
  expect(hit?.matchedWords).toEqual(['error', 'E1103', 'mean'])
  for (const time of Object.values(answer.timings)) expect(time).toBeGreaterThanOrEqual(0)
})

test('by meaning alone the scores are cosine similarities, and words do not matter', async () => {
  const { hits, mode } = await search('insects that live on nectar', { mode: 'vector', topK: 1 })
  expect(mode).toBe('vector')
  expect(hits[0]?.source).toMatch(/bees\.md$/)
  expect(hits[0]?.fusedScore).toBe(hits[0]?.score)
  expect(hits[0]?.retrieved.map(({ retriever }) => retriever)).toEqual(['vector'])
})

test('by words alone no model is asked', async () => {
  const { hits, mode, timings } = await search('harbour', { mode: 'keyword' })
  expect(mode).toBe('keyword')
  expect(hits.map(({ source }) => source?.slice(source.lastIndexOf('/') + 1))).toEqual(['tides.md'])
  expect(timings.embedMs).toBe(0)
})

test('what is written in the query counts for both retrievers', async () => {
  const sources = async (query: string): Promise<string[]> =>
    (await search(query, { topK: 10 })).hits
      .map(({ source }) => source?.slice(source.lastIndexOf('/') + 1) ?? '')
      .sort()
  expect(await sources('water type:md')).toEqual(['bees.md', 'tides.md'])
  expect(await sources('"boiling water"')).toEqual(['copy-of-tea.txt', 'tea.txt'])
  expect(await sources('scouts and tides -comb type:md')).toEqual(['tides.md'])
  expect(await sources('path:tides')).toEqual(['tides.md'])
  expect(await sources('type:md')).toEqual(['bees.md', 'tides.md'])
  expect(await sources('-type:md')).toEqual(['code.txt', 'copy-of-tea.txt', 'tea.txt'])
  expect(await sources('file_name:bees')).toEqual(['bees.md'])
  expect((await search('type:md')).mode).toBe('filter')
  expect(await sources('   ')).toEqual([])
})

test('filters of LlamaIndex are taken as JSON, nested ones too', async () => {
  const { hits } = await search('water', {
    filters: {
      condition: 'and',
      filters: [
        { key: 'file_name', operator: 'text_match', value: 'tea' },
        { condition: 'not', filters: [{ key: 'file_name', value: 'tea.txt' }] },
      ],
    },
  })
  expect(hits.map(({ source }) => source?.slice(source.lastIndexOf('/') + 1))).toEqual(['copy-of-tea.txt'])
})

test('nearly the same texts are one hit, which names the other', async () => {
  const { hits } = await search('how to steep green tea', { collapse: true, topK: 3 })
  const tea = hits.find(({ source }) => source?.includes('tea'))
  expect(tea?.duplicates).toHaveLength(1)
  expect(hits.filter(({ source }) => source?.includes('tea'))).toHaveLength(1)
})

test('for variety, the second hit is another one than the copy of the first', async () => {
  const plain = await search('how to steep green tea', { topK: 2 })
  expect(plain.hits.every(({ source }) => source?.includes('tea'))).toBe(true)
  const varied = await search('how to steep green tea', { topK: 2, mmr: 0.3 })
  expect(varied.hits[0]?.source).toMatch(/tea/)
  expect(varied.hits[1]?.source).not.toMatch(/tea/)
})

test('by documents, the passages of each stand together', async () => {
  const long = Array.from(
    { length: 60 },
    (_, index) =>
      `Chapter ${index}. The walrus of day ${index} had a long swim in the cold sea, and then it rested on the ice.`,
  )
  const other = await indexed(
    { 'walrus.txt': long.join('\n\n'), 'seal.txt': 'A seal swims in the cold sea, too.' },
    'animals',
  )
  const { hits, groups } = await search('swim in the cold sea', {
    knowledgeBaseId: other,
    group: 'document',
    topK: 2,
  })
  expect(groups).toHaveLength(2)
  for (const { firstHit, hits: count, source } of groups)
    expect(hits.slice(firstHit, firstHit + count).every((hit) => hit.source === source)).toBe(true)
  const walrus = groups.find(({ source }) => source?.includes('walrus'))
  expect(walrus?.hits).toBeGreaterThan(1)
  const [hit] = hits.filter(
    ({ previousNodeId, nextNodeId }) => previousNodeId !== null && nextNodeId !== null,
  )
  const beside = await call('search.neighbours', { knowledgeBaseId: other, nodeId: hit?.nodeId ?? '' })
  expect([beside.previous?.nodeId, beside.next?.nodeId]).toEqual([hit?.previousNodeId, hit?.nextNodeId])
})

test('a folder of another model is refused, searched by words when that is chosen, and left out of a search over several', async () => {
  const folder = join(home, 'foreign')
  await cp(join(root, 'test/fixtures/persist-dirs/0.14.25'), folder, { recursive: true })
  const foreign = await call('library.open', { persistDir: folder })
  const refused = search('the', { knowledgeBaseId: foreign.id })
  await expect(refused).rejects.toMatchObject({
    code: expect.stringMatching(/wrong-model|dimension-mismatch/) as string,
  })
  const folderOf = await call('search.query', {
    knowledgeBaseId: foreign.id,
    query: 'honey bees',
    mode: 'keyword',
  })
  expect(folderOf.hits.length).toBeGreaterThan(0)
  const both = await search('bees and tea', { alsoIn: [foreign.id] })
  expect(new Set(both.hits.map(({ knowledgeBaseId }) => knowledgeBaseId))).toEqual(new Set([id, foreign.id]))
  expect(both.notices).toMatchObject([
    { reason: 'model-failed', without: 'vector', knowledgeBaseId: foreign.id },
  ])
})

test('the keys that nodes have are told, with their values', async () => {
  const keys = await call('search.keys', { knowledgeBaseId: id })
  expect(keys.find(({ key }) => key === 'type')?.values.sort()).toEqual(['md', 'txt'])
  expect(keys.find(({ key }) => key === 'file_name')?.values).toContain('bees.md')
})
