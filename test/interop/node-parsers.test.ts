/** Each node parser beside Python's class of the same name: the same nodes, key for key, of the same documents. */
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import type { Metadata, NodeParserInput, TokenTextSplitterOptions } from '#contract'
import { nodeParserSettingsFor } from '#engine/ingest/node-parser-settings.ts'
import { codeLanguages, codeParser } from '#engine/ingest/node-parsers/code-languages.ts'
import { CodeSplitter } from '#engine/ingest/node-parsers/code-splitter.ts'
import { createNodeParser } from '#engine/ingest/node-parsers/create-node-parser.ts'
import { nodeParserDefaults } from '#engine/ingest/node-parsers/defaults.ts'
import { HTMLNodeParser } from '#engine/ingest/node-parsers/html-node-parser.ts'
import { JSONNodeParser } from '#engine/ingest/node-parsers/json-node-parser.ts'
import { MarkdownNodeParser } from '#engine/ingest/node-parsers/markdown-node-parser.ts'
import type { FileNodeParser, NodeParser } from '#engine/ingest/node-parsers/node-parser.ts'
import { Cl100kBase } from '#engine/ingest/tokenizers/cl100k-base.ts'
import { buildNodes } from '#engine/schema/build-nodes.ts'
import { documentHash } from '#engine/schema/hash.ts'
import type { SourceDocument } from '#engine/schema/node.ts'
import { debianHtml, debianTexts, hasDebianTexts } from './debian-texts.ts'
import {
  asReference,
  comparable,
  reference,
  type ReferenceDocument,
  type ReferenceJob,
  type ReferenceText,
} from './ingest-reference.ts'

const root = join(import.meta.dirname, '../..')
const counter = new Cl100kBase()
const missing = 'python3.11-doc, debian-policy and developers-reference are not installed'

function generalParser(input: NodeParserInput): Promise<NodeParser> {
  return createNodeParser(nodeParserSettingsFor(Infinity, { kind: 'cl100k_base' }, input), counter)
}

function asDocument({ id, text, metadata }: ReferenceText): SourceDocument {
  const keys = { excludedEmbedMetadataKeys: [], excludedLlmMetadataKeys: [] }
  return { id, text, metadata, ...keys, hash: documentHash(text, metadata) }
}

function ourNodes(text: ReferenceText, parser: NodeParser | FileNodeParser): ReferenceDocument {
  const document = asDocument(text)
  return asReference({ document, nodes: buildNodes(document, parser.split(document) ?? []) })
}

/**
 * Prints how many nodes of Python's are ours, too, in all they hold, and names the documents that differ. Nodes without text,
 * which we leave out, are counted apart: a document that has some is compared without the links from node to node.
 */
async function compare(
  texts: readonly ReferenceText[],
  job: Required<ReferenceJob>['parser'],
  parserOf: (text: ReferenceText) => NodeParser | FileNodeParser,
): Promise<string[]> {
  const expected = await reference({ texts, parser: job })
  let same = 0
  let total = 0
  let empty = 0
  const different: string[] = []
  for (const [index, text] of texts.entries()) {
    const all = comparable(expected[index]!).nodes ?? []
    const theirs = all.filter(({ node }) => node['text'] !== '')
    const ours = comparable(ourNodes(text, parserOf(text))).nodes ?? []
    // by text and place: a node more or less must not make all others after it different
    const keys = new Set(ours.map(keyOf))
    same += theirs.filter((node) => keys.has(keyOf(node))).length
    total += theirs.length
    empty += all.length - theirs.length
    const isSame =
      all.length > theirs.length
        ? isDeepStrictEqual(ours.map(keyOf), theirs.map(keyOf))
        : isDeepStrictEqual(ours, theirs)
    if (!isSame) different.push(text.id)
  }
  const share = ((100 * same) / Math.max(1, total)).toFixed(2)
  console.log(
    `${job.class}${JSON.stringify(job.options)}, ${texts.length} documents: ${same} of ${total} nodes identical (${share} %), and ${empty} without text`,
  )
  return different
}

function keyOf({ node, hash, embed_text }: NonNullable<ReferenceDocument['nodes']>[number]): string {
  return JSON.stringify([
    node['text'],
    node['start_char_idx'],
    node['end_char_idx'],
    node['metadata'],
    hash,
    embed_text,
  ])
}

function withMetadata(texts: readonly { id: string; text: string }[]): ReferenceText[] {
  return texts.map(({ id, text }) => ({ id, text, metadata: { file_path: id } }))
}

async function textsOf(files: AsyncIterable<string>, most: number): Promise<ReferenceText[]> {
  const texts: ReferenceText[] = []
  for await (const id of files) {
    const text = await readFile(id, 'utf8')
    if (text.trim() === '') continue
    texts.push({ id, text, metadata: { file_path: id } })
    if (texts.length === most) break
  }
  return texts
}

