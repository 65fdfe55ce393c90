import { expect, test } from 'vitest'
import { StackroomError, type CommandInput, type NodeSource, type SearchAnswer } from '#contract'
import { citationOf, withCitation } from '../../../src-renderer/features/search/citation.ts'
import { fakeEngine, later, type FakeEngine } from './fake-engine.ts'
import { hit, knowledgeBase, searchAnswer } from './samples.ts'

const source: NodeSource = {
  nodeId: hit.nodeId,
  path: hit.source,
  fileExists: true,
  pageLabel: '3',
  line: null,
  pages: [],
  metadata: hit.metadata,
  text: hit.text,
  start: 0,
  end: hit.text.length,
}

const session = ({ store }: FakeEngine) => store.getState().sessions['one']

/** What is under way in the store is done: promises that are settled, and what waits for them. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('an answer that comes after that of a later query is dropped, and its call was let go', async () => {
  const answers = new Map<string, ReturnType<typeof later<SearchAnswer>>>()
  const signals = new Map<string, AbortSignal | undefined>()
  const engine = fakeEngine({
    'search.query': ({ query }, signal) => {
      const answer = later<SearchAnswer>()
      answers.set(query, answer)
      signals.set(query, signal)
      return answer.promise
    },
  })
  const { setQuery } = engine.store.getState()
  setQuery('one', 'moon')
  setQuery('one', 'moon tide')
  expect(signals.get('moon')?.aborted).toBe(true)
  answers.get('moon tide')?.resolve(searchAnswer)
  await settled()
  answers.get('moon')?.resolve({ ...searchAnswer, hits: [] })
  await settled()
  expect(session(engine)).toMatchObject({ answeredQuery: 'moon tide', searching: false })
  expect(session(engine)?.answer?.hits).toHaveLength(1)
})

test('a late failure of an earlier query is dropped as well, and the last answer stays until the next is there', async () => {
  const slow = later<SearchAnswer>()
  const engine = fakeEngine({
    'search.query': ({ query }) => (query === 'moon' ? searchAnswer : slow.promise),
  })
  const { setQuery } = engine.store.getState()
  setQuery('one', 'moon')
  await settled()
  setQuery('one', 'moon t')
  expect(session(engine)?.answer).toBe(searchAnswer)
  setQuery('one', '')
  slow.reject(new StackroomError('server-down', 'The server is down.'))
  await settled()
  expect(session(engine)).toMatchObject({ answer: null, error: null, searching: false })
})

test('the options of the window and the other knowledge bases go along with a question', async () => {
  const engine = fakeEngine({
    'library.list': () => [knowledgeBase, { ...knowledgeBase, id: 'two' }],
    'search.query': () => searchAnswer,
  })
  const state = engine.store.getState()
  await state.loadLibrary()
  state.setQuery('one', 'moon')
  state.setAlsoIn('one', ['two', 'forgotten since'])
  state.setSearchOptions({ mode: 'vector', byDocument: true, mmr: 0.5, topK: 50 })
  const asked = engine.asked.filter(({ name }) => name === 'search.query').at(-1)
  expect(asked?.input).toMatchObject<CommandInput<'search.query'>>({
    ...{ knowledgeBaseId: 'one', query: 'moon', alsoIn: ['two'] },
    ...{ mode: 'vector', group: 'document', mmr: 0.5, topK: 50, collapse: true },
  })
})

test('a knowledge base without its model is asked for words, whatever the mode is', async () => {
  const engine = fakeEngine({
    'library.list': () => [knowledgeBase],
    'search.query': ({ mode }) => {
      if (mode !== 'keyword') throw new StackroomError('wrong-model', 'Another model made these vectors.')
      return searchAnswer
    },
  })
  const state = engine.store.getState()
  await state.loadLibrary()
  state.setQuery('one', 'moon')
  await settled()
  expect(session(engine)?.error?.code).toBe('wrong-model')
  state.setKeywordOnly('one', true)
  await settled()
  expect(session(engine)).toMatchObject({ error: null, answer: searchAnswer })
  engine.store.getState().nextSearchMode()
  await settled()
  expect(session(engine)).toMatchObject({ keywordOnly: false, error: { code: 'wrong-model' } })
})

test('the same question, asked again while the index grows, stays at the hit that was read', async () => {
  const others = ['a', 'b'].map((nodeId) => ({ ...hit, nodeId }))
  let hits = [...others, hit]
  const engine = fakeEngine({
    'library.list': () => [{ ...knowledgeBase, id: 'two' }],
    'search.query': () => ({ ...searchAnswer, hits }),
  })
  const { setQuery, setActiveHit, searchAgain } = engine.store.getState()
  setQuery('one', 'moon')
  await settled()
  setActiveHit('one', 2)
  hits = [{ ...hit, nodeId: 'new' }, ...others, hit]
  searchAgain('one')
  await settled()
  expect(session(engine)?.activeIndex).toBe(3)
  engine.store.getState().setAlsoIn('one', ['two'])
  await settled()
  expect(session(engine)?.activeIndex).toBe(3)
  await engine.store.getState().loadLibrary()
  engine.store.getState().setAlsoIn('one', ['two'])
  await settled()
  expect(session(engine)?.activeIndex).toBe(0)
  setQuery('one', 'moons')
  await settled()
  expect(session(engine)?.activeIndex).toBe(0)
})

test('what was searched for is remembered when a hit was opened, once, with what was typed on', async () => {
  const engine = fakeEngine({ 'search.query': () => searchAnswer, 'search.source': () => source })
  const { setQuery, showSource } = engine.store.getState()
  for (const query of ['moon', 'bread', 'Moon and tide']) {
    setQuery('one', query)
    await settled()
    await showSource('one', hit)
    await showSource('one', hit)
  }
  setQuery('one', 'never looked at')
  await settled()
  setQuery('one', '')
  const past = engine.store.getState().pastSearches
  expect(past.map(({ query }) => query)).toEqual(['Moon and tide', 'bread'])
  engine.store.getState().forgetSearches('one')
  expect(engine.store.getState().pastSearches).toEqual([])
})

test('the source and the neighbours of a hit are those of the knowledge base that it is from', async () => {
  const foreign = { ...hit, knowledgeBaseId: 'two' }
  const engine = fakeEngine({
    'search.source': () => source,
    'search.neighbours': () => ({ previous: null, next: null }),
  })
  const { showSource, showQuickLook, unfoldHit } = engine.store.getState()
  await showSource('one', foreign)
  await showQuickLook('one', foreign)
  await unfoldHit('two', foreign)
  const node = { knowledgeBaseId: 'two', nodeId: hit.nodeId }
  expect(engine.asked.map(({ input }) => input)).toEqual([
    { ...node, whole: false },
    { ...node, whole: true },
    node,
  ])
  expect(engine.store.getState().openSource).toMatchObject({ sessionId: 'one', knowledgeBaseId: 'two' })
})

test('a citation has the file’s name, its page and its path', () => {
  expect(citationOf(hit)).toBe('— tides.pdf, page 3 (/home/ada/notes/sea/tides.pdf)')
  expect(citationOf({ ...hit, source: null, metadata: {} })).toBe('— tides')
  const inText = { ...source, pageLabel: null, line: 12 }
  expect(citationOf({ ...hit, metadata: {} }, inText)).toBe(
    '— tides.pdf, line 12 (/home/ada/notes/sea/tides.pdf)',
  )
  expect(withCitation(' text\n', '— tides')).toBe('text\n\n— tides\n')
})
