/** How chunks are cut; that they are those of LlamaIndex is what the interop test shows. */
import { expect, test } from 'vitest'
import { splitBySentenceTokenizer } from '#engine/ingest/node-parsers/punkt.ts'
import { sentenceSplitterDefaults } from '#engine/ingest/node-parsers/defaults.ts'
import { SentenceSplitter } from '#engine/ingest/node-parsers/sentence-splitter.ts'
import { Cl100kBase } from '#engine/ingest/tokenizers/cl100k-base.ts'
import { buildNodes } from '#engine/schema/build-nodes.ts'
import { documentHash } from '#engine/schema/hash.ts'

const counter = new Cl100kBase()

test('sentences end at marks, with closing quotes, but not at initials, numbers before lower case, or ellipses', () => {
  expect(
    splitBySentenceTokenizer('He said "Go." Then J. Bach left... or so. Was it 5. or 6? (Yes.) No'),
  ).toEqual(['He said "Go." ', 'Then J. Bach left... or so. ', 'Was it 5. or 6? ', '(Yes.) ', 'No'])
})

test('tokens are counted as tiktoken counts them', () => {
  expect(counter.count("Hello world, it's 12345 o'clock!\n\n  Ünïcödé 書庫 😀")).toBe(24)
  expect(counter.count('<|endoftext|>')).toBe(1)
  expect(counter.count('')).toBe(0)
})

test('counting takes time in proportion to the text, a megabyte in one word too', () => {
  expect(counter.count('a'.repeat(1_000_000))).toBe(125_000)
  expect(counter.countUpTo('word '.repeat(1_000_000), 10)).toBe(11)
})

test('chunks keep to the size and overlap by whole sentences', () => {
  const text = Array.from({ length: 12 }, (_, index) => `This is sentence number ${index}.`).join(' ')
  const chunks = new SentenceSplitter(counter, {
    ...sentenceSplitterDefaults,
    chunkSize: 30,
    chunkOverlap: 10,
  }).splitText(text)
  expect(chunks.length).toBeGreaterThan(3)
  for (const chunk of chunks) expect(counter.count(chunk)).toBeLessThanOrEqual(30)
  const last = (chunk: string | undefined): string => chunk?.split('. ').at(-1)?.replace(/\.$/, '') ?? '-'
  for (let index = 1; index < chunks.length; index++) expect(chunks[index]).toContain(last(chunks[index - 1]))
})

test('metadata longer than a chunk leaves room for text all the same', () => {
  const splitter = new SentenceSplitter(counter, {
    ...sentenceSplitterDefaults,
    chunkSize: 60,
    chunkOverlap: 5,
  })
  const chunks = splitter.splitTextMetadataAware('word '.repeat(200), 'folder/'.repeat(100))
  expect(chunks.length).toBeGreaterThan(1)
  for (const chunk of chunks) expect(counter.count(chunk)).toBeLessThanOrEqual(50)
})

test('offsets count code points and point at the very text, repeated chunks in order', () => {
  const text = '😀😀 one. 😀 one. one.'
  const document = {
    id: 'd',
    text,
    metadata: {},
    excludedEmbedMetadataKeys: [],
    excludedLlmMetadataKeys: [],
    hash: documentHash(text, {}),
  }
  const nodes = buildNodes(
    document,
    ['😀😀 one.', 'one.', 'one.', 'gone'].map((text) => ({ text })),
  )
  const points = Array.from(text)
  expect(
    nodes.map(({ node }) =>
      node.start_char_idx === null
        ? null
        : points.slice(node.start_char_idx, node.end_char_idx ?? 0).join(''),
    ),
  ).toEqual(['😀😀 one.', 'one.', 'one.', null])
  expect(nodes.map(({ node }) => node.start_char_idx)).toEqual([0, 3, 10, null])
})
