import { expect, test } from 'vitest'
import {
  StackroomError,
  fileStateSchema,
  type FileReport,
  type FileState,
  type Job,
  type Source,
  type Sources,
} from '#contract'
import { usualRules } from '../../../src-renderer/features/ingest/rules-text.ts'
import { fakeEngine, later, type Answers, type FakeEngine } from './fake-engine.ts'
import { job, knowledgeBase } from './samples.ts'

const source: Source = {
  ...usualRules,
  path: '/home/ada/notes',
  watch: false,
  state: 'ok',
  files: 5,
  lastIndexed: null,
  watching: false,
  watchError: null,
}

const sources: Sources = { sources: [source], deletedFiles: 'ask', recognizeText: null, missingFiles: 2 }

function reportOf(paths: readonly string[], state: FileState, next: string | null = null): FileReport {
  const counts = Object.fromEntries(
    fileStateSchema.options.map((other) => [other, 0]),
  ) as FileReport['counts']
  return {
    counts: { ...counts, [state]: paths.length },
    causes: [],
    files: paths.map((path) => ({ path, state, code: null, message: null, from: null })),
    next,
    startedAt: null,
    finishedAt: null,
  }
}

const gone = ['/home/ada/notes/one.txt', '/home/ada/notes/two.txt']

const finished: Job = {
  ...job,
  state: 'done',
  report: {
    documents: 0,
    nodes: 0,
    skipped: 0,
    unchanged: 3,
    failed: [],
    failedFiles: 0,
    seconds: 1,
    added: 0,
    changed: 0,
    moved: 0,
    removed: 0,
    missing: 2,
    unavailable: [],
  },
}

async function opened(answers: Answers = {}): Promise<FakeEngine> {
  const engine = fakeEngine({
    'library.list': () => [knowledgeBase],
    'ingest.sources': () => sources,
    'ingest.report': () => reportOf(gone, 'missing'),
    'ingest.refresh': () => job,
    ...answers,
  })
  await engine.store.getState().loadLibrary()
  return engine
}

const inputsOf = ({ asked }: FakeEngine, name: string): unknown[] =>
  asked.filter((call) => call.name === name).map(({ input }) => input)

test('a run that finds files gone asks what becomes of them, naming them', async () => {
  const { store } = await opened()
  store.getState().receiveJob({ ...job, state: 'running' })
  store.getState().receiveJob(finished)
  await expect.poll(() => store.getState().missingQuestion?.count).toBe(2)
  expect(store.getState().missingQuestion?.files?.map(({ path }) => path)).toEqual(gone)
})

test('nothing is asked after a run that watching began, nor where the answer is set', async () => {
  const engine = await opened({ 'ingest.sources': () => ({ ...sources, deletedFiles: 'keep' }) })
  const { store } = engine
  store.getState().receiveJob({ ...job, state: 'running', origin: 'watch' })
  store.getState().receiveJob({ ...finished, origin: 'watch' })
  expect(inputsOf(engine, 'ingest.sources')).toEqual([])
  store.getState().receiveJob({ ...job, state: 'running' })
  store.getState().receiveJob(finished)
  await expect.poll(() => inputsOf(engine, 'ingest.sources')).toHaveLength(1)
  expect(inputsOf(engine, 'ingest.report')).toEqual([])
  expect(store.getState().missingQuestion).toBeNull()
})

test('“remove” refreshes with that answer, and remembers it when the user wants it', async () => {
  const engine = await opened()
  await engine.store.getState().askAboutMissing('one')
  await engine.store.getState().answerMissing('remove', true)
  expect(inputsOf(engine, 'ingest.refresh')).toEqual([
    { knowledgeBaseId: 'one', deleted: 'remove', remember: true },
  ])
  expect(engine.store.getState().missingQuestion).toBeNull()
})

