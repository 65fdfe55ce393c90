/** Words as the keyword index has them, terms of queries, and what is marked in a text. */
import { expect, test } from 'vitest'
import { parseQuery } from '#contract'
import { findMatches, fitsTerms } from '#engine/retrieve/keyword/find-matches.ts'
import { queryTerms } from '#engine/retrieve/keyword/query-terms.ts'
import { stem } from '#engine/retrieve/keyword/stem.ts'
import { partsOf, wordsOf } from '#engine/retrieve/keyword/words.ts'

function terms(query: string) {
  return queryTerms(parseQuery(query).parts)
}

function marked(text: string, query: string): string[] {
  return findMatches(text, terms(query)).map(({ start, end }) => text.slice(start, end))
}

test.each([
  ['std::move(foo_bar)', ['std', 'move', 'foo', 'bar']],
  ['src/main.ts E1103', ['src', 'main', 'ts', 'e1103']],
  ['Crème Brûlée STRAẞE straße', ['creme', 'brulee', 'strasse', 'strasse']],
  ['ﬁle ＡＢＣ Ⅳ', ['file', 'abc', 'iv']],
  ['東京tower', ['東', '京', 'tower']],
  ['カレー', ['カ', 'レ', 'ー']],
  ['हिन्दी', ['हिन्दी']],
  ['😀 — …', []],
])('%s is cut into its words', (text, expected) => {
  expect(wordsOf(text).map((word) => word.text)).toEqual(expected)
})

test('words keep their places in the text, also beside letters of two code units', () => {
  const text = '😀 Ⅳ naïve 東京'
  expect(wordsOf(text).map(({ start, end }) => text.slice(start, end))).toEqual(['Ⅳ', 'naïve', '東', '京'])
})

test('names in camel case have parts, other words have none', () => {
  expect(partsOf('getElementById')).toEqual(['get', 'element', 'by', 'id'])
  expect(partsOf('HTTPServer')).toEqual(['http', 'server'])
  expect(partsOf('Hello')).toEqual([])
  expect(partsOf('README')).toEqual([])
})

// As nltk's SnowballStemmer('english') gives them.
test.each([
  ['indexing', 'index'],
  ['indexes', 'index'],
  ['libraries', 'librari'],
  ['library', 'librari'],
  ['running', 'run'],
  ['generously', 'generous'],
  ['communication', 'communic'],
  ['skies', 'sky'],
  ['dying', 'die'],
  ['succeed', 'succeed'],
  ['hopping', 'hop'],
  ['hoping', 'hope'],
  ['constructor', 'constructor'],
  ['naïve', 'naïve'],
])('the stem of %s is %s', (word, expected) => {
  expect(stem(word)).toBe(expected)
})

test.each([
  ['An index of indexes', 'indexing', ['index', 'indexes']],
  ['It calls getElementById twice', 'elements', ['getElementById']],
  ['move, std::move and std move', 'std::move', ['std::move', 'std move']],
  ['The fox in the box', '"the box" fox', ['fox', 'the box']],
  ['comprehension', 'compreh', ['comprehension']],
  ['to search at night', 'the sea at night', ['night']],
  ['begin and beginnings', 'beg*', ['begin', 'beginnings']],
  ['Čeština', 'cestina', ['Čeština']],
  ['今日は東京の天気です', '東京の天気', ['東京', 'の', '天気']],
  ['the cat', 'what is the cat', ['cat']],
  ['the', 'the', ['the']],
  ['nothing here', 'other words', []],
])('in “%s” %s is marked', (text, query, expected) => {
  expect(marked(text, query)).toEqual(expected)
})

test('phrases have to be there, and exclusions must not', () => {
  const text = 'The exact phrase stands here.'
  expect(fitsTerms(text, terms('"exact phrase"'))).toBe(true)
  expect(fitsTerms(text, terms('"phrase exact"'))).toBe(false)
  expect(fitsTerms(text, terms('stands -phrase'))).toBe(false)
  expect(fitsTerms(text, terms('stands -phrases'))).toBe(true)
  expect(fitsTerms(text, terms('anything else'))).toBe(true)
})
