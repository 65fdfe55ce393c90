/** The sample documents, through the app's own commands. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { commands, type IngestReport } from '#contract'
import { createApplication, type Application } from '#app/application.ts'
import { prepareSample } from '#app/sample.ts'

const resourcesFolder = resolve(import.meta.dirname, '../../resources')
const { signal } = new AbortController()
let folder: string
let home: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-sample-'))
  home = join(folder, 'home')
  vi.stubEnv('STACKROOM_HOME', home)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

async function indexSample({ handlers }: Application): Promise<{ id: string; report: IngestReport | null }> {
  const { id, knowledgeBaseId } = await handlers['ingest.sample']({}, { signal })
  const report = await vi.waitFor(
    async () => {
      const job = (await handlers['jobs.list']({}, { signal })).find((other) => other.id === id)
      expect(job?.state).toBe('done')
      return job?.report ?? null
    },
    { timeout: 120_000 },
  )
  return { id: knowledgeBaseId, report }
}

test('all sample documents are indexed and found by meaning, and asking again changes nothing', async () => {
  const application = await createApplication({
    services: { host: 'web' },
    version: '0',
    dataFolder: join(folder, 'data'),
    resourcesFolder,
    emit: () => undefined,
  })
  try {
    const { id, report } = await indexSample(application)
    expect(report).toMatchObject({ added: 11, failed: [], skipped: 0 })
    const best = async (query: string): Promise<string> => {
      const input = commands['search.query'].input.parse({ knowledgeBaseId: id, query, topK: 1 })
      const { hits } = await application.handlers['search.query'](input, { signal })
      return basename(hits[0]?.source ?? '')
    }
    expect.soft(await best('how do ships find their way at night')).toBe('The lighthouse keeper.md')
    expect
      .soft(await best('a bored girl chases a talking rabbit'))
      .toBe('Alice’s Adventures in Wonderland, opening.txt')
    expect.soft(await best('why live alone among the trees')).toBe('Walden, where I lived.txt')
    expect.soft(await best('insects telling each other where food is')).toBe('Bees and their dance.html')
    expect.soft(await best('when the electricity fails')).toBe('Your folder stays yours.md')
    expect
      .soft(await best('before there were drawers of paper slips'))
      .toBe('A short history of the card catalogue.pdf')

    expect(await indexSample(application)).toMatchObject({ id, report: { added: 0, unchanged: 11 } })
    expect(await application.handlers['library.list']({}, { signal })).toMatchObject([
      { name: 'Sample', persistDir: join(home, 'Sample'), sources: [join(home, 'Sample documents')] },
    ])
  } finally {
    await application.close()
  }
})

test('a sample document that was changed stays as it was changed, and one that is gone comes back', async () => {
  await prepareSample(resourcesFolder, home)
  const changed = join(home, 'Sample documents', 'The lighthouse keeper.md')
  const gone = join(home, 'Sample documents', 'Bread from four ingredients.md')
  await writeFile(changed, 'Mine.')
  await rm(gone)
  await prepareSample(resourcesFolder, home)
  expect(await readFile(changed, 'utf8')).toBe('Mine.')
  expect(await readFile(gone, 'utf8')).toContain('yeast')
})

test('a folder of the user’s that has the name of the sample is left alone', async () => {
  await mkdir(join(home, 'Sample'), { recursive: true })
  await writeFile(join(home, 'Sample', 'diary.txt'), 'Mine.')
  const { persistDir } = await prepareSample(resourcesFolder, home)
  expect(persistDir).toBe(join(home, 'Sample 2'))
})
