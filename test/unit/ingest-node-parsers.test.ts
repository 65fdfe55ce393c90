/** The node parsers on their own; that their nodes are LlamaIndex's is what the interop test shows. */
import { expect, test } from 'vitest'
import type { NodeParserInput, NodeParserName } from '#contract'
import { nodeParserSettingsFor } from '#engine/ingest/node-parser-settings.ts'
import { createNodeParser } from '#engine/ingest/node-parsers/create-node-parser.ts'
import type { FileNodeParser, NodeParser } from '#engine/ingest/node-parsers/node-parser.ts'
import { Cl100kBase } from '#engine/ingest/tokenizers/cl100k-base.ts'
import { buildNodes } from '#engine/schema/build-nodes.ts'
import { documentHash, nodeHash } from '#engine/schema/hash.ts'
import type { ParsedNode, SourceDocument } from '#engine/schema/node.ts'

const counter = new Cl100kBase()

function documentOf(text: string): SourceDocument {
  const metadata = { file_path: '/a', secret: 's' }
  return {
    id: 'd',
    text,
    metadata,
    excludedEmbedMetadataKeys: ['secret'],
    excludedLlmMetadataKeys: [],
    hash: documentHash(text, metadata),
  }
}

function create(input: NodeParserInput): Promise<NodeParser> {
  return createNodeParser(nodeParserSettingsFor(Infinity, { kind: 'cl100k_base' }, input), counter)
}

/** The parser that a file of this name gets. */
async function parserFor(
  input: NodeParserInput,
  path: string,
  reader: 'text' | 'html' = 'text',
): Promise<FileNodeParser> {
  const parser = await create(input)
  return (await parser.ownKind?.parserFor(path, reader)) ?? parser
}

function nodesOf(text: string, parser: FileNodeParser): ParsedNode[] {
  const document = documentOf(text)
  return buildNodes(document, parser.split(document) ?? [])
}

const markdown =
  '# Tea 🍵\n\nIt is green.\n\n## Water\n\nEighty degrees. 😀\n\n```\n# no header\n```\n## Time\nTwo minutes.\n'
const python = `# ünï 😀\nimport os\n\n\ndef first(a):\n    return a\n\n\nclass Second:\n    """😀"""\n${'    def m(self): return 1\n'.repeat(9)}`

test.each<[NodeParserInput, string, string]>([
  [{ className: 'TokenTextSplitter', chunkSize: 40, chunkOverlap: 10 }, '/a.txt', markdown.repeat(20)],
  [{ className: 'SentenceWindowNodeParser' }, '/a.txt', markdown.repeat(4)],
  [{ className: 'MarkdownNodeParser' }, '/a.md', markdown.repeat(3)],
  [{ className: 'CodeSplitter', maxChars: 60 }, '/a.py', python],
])('offsets of %o point at the very text, in code points, one after another', async (input, path, text) => {
  const parser = await parserFor(input, path)
  expect(parser.className).toBe(input.className)
  const nodes = nodesOf(text, parser)
  expect(nodes.length).toBeGreaterThan(2)
  const characters = Array.from(text)
  let last = -1
  for (const { node } of nodes) {
    const { start_char_idx: start, end_char_idx: end } = node
    expect(characters.slice(start ?? 0, end ?? 0).join('')).toBe(node.text)
    expect(start).toBeGreaterThan(last)
    last = start ?? -1
  }
})

test('nodes know their document and their neighbours', async () => {
  const text = '# A\none\n# B\ntwo\n## C\nthree\n'
  const nodes = nodesOf(text, await parserFor({ className: 'MarkdownNodeParser' }, '/a.md'))
  const ids = nodes.map(({ node }) => node.id_)
  expect(new Set(ids).size).toBe(3)
  expect(nodes.map(({ node }) => node.relationships['1']?.node_id)).toEqual(['d', 'd', 'd'])
  expect(nodes.map(({ node }) => node.relationships['2']?.node_id)).toEqual([undefined, ids[0], ids[1]])
  expect(nodes.map(({ node }) => node.relationships['3']?.node_id)).toEqual([ids[1], ids[2], undefined])
  expect(nodes[1]?.node.relationships['2']).toMatchObject({
    metadata: { file_path: '/a', secret: 's', header_path: '/' },
    hash: nodes[0]?.hash,
  })
  // Python links forward before the next node has its document's metadata
  expect(nodes[1]?.node.relationships['3']).toMatchObject({
    metadata: { header_path: '/B/' },
    hash: nodeHash('## C\nthree', { header_path: '/B/' }),
  })
})

test('a window is there for the language model to be given, and not embedded', async () => {
  const parser = await create({ className: 'SentenceWindowNodeParser', windowSize: 1 })
  const [, second] = nodesOf('First one. Second one. Third one. Fourth one.', parser)
  expect(second?.node).toMatchObject({
    text: 'Second one. ',
    metadata: { window: 'First one.  Second one.  Third one. ', original_text: 'Second one. ' },
    excluded_embed_metadata_keys: ['secret', 'window', 'original_text'],
    excluded_llm_metadata_keys: ['window', 'original_text'],
  })
  expect(second?.embedText).toBe('file_path: /a\n\nSecond one.')
})