test('files that are kept for now are not asked about again, others are', async () => {
  let missingFiles = 2
  const { store } = await opened({ 'ingest.sources': () => ({ ...sources, missingFiles }) })
  await store.getState().askAboutMissing('one', true)
  await store.getState().answerMissing('keep', false)
  await store.getState().askAboutMissing('one', true)
  expect(store.getState().missingQuestion).toBeNull()
  missingFiles = 3
  await store.getState().askAboutMissing('one', true)
  expect(store.getState().missingQuestion).not.toBeNull()
})

test('an answer that could not be given stays asked, with the reason', async () => {
  const { store } = await opened({
    'ingest.refresh': () => Promise.reject(new StackroomError('locked', 'Another program works in it.')),
  })
  await store.getState().askAboutMissing('one')
  await store.getState().answerMissing('remove', false)
  expect(store.getState().missingQuestion?.error?.code).toBe('locked')
})

test('new rules are kept with the rest of the source and the index is refreshed', async () => {
  const engine = await opened({ 'ingest.configure': () => sources })
  const { store } = engine
  store.getState().askAboutSource({ kind: 'edit', knowledgeBaseId: 'one', source })
  await store.getState().saveRules({ ...usualRules, include: ['*.md'] })
  expect(inputsOf(engine, 'ingest.configure')).toEqual([
    {
      knowledgeBaseId: 'one',
      sources: [{ ...usualRules, include: ['*.md'], path: source.path, watch: false }],
    },
  ])
  expect(inputsOf(engine, 'ingest.refresh')).toHaveLength(1)
  expect(store.getState().sourceQuestion).toBeNull()
})

test('a setting shows at once, and as it was when it was refused', async () => {
  const answer = later<Sources>()
  const { store } = await opened({ 'ingest.configure': () => answer.promise })
  await store.getState().loadSources('one')
  const deletedFiles = () => store.getState().sourcesOf['one']?.value?.deletedFiles
  const configuring = store.getState().configureSources('one', { deletedFiles: 'remove' })
  expect(deletedFiles()).toBe('remove')
  answer.reject(new StackroomError('read-only', 'This folder can only be read.'))
  await configuring
  expect(deletedFiles()).toBe('ask')
})

test('the report is read page after page, as far as one scrolls', async () => {
  const engine = await opened({
    'ingest.report': ({ after }) =>
      !after ? reportOf(['a', 'b'], 'added', 'b') : reportOf(['c', 'd'], 'added', after === 'b' ? 'd' : null),
  })
  const { store } = engine
  await store.getState().loadReport('one')
  expect(store.getState().reports['one']?.files).toHaveLength(2)
  await store.getState().readReportTo('one', 3)
  expect(store.getState().reports['one']?.files.map(({ path }) => path)).toEqual(['a', 'b', 'c', 'd'])
  expect(inputsOf(engine, 'ingest.report')).toHaveLength(2)
})

test('a narrower report takes the place of one that is still being read', async () => {
  const first = later<FileReport>()
  const { store } = await opened({
    'ingest.report': ({ states }) => (states === undefined ? first.promise : reportOf(['failed'], 'failed')),
  })
  const all = store.getState().loadReport('one')
  await store.getState().loadReport('one', { state: 'failed' })
  first.resolve(reportOf(['late'], 'added'))
  await all
  expect(store.getState().reports['one']?.files.map(({ path }) => path)).toEqual(['failed'])
})

test('the report is saved as it is listed, all of its pages in one file', async () => {
  const { store, asked } = await opened({
    'ingest.report': () => reportOf(['a'], 'failed'),
    'ingest.reportCsv': ({ after }) =>
      !after ? { csv: 'path,state\r\na,failed\r\n', next: 'a' } : { csv: 'b,failed\r\n', next: null },
  })
  await store.getState().loadReport('one', { state: 'failed', search: ' notes ' })
  const saved: Blob[] = []
  await store.getState().saveReportCsv('one', (csv) => {
    saved.push(csv)
  })
  expect(await saved[0]?.text()).toBe('path,state\r\na,failed\r\nb,failed\r\n')
  expect(asked.at(-1)?.input).toMatchObject({ states: ['failed'], search: 'notes', after: 'a' })
})
