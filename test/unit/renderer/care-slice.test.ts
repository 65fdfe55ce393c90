import { expect, test } from 'vitest'
import { StackroomError, type VerifyReport } from '#contract'
import { fakeEngine, later, type Answers, type FakeEngine } from './fake-engine.ts'
import { knowledgeBase } from './samples.ts'

const clean: VerifyReport = {
  persistDir: knowledgeBase.persistDir,
  kind: 'stackroom',
  ok: true,
  errors: 0,
  warnings: 0,
  notes: 0,
  documents: 5,
  nodes: 5,
  vectors: 5,
  problems: [],
  counts: {},
  truncated: false,
  repair: null,
  seconds: 0.1,
}

async function opened(answers: Answers): Promise<FakeEngine> {
  const engine = fakeEngine({ 'library.list': () => [knowledgeBase], ...answers })
  await engine.store.getState().loadLibrary()
  return engine
}

test('a check shows how far it is, then what it found', async () => {
  const report = later<VerifyReport>()
  const { store } = await opened({ 'library.verify': () => report.promise })
  const checking = store.getState().checkFolder('one')
  store.getState().receiveVerifying({ knowledgeBaseId: 'one', bytesDone: 30, bytesTotal: 120 })
  store.getState().receiveVerifying({ knowledgeBaseId: 'another', bytesDone: 9, bytesTotal: 9 })
  expect(store.getState().folderCheck).toMatchObject({ step: 'checking', fraction: 0.25, report: null })
  report.resolve(clean)
  await checking
  expect(store.getState().folderCheck).toMatchObject({ step: 'done', report: clean, error: null })
})

test('a check that was closed stays closed, whatever it finds', async () => {
  const report = later<VerifyReport>()
  let stopped: AbortSignal | undefined
  const { store } = await opened({
    'library.verify': (_, signal) => {
      stopped = signal
      return report.promise
    },
  })
  const checking = store.getState().checkFolder('one')
  store.getState().closeFolderCheck()
  report.resolve(clean)
  await checking
  expect(stopped?.aborted).toBe(true)
  expect(store.getState().folderCheck).toBeNull()
})

test('what keeps a folder from being repaired is shown in place of a report', async () => {
  const { store } = await opened({
    'library.verify': () => clean,
    'library.repair': () => {
      throw new StackroomError('locked', 'Another process works on it.')
    },
  })
  await store.getState().checkFolder('one')
  store.getState().askToRepair(true)
  expect(store.getState().folderCheck).toMatchObject({ step: 'asking', report: clean })
  await store.getState().repairFolder()
  expect(store.getState().folderCheck).toMatchObject({
    step: 'done',
    report: null,
    error: { code: 'locked' },
  })
})

test('a collection is checked by the folder that it is in, and shows how far that is', async () => {
  const address = 'chroma:/home/ada/chroma?collection=notes'
  const report = later<VerifyReport>()
  const { store, asked } = await opened({ 'stores.verify': () => report.promise })
  store.getState().receiveKnowledgeBase({ ...knowledgeBase, persistDir: address })
  const checking = store.getState().checkFolder('one')
  store.getState().receiveStoreVerifying({ address: 'chroma:/elsewhere', bytesDone: 9, bytesTotal: 9 })
  store.getState().receiveStoreVerifying({ address, bytesDone: 30, bytesTotal: 120 })
  expect(store.getState().folderCheck).toMatchObject({ step: 'checking', fraction: 0.25 })
  report.resolve({ ...clean, kind: 'chroma' })
  await checking
  expect(asked).toContainEqual({ name: 'stores.verify', input: { address } })
  expect(store.getState().folderCheck).toMatchObject({ step: 'done', report: { kind: 'chroma' } })
})

test('bringing files up to date says so, and while it goes on', async () => {
  const written = later<typeof knowledgeBase>()
  const { store } = await opened({ 'library.persist': () => written.promise })
  store.getState().receiveKnowledgeBase({ ...knowledgeBase, persisted: false })
  const persisting = store.getState().persistFolder('one')
  expect(store.getState().persistingIds).toEqual(['one'])
  written.resolve(knowledgeBase)
  await persisting
  expect(store.getState()).toMatchObject({ persistingIds: [], knowledgeBases: [{ persisted: true }] })
  expect(store.getState().notices.at(-1)).toMatchObject({ kind: 'done', message: 'The files are up to date' })
})

test('files that could not be brought up to date leave the reason and no mark of work', async () => {
  const { store } = await opened({
    'library.persist': () => {
      throw new StackroomError('disk-full', 'The disk is full.')
    },
  })
  await store.getState().persistFolder('one')
  expect(store.getState()).toMatchObject({ persistingIds: [] })
  expect(store.getState().notices.at(-1)).toMatchObject({ kind: 'error', message: 'The disk is full.' })
})
