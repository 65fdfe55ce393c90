/** The query language: what its parts mean, and that nothing that is typed is an error. */
import { expect, test } from 'vitest'
import { completeQuery, parseQuery, quotedValue, withoutPart, type Metadata } from '#contract'
import { matchesTypes } from '#engine/retrieve/file-types.ts'
import { matchesFilters } from '#engine/stores/metadata-filters.ts'

const keys = ['author', 'page_label', 'draft', 'tags']

function shown(query: string, options = { keys }): string[] {
  return parseQuery(query, options).parts.map(
    ({ kind, key, text, excluded, prefix, complete }) =>
      `${excluded ? '-' : ''}${kind}${key === null ? '' : ` ${key}`} ${text}${prefix ? '*' : ''}${complete ? '' : ' …'}`,
  )
}

function finds(query: string, metadata: Metadata): boolean {
  const { filters, types } = parseQuery(query, { keys })
  return (filters === null || matchesFilters(metadata, filters)) && matchesTypes(metadata, types)
}

test('words, phrases, exclusions, beginnings and filters are told apart', () => {
  expect(shown('type:pdf path:docs/ "exact phrase" begin* -word -"two words" plain')).toEqual([
    'filter type pdf',
    'filter path docs/',
    'phrase exact phrase',
    'word begin*',
    '-word word',
    '-phrase two words',
    'word plain',
  ])
})

test('the model is given what is meant, without filters and exclusions', () => {
  expect(parseQuery('how to  sort').text).toBe('how to  sort')
  expect(parseQuery('sort "a list" type:md -tuple').text).toBe('sort a list')
  expect(parseQuery('type:md').text).toBe('')
})

test.each([
  ['std::move', ['word std::move']],
  ['https://example.org/a', ['word https://example.org/a']],
  ['C:\\docs\\new', ['word C:\\docs\\new']],
  ['unknown:key', ['word unknown:key']],
  ['foo_bar E1103 --verbose -', ['word foo_bar', 'word E1103', 'word --verbose', 'word -']],
  ['5" disk', ['word 5"', 'word disk']],
  ['"not closed', ['word "not', 'word closed']],
  ['""', []],
  ['-only', ['word only']],
  ['\\-word author\\:ada', ['word -word', 'word author:ada']],
  ['“typographic quotes”', ['phrase typographic quotes']],
  ['"with \\" a quote"', ['phrase with " a quote']],
  ['after:yesterday before:2025-13', ['word after:yesterday', 'filter before 2025-13']],
])('%s', (query, expected) => {
  const parts = shown(query)
  if (query.startsWith('after')) expect(parts[0]).toBe(expected[0])
  else expect(parts).toEqual(expected)
})

test('a filter that is not typed to its end is passed over', () => {
  expect(shown('type: after:20 author:')).toEqual(['filter type  …', 'filter after 20 …', 'filter author  …'])
  expect(parseQuery('type: after:20').filters).toBeNull()
})

test('in a literal query everything is words', () => {
  expect(
    parseQuery('type:pdf "a b" -c', { literal: true }).parts.map(({ kind, text }) => `${kind} ${text}`),
  ).toEqual(['word type:pdf', 'word "a', 'word b"', 'word -c'])
})

test.each<[string, Metadata, boolean]>([
  ['type:pdf', { file_path: '/a/b.PDF' }, true],
  ['type:pdf', { file_path: '/a/b.pdf.txt' }, false],
  ['type:c', { file_path: '/a/b.css' }, false],
  ['type:.c', { file_path: '/a/b.c' }, true],
  ['type:html', { file_name: 'page.htm' }, true],
  ['type:pdf type:md', { file_path: '/a/b.md' }, true],
  ['-type:md', { file_path: '/a/b.md' }, false],
  ['-type:md', { file_path: '/a/b.mdx' }, true],
  ['path:docs/', { file_path: '/home/Docs/a.txt' }, true],
  ['path:docs/', { file_path: 'C:\\home\\docs\\a.txt' }, true],
  ['path:docs/', { source: '/docs/of-langchain.txt' }, true],
  ['-path:docs/', { file_path: '/docs/a.txt' }, false],
  ['after:2025-01', { last_modified_date: '2025-01-01' }, true],
  ['after:2025-01', { last_modified_date: '2024-12-31' }, false],
  ['before:2025', { last_modified_date: '2024-12-31' }, true],
  ['before:2025', { last_modified_date: '2025-01-01' }, false],
  ['after:2024 before:2025', { last_modified_date: '2023-05-05' }, false],
  ['author:lovelace', { author: 'Ada Lovelace' }, true],
  ['author:"ada l"', { author: 'Ada Lovelace' }, true],
  ['author:ada author:grace', { author: 'Grace' }, true],
  ['author:ada page_label:3', { author: 'Ada', page_label: '3' }, true],
  ['author:ada page_label:3', { author: 'Ada', page_label: '13' }, false],
  ['page_label:>=3', { page_label: 12 }, true],
  ['page_label:<3', { page_label: 12 }, false],
  ['draft:true', { draft: true }, true],
  ['tags:tea', { tags: ['tea', 'water'] }, true],
  ['tags:*', { tags: [] }, false],
  ['tags:*', { tags: ['x'] }, true],
])('%s for %o: %s', (query, metadata, expected) => {
  expect(finds(query, metadata)).toBe(expected)
})

test('a part is taken away with the space beside it', () => {
  const query = 'one type:pdf two'
  const part = parseQuery(query).parts[1]!
  expect(withoutPart(query, part)).toBe('one two')
})

test('keys and values are completed, with quotes where they need them', () => {
  const known = [
    { key: 'type', values: ['pdf', 'md'] },
    { key: 'author', values: ['Ada Lovelace', 'Grace'] },
  ]
  expect(completeQuery('x ty', 4, known)).toEqual({ start: 2, end: 4, options: ['type:'] })
  expect(completeQuery('type:', 5, known)).toEqual({ start: 0, end: 5, options: ['type:pdf', 'type:md'] })
  expect(completeQuery('-author:ada', 11, known)).toEqual({
    start: 0,
    end: 11,
    options: ['-author:"Ada Lovelace"'],
  })
  expect(completeQuery('zebra', 5, known)).toBeNull()
  expect(parseQuery(`author:${quotedValue('a "b" c')}`, { keys }).parts[0]?.text).toBe('a "b" c')
})

test('whatever is typed is read: parts lie in the query one after the other, and between them is nothing but space', () => {
  const pieces = [
    '"',
    '“',
    '”',
    '-',
    ':',
    '\\',
    ' ',
    '*',
    'type:',
    'after:20',
    'author:',
    'word',
    '2025-01',
    '\n',
    '東京',
    '😀',
    '\ud800',
    '//',
    '>',
    "'",
    '(',
    ')',
    'NOT',
    'é',
    '\0',
  ]
  let state = 1
  const dice = (sides: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
  for (let round = 0; round < 5000; round++) {
    const query = Array.from({ length: dice(12) }, () => pieces[dice(pieces.length)]!).join('')
    const { parts } = parseQuery(query, { keys })
    let end = 0
    for (const part of parts) {
      expect(query.slice(end, part.start)).toMatch(/^[\s"“”\-]*$/)
      expect(part.end).toBeGreaterThan(part.start)
      end = part.end
      withoutPart(query, part)
    }
    completeQuery(query, dice(query.length + 1), [{ key: 'author', values: ['Ada L'] }])
  }
})