const prose: Record<string, string> = {
  paragraphs: `${'Some words of it. '.repeat(300)}\n\n\n${'And others, too; more!\n'.repeat(300)}`,
  noSpaces: `${'x'.repeat(9000)}\n${'日本語の文章。'.repeat(700)}`,
  spaces: `  \t ${'a  b \u00a0 c\n\n'.repeat(900)}\u2003`,
  emoji: 'One 😀. Two 👩‍👩‍👧! Three? '.repeat(250),
  short: 'Only this.',
}
const proseTexts = Object.entries(prose).map(([id, text]) => ({
  id,
  text,
  metadata: { 'file name': "it's", list: [1, null] } satisfies Metadata,
}))

test.each<[Record<string, unknown>, Partial<TokenTextSplitterOptions>]>([
  [{}, {}],
  [
    { chunk_size: 100, chunk_overlap: 30 },
    { chunkSize: 100, chunkOverlap: 30 },
  ],
  [
    {
      chunk_size: 64,
      chunk_overlap: 0,
      keep_whitespaces: true,
      separator: '\n',
      backup_separators: ['. ', 'a'],
    },
    { chunkSize: 64, chunkOverlap: 0, keepWhitespaces: true, separator: '\n', backupSeparators: ['. ', 'a'] },
  ],
])('TokenTextSplitter%o', async (options, input) => {
  const parser = await generalParser({ ...input, className: 'TokenTextSplitter' })
  const different = await compare(proseTexts, { class: 'TokenTextSplitter', options }, () => parser)
  expect(different).toEqual([])
})

test('TokenTextSplitter on Debian’s documentation', async ({ skip }) => {
  if (!hasDebianTexts) skip(missing)
  const parser = await generalParser({ className: 'TokenTextSplitter' })
  const texts = withMetadata(await debianTexts())
  const different = await compare(texts, { class: 'TokenTextSplitter', options: {} }, () => parser)
  expect(different).toEqual([])
})

test.each([
  [{}, {}],
  [
    { window_size: 1, window_metadata_key: 'around', original_text_metadata_key: 'it' },
    { windowSize: 1, windowMetadataKey: 'around', originalTextMetadataKey: 'it' },
  ],
])('SentenceWindowNodeParser%o', async (options, input) => {
  const parser = await generalParser({ className: 'SentenceWindowNodeParser', ...input })
  const different = await compare(proseTexts, { class: 'SentenceWindowNodeParser', options }, () => parser)
  expect(different).toEqual([])
})

test('SentenceWindowNodeParser on Debian’s documentation', async ({ skip }) => {
  if (!hasDebianTexts) skip(missing)
  const parser = await generalParser({ className: 'SentenceWindowNodeParser' })
  const texts = withMetadata((await debianTexts()).filter((_, index) => index % 10 === 0))
  const different = await compare(texts, { class: 'SentenceWindowNodeParser', options: {} }, () => parser)
  expect(different).toEqual([])
})

const markdown: Record<string, string> = {
  levels: '# One\n\ntext\n\n### Three\nmore\n## Two\n#### Four\nx\n# Next\n',
  code: '# A\n```\n# no header\n```\n  ```sh\n# none either\n```\n## B\n```\n# never closed',
  spaces: '#\tTab\n# \n#\u00a0nbsp\n#None\n####### Seven\n # indented\n#\r\n## CR\r\ntext\r\n',
  before: 'Before any.\n\n# Same\n# Same\n# Same\nx\n## Same\n',
  none: 'No header at all.\nOnly lines.',
  slashes: '# a/b\n## //\n### c\nx',
}

test('MarkdownNodeParser on awkward texts and on the packages’ own Markdown', async () => {
  const texts = [
    ...withMetadata(Object.entries(markdown).map(([id, text]) => ({ id, text }))),
    ...(await textsOf(glob(join(root, '{*.md,node_modules/**/*.md}')), 300)),
  ]
  for (const separator of ['/', ' > ']) {
    const parser = new MarkdownNodeParser(separator)
    const job = { class: 'MarkdownNodeParser', options: { header_path_separator: separator } } as const
    expect(await compare(texts, job, () => parser)).toEqual([])
  }
})

const json: Record<string, string> = {
  nested: '{"a": {"b": [1, 2.0, {"c": null}], "d": []}, "e": "x\\ny", "": [true, false]}',
  order: '{"10": 1, "2": 2, "b": 3, "1": 4, "b": 5}',
  numbers:
    '[1, -0, -0.0, 1.0, 1e5, 1E-7, 123456789012345678901234567890, 1e400, -1e400, 0.1, 1e16, 123456789012345680.0, 1.5e300, NaN, Infinity, -Infinity]',
  array: '[{"a": 1}, {"a": [2, 3]}, "text", 4, null, [5, [6]]]',
  strings: '["\\ud83d\\ude00 😀", "\\u0041\\/\\b\\f", "  spaces  "]',
  spaces: ' \n\t[ 1 , { "a" : 2 } ] \r\n',
  deep: `${'['.repeat(300)}1${']'.repeat(300)}`,
  notJson: '{"a": 1,}',
  twice: '{"a": 1} {"b": 2}',
  control: '["a\u0001b"]',
  octal: '[01]',
  scalar: '"only a text"',
}

