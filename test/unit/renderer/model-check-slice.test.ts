import { expect, test } from 'vitest'
import type { ModelCheck } from '#contract'
import {
  candidateSentence,
  verdictFact,
  waySentence,
} from '../../../src-renderer/features/models/verdict-sentences.ts'
import { fakeEngine, later, type Answers, type FakeEngine } from './fake-engine.ts'
import { bundled, job, knowledgeBase, openai, remote, verified } from './samples.ts'

async function opened(answers: Answers = {}): Promise<FakeEngine> {
  const engine = fakeEngine({
    'models.list': () => [bundled, remote],
    'models.servers': () => [openai],
    'library.list': () => [knowledgeBase],
    'models.check': () => verified,
    'models.verify': () => verified,
    'models.consent': () => ({ ...openai, consents: [knowledgeBase.persistDir] }),
    ...answers,
  })
  const state = engine.store.getState()
  await Promise.all([state.loadModels(), state.loadServers(), state.loadLibrary()])
  return engine
}

const names = ({ asked }: FakeEngine): string[] => asked.map(({ name }) => name)

test('the verdict of a check that was overtaken does not replace the newer one', async () => {
  const slow = later<ModelCheck>()
  const engine = await opened({ 'models.check': () => slow.promise })
  const { checkModel, verifyModel } = engine.store.getState()
  const checking = checkModel('one')
  await verifyModel('one', bundled.id)
  slow.resolve({ ...verified, verdict: 'cannot-tell' })
  await checking
  expect(engine.store.getState().checks['one']).toMatchObject({
    working: null,
    check: { verdict: 'verified' },
  })
})

test('a server is told of the consent before a folder’s text is compared with its model', async () => {
  const engine = await opened()
  await engine.store.getState().verifyModel('one', remote.id, true)
  expect(names(engine).slice(-2)).toEqual(['models.consent', 'models.verify'])
  expect(engine.asked.at(-2)?.input).toEqual({
    server: 'openai',
    persistDir: knowledgeBase.persistDir,
    given: true,
  })
})

test('without a tick nothing is allowed', async () => {
  const engine = await opened()
  await engine.store.getState().verifyModel('one', remote.id)
  expect(names(engine)).not.toContain('models.consent')
})

test('embedding again shows its job and closes the dialog', async () => {
  const engine = await opened({ 'reembed.start': () => ({ ...job, kind: 'reembed' }) })
  engine.store.getState().openModelDialog('one', 'reembed')
  await engine.store.getState().startReembedding('one', bundled.id, false)
  expect(engine.store.getState().modelDialog).toBeNull()
  expect(engine.store.getState().jobs).toMatchObject([{ kind: 'reembed' }])
})

test('a verdict says which model and how sure', () => {
  expect(verdictFact(knowledgeBase, verified, 'all-MiniLM-L6-v2')).toEqual({
    look: 'good',
    text: 'Verified: all-MiniLM-L6-v2 (cosine 0.9999)',
  })
  const wrong: ModelCheck = { ...verified, verdict: 'wrong-model', reason: 'other-vectors' }
  expect(verdictFact(knowledgeBase, wrong, null)).toEqual({ look: 'bad', text: 'Wrong model' })
  const unknown: ModelCheck = { ...verified, verdict: 'cannot-tell', reason: 'no-text', score: null }
  expect(verdictFact(knowledgeBase, unknown, 'all-MiniLM-L6-v2').text).toBe('all-MiniLM-L6-v2: cannot tell')
})

test('how the texts were embedded is said where it is not the plain way', () => {
  expect(verified.score && waySentence(verified.score)).toBeNull()
  expect(
    verified.score && waySentence({ ...verified.score, metadata: false, documentPrefix: 'passage: ' }),
  ).toBe('They were embedded without the nodes’ metadata, with “passage: ” before each text.')
})

test('each reason that a model is not proven has its sentence', () => {
  const candidate = {
    model: bundled,
    verdict: 'cannot-tell',
    score: null,
    error: null,
    consentNeeded: false,
  } as const
  const reasons = ['other-dimensions', 'no-text', 'no-vectors', 'model-failed', 'consent-required'] as const
  const sentences = reasons.map((reason) => candidateSentence({ ...candidate, reason }))
  expect(new Set(sentences).size).toBe(reasons.length)
  for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*\.$/)
})
