import { expect, test } from 'vitest'
import { findWords, queryWords } from '../../../src-renderer/features/search/query-words.ts'
import { makeSnippet } from '../../../src-renderer/features/search/snippet.ts'

const filler = (count: number): string => 'Nothing of interest stands in this sentence. '.repeat(count)

function marked(query: string, text: string): string[] {
  return findWords(text, queryWords(query)).map(({ start, end }) => text.slice(start, end))
}

test('words that stand in every text are left out of a query, unless it has no others', () => {
  expect(queryWords('how do I cancel the task')).toEqual(['cancel', 'task'])
  expect(queryWords('to be or not to be')).toEqual(['not'])
  expect(queryWords('what is this')).toEqual(['what', 'is', 'this'])
})

test('other forms of a word are marked as whole words', () => {
  expect(marked('index', 'Indexing two indexes, an index and a reindex')).toEqual([
    'Indexing',
    'indexes',
    'index',
  ])
  expect(marked('cancelling tasks', 'A task was cancelled.')).toEqual(['task', 'cancelled'])
})

test('case and accents do not matter, and positions stay those of the text', () => {
  expect(marked('cafe zurich', 'Das Café liegt in ZÜRICH.')).toEqual(['Café', 'ZÜRICH'])
})

test('a letter whose lower case is longer than itself does not move the marks behind it', () => {
  expect(marked('harbour', 'İİİİ the harbour')).toEqual(['harbour'])
})

test('in a language without spaces words are found inside the text', () => {
  expect(marked('知识库', '本地知识库的索引').join('')).toContain('知识')
})

test('the snippet is the passage with most of the query’s words, not the head of the text', () => {
  const text = `${filler(20)}A task can be cancelled by calling its cancel method. ${filler(20)}`
  const snippet = makeSnippet(text, queryWords('cancel a task'), 200)
  expect(snippet.text).toContain('A task can be cancelled by calling')
  expect(snippet.text.startsWith('A task') || snippet.text.startsWith('Nothing')).toBe(true)
  expect(snippet.marks.map(({ start, end }) => snippet.text.slice(start, end))).toEqual([
    'task',
    'cancelled',
    'cancel',
  ])
  expect([snippet.cutBefore, snippet.cutAfter]).toEqual([true, true])
})

test('different words weigh more than one word many times', () => {
  const text = `${'task '.repeat(30)}. ${filler(10)} The scheduler cancels a task. ${filler(10)}`
  expect(makeSnippet(text, queryWords('scheduler task'), 160).text).toContain('The scheduler cancels a task')
})

test('a short text is its own snippet', () => {
  const snippet = makeSnippet('  Short\n\ntext. ', queryWords('text'), 300)
  expect(snippet).toMatchObject({ text: 'Short text.', cutBefore: false, cutAfter: false })
})

test('without any of the query’s words the snippet is the head of the text', () => {
  const snippet = makeSnippet(filler(20), queryWords('asyncio'), 100)
  expect(snippet.text.startsWith('Nothing of interest')).toBe(true)
  expect(snippet).toMatchObject({ marks: [], cutBefore: false, cutAfter: true })
})

test('words are matched as text: what looks like a pattern or a tag is neither', () => {
  expect(marked('<b>(.*)', 'a <b>bold</b> (.*) b')).toEqual(['b', 'bold', 'b', 'b'])
})
