import { expect, test } from 'vitest'
import { makeSnippet, type Snippet } from '../../../src-renderer/features/search/snippet.ts'

const filler = (count: number): string => 'Nothing of interest stands in this sentence. '.repeat(count)

/** A hit in which every place of these words is marked, as the engine does it. */
function found(text: string, ...matchedWords: string[]) {
  const matches = matchedWords.flatMap((searched, word) =>
    [...text.matchAll(new RegExp(searched, 'g'))].map(({ index }) => ({
      ...{ word, start: index, end: index + searched.length },
    })),
  )
  return { text, matchedWords, matches: matches.toSorted((a, b) => a.start - b.start) }
}

function marked({ text, marks }: Snippet): string[] {
  return marks.map(({ start, end }) => text.slice(start, end))
}

test('the snippet is the passage with most of the query’s words, not the head of the text', () => {
  const text = `${filler(20)}A task can be cancelled by calling its cancel method. ${filler(20)}`
  const snippet = makeSnippet(found(text, 'task', 'cancelled'), 200)
  expect(snippet.text).toContain('A task can be cancelled by calling')
  expect(snippet.text.startsWith('A task') || snippet.text.startsWith('Nothing')).toBe(true)
  expect(marked(snippet)).toEqual(['task', 'cancelled'])
  expect([snippet.cutBefore, snippet.cutAfter]).toEqual([true, true])
})

test('different words weigh more than one word many times', () => {
  const text = `${'task '.repeat(30)}. ${filler(10)} The scheduler cancels a task. ${filler(10)}`
  expect(makeSnippet(found(text, 'scheduler', 'task'), 160).text).toContain('The scheduler cancels a task')
})

test('a short text is its own snippet', () => {
  const snippet = makeSnippet(found('  Short\n\ntext. ', 'text'), 300)
  expect(snippet).toMatchObject({ text: 'Short text.', cutBefore: false, cutAfter: false })
  expect(marked(snippet)).toEqual(['text'])
})

test('marks stay on their words where lines are joined, also on words that reach over a line', () => {
  const snippet = makeSnippet(found('\n\tOne  two\r\n\r\n  three four\n', 'two\r\n\r\n  three', 'four'), 300)
  expect(snippet.text).toBe('One two three four')
  expect(marked(snippet)).toEqual(['two three', 'four'])
})

test('without any of the query’s words the snippet is the head of the text', () => {
  const snippet = makeSnippet(found(filler(20)), 100)
  expect(snippet.text.startsWith('Nothing of interest')).toBe(true)
  expect(snippet).toMatchObject({ marks: [], cutBefore: false, cutAfter: true })
})
