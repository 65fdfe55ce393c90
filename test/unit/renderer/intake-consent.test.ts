import { expect, test } from 'vitest'
import { estimateSentence } from '../../../src-renderer/features/models/model-facts.ts'
import { fakeEngine, type Answers, type FakeEngine } from './fake-engine.ts'
import { bundled, estimate, inspection, job, knowledgeBase, openai, remote } from './samples.ts'

async function asking(answers: Answers = {}): Promise<FakeEngine> {
  const engine = fakeEngine({
    'models.list': () => [bundled, remote],
    'models.servers': () => [openai],
    'library.inspect': () => inspection,
    'library.list': () => [knowledgeBase],
    'models.estimate': (input) => ({ ...estimate, model: input.model }),
    'models.consent': (input) => ({ ...openai, consents: [input.persistDir ?? ''] }),
    'ingest.start': () => job,
    ...answers,
  })
  const { store } = engine
  await Promise.all([store.getState().loadModels(), store.getState().loadServers()])
  await store.getState().takeIn(inspection.paths)
  return engine
}

const names = ({ asked }: FakeEngine): string[] => asked.map(({ name }) => name)

test('what stays on this computer is chosen first and needs no consent', async () => {
  const engine = await asking()
  expect(engine.store.getState().intake).toMatchObject({ step: 'asking', choice: { model: bundled.id } })
  await engine.store.getState().startIngest()
  expect(names(engine)).toContain('ingest.start')
  expect(names(engine)).not.toContain('models.consent')
})

test('indexing with a model elsewhere does not start before the user allowed it', async () => {
  const engine = await asking()
  const { changeIntake, startIngest } = engine.store.getState()
  changeIntake({ model: remote.id })
  await startIngest()
  expect(names(engine)).not.toContain('ingest.start')
  expect(names(engine)).not.toContain('models.consent')

  changeIntake({ consent: true })
  await startIngest()
  expect(names(engine).filter((name) => name === 'models.consent' || name === 'ingest.start')).toEqual([
    'models.consent',
    'ingest.start',
  ])
  expect(engine.asked.find(({ name }) => name === 'models.consent')?.input).toEqual({
    server: 'openai',
    persistDir: inspection.suggestedPersistDir,
    given: true,
  })
})

test('a consent holds for one model and one folder: changing either asks anew', async () => {
  const engine = await asking()
  const { changeIntake } = engine.store.getState()
  const consent = () => {
    const { intake } = engine.store.getState()
    return intake?.step === 'asking' && intake.choice.consent
  }
  changeIntake({ model: remote.id })
  changeIntake({ consent: true })
  changeIntake({ name: 'another name' })
  expect(consent()).toBe(true)
  changeIntake({ persistDir: '/home/ada/elsewhere' })
  expect(consent()).toBe(false)
  changeIntake({ consent: true })
  changeIntake({ model: remote.id })
  expect(consent()).toBe(false)
})

test('adding to a knowledge base of a remote model asks for that knowledge base', async () => {
  const engine = await asking({ 'library.list': () => [{ ...knowledgeBase, model: remote.id }] })
  await engine.store.getState().loadLibrary()
  await engine.store.getState().takeIn(inspection.paths, knowledgeBase.id)
  await engine.store.getState().startIngest()
  expect(names(engine)).not.toContain('ingest.start')
  engine.store.getState().changeIntake({ consent: true })
  await engine.store.getState().startIngest()
  expect(engine.asked.find(({ name }) => name === 'models.consent')?.input).toMatchObject({
    persistDir: knowledgeBase.persistDir,
  })
})

test('the cost is worked out for the model that was chosen last', async () => {
  const first = Promise.withResolvers<typeof estimate>()
  const engine = await asking({
    'models.estimate': (input) => (input.model === bundled.id ? first.promise : estimate),
  })
  engine.store.getState().changeIntake({ model: remote.id })
  first.resolve({ ...estimate, model: bundled.id, tokens: 1 })
  await expect.poll(() => engine.store.getState().estimate?.result?.tokens).toBe(estimate.tokens)
  await first.promise
  expect(engine.store.getState().estimate).toMatchObject({ model: remote.id })
})

test('a cost is told with the digits that an estimate has', () => {
  expect(estimateSentence(estimate)).toBe('About 310,000 tokens, less than $0.01.')
  expect(estimateSentence({ ...estimate, usd: 1.234, truncated: true })).toBe(
    'More than 310,000 tokens, about $1.23.',
  )
  expect(estimateSentence({ ...estimate, usd: 0, seconds: 200, tokens: 42 })).toBe(
    'About 42 tokens, 3 min 20 s at the speed measured here.',
  )
  expect(estimateSentence({ ...estimate, usd: null, cachedTokens: 12_345 })).toBe(
    'About 310,000 tokens, at a price that is not known here. 12,000 more were embedded before.',
  )
})

test('a model folder among what is dropped goes to the models, not into an index', async () => {
  const engine = await asking({
    'library.inspect': () => ({ ...inspection, modelFolder: true, paths: ['/home/ada/bge-small'] }),
    'models.addFolder': ({ path }) => ({ ...bundled, id: `onnx:${path}`, name: 'bge-small' }),
  })
  await engine.store.getState().takeIn(['/home/ada/bge-small'])
  const state = engine.store.getState()
  expect(state.view).toBe('models')
  expect(state.intake).toBeNull()
  expect(state.models.map(({ id }) => id)).toContain('onnx:/home/ada/bge-small')
})
