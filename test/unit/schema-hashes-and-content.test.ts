/** Expected values were printed by llama-index-core 0.14.25. */
import { expect, test } from 'vitest'
import { documentHash, nodeHash } from '#engine/schema/hash.ts'
import { getContent, metadataString } from '#engine/schema/metadata-mode.ts'
import { pythonRepr, pythonStrip } from '#engine/schema/python-text.ts'

const node = {
  text: '  some text ',
  metadata: { file_path: '/a', pages: 3, ratio: 1e-5, draft: true, none: null, tags: ['x', "y'"] },
  excluded_embed_metadata_keys: ['pages', 'not there'],
  excluded_llm_metadata_keys: ['file_path'],
  metadata_template: '{key}: {value}',
  metadata_separator: '\n',
  text_template: '{metadata_str}\n\n{content}',
}

test('metadata strings leave out the keys excluded for the mode', () => {
  expect(metadataString(node, 'none')).toBe('')
  expect(metadataString(node, 'embed')).toBe(
    "file_path: /a\nratio: 1e-05\ndraft: True\nnone: None\ntags: ['x', \"y'\"]",
  )
  expect(metadataString(node, 'llm')).toBe(
    "pages: 3\nratio: 1e-05\ndraft: True\nnone: None\ntags: ['x', \"y'\"]",
  )
})

test('content with metadata is stripped, content without is not', () => {
  const small = { ...node, metadata: { file_path: '/a', pages: 3 } }
  expect(getContent(small, 'embed')).toBe('file_path: /a\n\n  some text')
  expect(getContent(small, 'none')).toBe('  some text ')
  expect(getContent({ ...small, metadata: {} }, 'all')).toBe('  some text ')
})

test('templates of one’s own are filled in, with doubled braces as braces', () => {
  expect(
    metadataString({ ...node, metadata: { a: 'b' }, metadata_template: '{{{key}}}={value}' }, 'all'),
  ).toBe('{a}=b')
  expect(() => metadataString({ ...node, metadata_template: '{nokey}' }, 'all')).toThrow(/nokey/)
})

test('repr writes text as Python does', () => {
  expect(pythonRepr('plain')).toBe("'plain'")
  expect(pythonRepr("it's")).toBe('"it\'s"')
  expect(pythonRepr('both \' and "')).toBe("'both \\' and \"'")
  expect(pythonRepr('a\\b\n\t\x00\u00a0\u200b\u{1f600}\ud800')).toBe(
    "'a\\\\b\\n\\t\\x00\\xa0\\u200b\u{1f600}\\ud800'",
  )
  expect(pythonRepr([1, 1.5, 1e16, 1.5e300, 1.5e-7, -0.1, {}, [], { k: [false] }])).toBe(
    "[1, 1.5, 10000000000000000, 1.5e+300, 1.5e-07, -0.1, {}, [], {'k': [False]}]",
  )
})

test('strip takes Python’s whitespace and leaves the byte order mark', () => {
  expect(pythonStrip('\x1c\x85\u3000 a\ufeff\n')).toBe('a\ufeff')
})

test('hashes are the ones that LlamaIndex computes', () => {
  const metadata = {
    file_path: '/tmp/py/src/b.md',
    file_name: 'b.md',
    file_type: 'text/markdown',
    file_size: 20,
    creation_date: '2026-11-25',
    last_modified_date: '2026-11-25',
  }
  expect(documentHash('# Title\n\nText para.\n', metadata)).toBe(
    '6e3bfe97096362af4b5b6d31bff3b02b8142e8726d152b89f768c0d2adf8045e',
  )
  expect(nodeHash('# Title\n\nText para.', metadata)).toBe(
    '2b22824ca80078a4134f00d2ae6d7397849338d001641577fe9813b78a463d0e',
  )
})