test('JSONNodeParser on awkward texts and on package.json files', async () => {
  const texts = [
    ...withMetadata(Object.entries(json).map(([id, text]) => ({ id, text }))),
    ...(await textsOf(glob(join(root, '{,node_modules/*/}package.json')), 300)),
  ]
  const parser = new JSONNodeParser()
  const different = await compare(texts, { class: 'JSONNodeParser', options: {} }, () => parser)
  expect(different).toEqual([])
})

/** Without broken tags, scripts that never end and sections of unknown names: releases of Python's `html.parser` differ in what they make of them. */
const html: Record<string, string> = {
  simple: '<h1>Title</h1><p>One</p><p>Two <b>bold</b> and <a href="x">link</a>.</p><ul><li>a<li>b</ul>',
  unclosed: '<p>One<p>Two <i>it<b>both</i></b> after<section>in <div>deep <p>er</div></section>',
  entities:
    '<p>&lt;a&gt; &amp;amp; &copy; &copy &nbsp;x &unknown; &unknown &#65;&#x42; &#150; &#0; &#xd800; &AMP; &notit; a&b a & b &#; &#x;</p><p>after &#zz; all</p>',
  comments:
    '<p>before<!-- a comment -->after<![CDATA[ some <cdata> ]]><?pi x?><!doctype html></p><!-- > --><p>x</p>',
  raw: '<p>a<script>if (a < b) "</p>"</script>b<style>p { }</style></p><div><p>c</p><script>no</script></div>',
  special:
    '<p>x<ruby>漢<rp>(</rp><rt>kan</rt></ruby><template>t</template><pre>  kept\n </pre><span> \n </span>y</p>',
  empty: '<p></p><p> \n </p><b/><p>a<br>b<br/>c</br>d</p><hr></hr><u>x</u>',
  tail: '<p>ends in an entity &amp',
  upper: '<P>Upper</P><H1 CLASS=x>Case</H1><LI>item</li>',
  nested: '<section><section><p>a</p>b</section>c<section>d</section></section>e',
}

test('HTMLNodeParser on awkward texts', async () => {
  const texts = withMetadata(Object.entries(html).map(([id, text]) => ({ id, text })))
  for (const tags of [nodeParserDefaults.HTMLNodeParser.tags, ['div', 'script', 'rt', 'pre', 'p']]) {
    const parser = new HTMLNodeParser(tags)
    const different = await compare(texts, { class: 'HTMLNodeParser', options: { tags } }, () => parser)
    expect(different).toEqual([])
  }
})

test('HTMLNodeParser on Debian’s documentation', async ({ skip }) => {
  if (!hasDebianTexts) skip(missing)
  const parser = new HTMLNodeParser(nodeParserDefaults.HTMLNodeParser.tags)
  const texts = await textsOf(debianHtml(), 1000)
  const different = await compare(texts, { class: 'HTMLNodeParser', options: {} }, () => parser)
  expect(different).toEqual([])
})

/** Real code where it is at hand, and a little of every other language. */
async function codeTexts(): Promise<ReferenceText[]> {
  const of = async (language: string, files: string, most: number): Promise<ReferenceText[]> =>
    (await textsOf(glob(files), most)).map(({ id, text }) => ({ id, text, metadata: { language } }))
  const samples = (await import('./code-samples.ts')).codeSamples
  return [
    ...(await of('python', '/usr/lib/python3*/*.py', 60)),
    ...(await of('python', join(root, 'test/**/*.py'), 20)),
    ...(await of('typescript', join(root, 'src-main/**/*.ts'), 60)),
    ...(await of('tsx', join(root, 'src-renderer/**/*.tsx'), 60)),
    ...(await of('css', join(root, 'src-renderer/**/*.css'), 30)),
    ...(await of('javascript', join(root, 'node_modules/{commander,ws,zustand}/**/*.js'), 30)),
    ...(await of('bash', join(root, '.ci/run'), 1)),
    ...Object.entries(samples).map(([language, text]) => ({ id: language, text, metadata: { language } })),
  ]
}

test.each([
  [{}, {}],
  [{ max_chars: 200 }, { maxChars: 200 }],
  [
    { count_mode: 'token', max_tokens: 60 },
    { countMode: 'token', maxTokens: 60 },
  ],
] as const)('CodeSplitter%o', async (options, input) => {
  const settings = { ...nodeParserDefaults.CodeSplitter, ...input }
  const splitters = new Map<unknown, CodeSplitter>()
  for (const language of codeLanguages)
    splitters.set(language, new CodeSplitter(await codeParser(language), counter, settings))
  const texts = await codeTexts()
  const different = await compare(texts, { class: 'CodeSplitter', options }, ({ metadata }) =>
    splitters.get(metadata['language'])!,
  )
  expect(different).toEqual([])
})