test('Markdown is cut at its headers, not at comments in code', async () => {
  const nodes = nodesOf(markdown, await parserFor({ className: 'MarkdownNodeParser' }, '/tea.md'))
  expect(nodes.map(({ node }) => [node.text.split('\n')[0], node.metadata['header_path']])).toEqual([
    ['# Tea 🍵', '/'],
    ['## Water', '/Tea 🍵/'],
    ['## Time', '/Tea 🍵/'],
  ])
})

test('values of JSON have their keys before them, in the order and spelling of Python', async () => {
  const parser = await parserFor({ className: 'JSONNodeParser' }, '/a.json')
  const json = '[{"10": {"a": [1.0, 12345678901234567890]}, "2": true, "x": null}, {}, "text"]'
  expect(nodesOf(json, parser).map(({ node }) => node.text)).toEqual([
    '10 a 1.0\n10 a 12345678901234567890\n2 True\nx None',
    'text',
  ])
  for (const text of ['{"a": 1,}', '"one value"', '[01]', `${'['.repeat(5000)}${']'.repeat(5000)}`])
    expect(parser.split(documentOf(text))).toBeNull()
})

test('HTML is cut by its tags, with those of one name in a row together', async () => {
  const parser = await parserFor({ className: 'HTMLNodeParser' }, '/a.html', 'html')
  const text =
    '<h1>Tea</h1><p>Green &amp; <a>black</a>.</p><p>White.</p><div>not in any tag</div><ul><li>One</ul>'
  expect(nodesOf(text, parser).map(({ node }) => [node.metadata['tag'], node.text])).toEqual([
    ['h1', 'Tea'],
    ['p', 'Green &\nblack\n.\nWhite.'],
    ['li', 'One'],
  ])
})

test('code is cut between its functions', async () => {
  const parser = await parserFor({ className: 'CodeSplitter', maxChars: 80 }, '/a.ts')
  const source = ['one', 'two', 'three'].map(
    (name) => `export function ${name}(): void {\n  console.log('${name}', 1 + 2)\n}\n`,
  )
  expect(nodesOf(source.join('\n'), parser).map(({ node }) => node.text)).toEqual(
    source.map((text) => text.trim()),
  )
})

test('code that is nested deeper than the stack goes is cut all the same', async () => {
  const parser = await parserFor({ className: 'CodeSplitter', maxChars: 1000 }, '/a.js')
  const source = `${'[['.repeat(20_000)}1${']]'.repeat(20_000)}`
  const chunks = parser.split(documentOf(source)) ?? []
  expect(chunks.map(({ text }) => text).join('')).toBe(source)
})

test('a long string in code is cut by size, in characters and in tokens', async () => {
  const source = `x = "${'word 😀 '.repeat(400)}"`
  const byCharacters = await parserFor({ className: 'CodeSplitter', maxChars: 100 }, '/a.py')
  const byTokens = await parserFor({ className: 'CodeSplitter', countMode: 'token', maxTokens: 50 }, '/a.py')
  for (const parser of [byCharacters, byTokens]) {
    const chunks = (parser.split(documentOf(source)) ?? []).map(({ text }) => text)
    expect(chunks.length).toBeGreaterThan(15)
    expect(chunks.join('').replaceAll(' ', '')).toBe(source.replaceAll(' ', ''))
    for (const chunk of chunks)
      expect(
        parser === byTokens ? counter.count(chunk) / 50 : Array.from(chunk).length / 100,
      ).toBeLessThanOrEqual(1)
  }
})

test.each<[NodeParserName, string, 'text' | 'html', NodeParserName]>([
  ['MarkdownNodeParser', '/a.md', 'text', 'MarkdownNodeParser'],
  ['MarkdownNodeParser', '/a.MD.gz', 'text', 'MarkdownNodeParser'],
  ['MarkdownNodeParser', '/a.txt', 'text', 'SentenceSplitter'],
  ['JSONNodeParser', '/a.json', 'text', 'JSONNodeParser'],
  ['JSONNodeParser', '/a.yaml', 'text', 'SentenceSplitter'],
  ['HTMLNodeParser', '/a', 'html', 'HTMLNodeParser'],
  ['HTMLNodeParser', '/a.md', 'text', 'SentenceSplitter'],
  ['CodeSplitter', '/a.rs', 'text', 'CodeSplitter'],
  ['CodeSplitter', '/a.txt', 'text', 'SentenceSplitter'],
  ['SentenceSplitter', '/a.md', 'text', 'SentenceSplitter'],
])('of %s, a file %s is cut by the parser of its kind', async (className, path, reader, expected) => {
  expect((await parserFor({ className }, path, reader)).className).toBe(expected)
})
