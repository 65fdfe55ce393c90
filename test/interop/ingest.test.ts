/** Documents, nodes and chunks beside those of Python's SimpleDirectoryReader and SentenceSplitter. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Metadata } from '#contract'
import { sentenceSplitterDefaults } from '#engine/ingest/node-parsers/defaults.ts'
import { SentenceSplitter } from '#engine/ingest/node-parsers/sentence-splitter.ts'
import { parseDocument, parseFile } from '#engine/ingest/parse-file.ts'
import { Cl100kBase } from '#engine/ingest/tokenizers/cl100k-base.ts'
import { documentHash } from '#engine/schema/hash.ts'
import { debianTexts, hasDebianTexts } from './debian-texts.ts'
import { asReference, comparable, reference } from './ingest-reference.ts'

const root = join(import.meta.dirname, '../..')
const fixtures = join(root, 'test/fixtures/documents')
const counter = new Cl100kBase()

function splitter(chunkSize = 1024, chunkOverlap = 200): SentenceSplitter {
  return new SentenceSplitter(counter, { ...sentenceSplitterDefaults, chunkSize, chunkOverlap })
}

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

test('documents and nodes of text files are those of Python, key for key', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-interop-'))
  folders.push(folder)
  await cp(fixtures, folder, { recursive: true })
  await writeFile(
    join(folder, "it's a “long” name.py"),
    '# ünïcödé 😀\n' + 'print("hello")  # again.\n'.repeat(700),
  )
  const files = ['notes.txt', 'handbook.md', 'README.md', "it's a “long” name.py"].map((name) =>
    join(folder, name),
  )
  const expected = await reference({ files })
  const parsed = await Promise.all(files.map((path) => parseFile({ path }, splitter())))
  expect(
    parsed.flatMap(({ documents }) => documents ?? []).map((document) => comparable(asReference(document))),
  ).toEqual(expected.map(comparable))
  expect(JSON.stringify(parsed[0]?.documents?.[0]?.nodes[0]?.node ?? {}).replace(/[0-9a-f-]{36}/, '')).toBe(
    JSON.stringify(expected[0]?.nodes?.[0]?.node ?? {}).replace(/[0-9a-f-]{36}/, ''),
  )
})

test('pages of a PDF have Python’s ids, metadata and order of keys', async () => {
  const path = join(fixtures, 'two-pages.pdf')
  const expected = await reference({ files: [path] })
  const { documents } = await parseFile({ path }, splitter())
  const shape = ({ id, metadata }: { id: string; metadata: Metadata }) => [id, Object.entries(metadata)]
  expect(documents?.map(({ document }) => shape(document))).toEqual(expected.map(shape))
})

/** Texts that are awkward for hashes, sentences, tokens or offsets. */
const awkward: Record<string, string> = {
  abbreviations:
    'J. Bach was here. (Yes.) “He said so.” 5. item e.g. this. Wait... What?! -- No. a.b.c ... . . . .x A. Z. q. Ünder. 3.5 is 4. four '.repeat(
      80,
    ),
  japanese: '日本語の文章。これはテストです！「はい」と言った。'.repeat(300),
  oneWord: 'a'.repeat(20_000),
  noSentence: 'x y '.repeat(3000),
  paragraphs: 'word '.repeat(40) + '\n\n\n\n' + 'para '.repeat(3000) + '\r\n\r\n\x85 \x1c end',
  emoji: '😀😃👩‍👩‍👧 '.repeat(700),
  special: '<|endoftext|> hi <|fim_prefix|>'.repeat(400),
  spaces: "it's we'LL they'Ve 'ſ tabs\t\tx \r\n \n\n  end   ".repeat(300),
  digits: '١٢٣٤٥ ⅷ½² é\u00a0\u2003x 12345678 1,234.50. '.repeat(300),
  controls: 'bell\u0007 and \u0000zero\u200b. Next\ufeff one. '.repeat(200),
  blank: ' \n\n ',
}

test.each([
  [1024, 200],
  [128, 20],
  [100, 0],
])(
  'awkward texts are cut as in Python with chunks of %i and an overlap of %i',
  async (chunkSize, chunkOverlap) => {
    const metadata: Metadata = {
      'file path': "/tmp/it's \\ here\n",
      nested: { list: [1, 2.5, null, true, 'é"'] },
    }
    const texts = Object.entries(awkward).map(([id, text]) => ({ id, text, metadata }))
    const options = { chunk_size: chunkSize, chunk_overlap: chunkOverlap }
    const expected = await reference({ texts, parser: { class: 'SentenceSplitter', options } })
    for (const [index, { id, text }] of texts.entries()) {
      const parsed = parseDocument(
        {
          id,
          text,
          metadata,
          excludedEmbedMetadataKeys: [],
          excludedLlmMetadataKeys: [],
          hash: documentHash(text, metadata),
        },
        splitter(chunkSize, chunkOverlap),
      )
      const document = expected[index]
      expect({ id, hash: parsed.document.hash }).toEqual({ id, hash: document?.hash })
      expect(
        parsed.nodes.map(({ node, hash }) => [node.text, node.start_char_idx, node.end_char_idx, hash]),
      ).toEqual(
        document?.nodes?.map(({ node, hash }) => [
          node['text'],
          node['start_char_idx'],
          node['end_char_idx'],
          hash,
        ]),
      )
    }
  },
)

test('chunks of Debian’s documentation are those of Python', async ({ skip }) => {
  if (!hasDebianTexts) skip('python3.11-doc, debian-policy and developers-reference are not installed')
  const texts = await debianTexts()
  for (const [chunkSize, chunkOverlap] of [
    [1024, 200],
    [254, 50],
  ] as const) {
    const expected = await reference({
      texts: texts.map((entry) => ({ ...entry, metadata: { file_path: entry.id } })),
      parser: {
        class: 'SentenceSplitter',
        options: { chunk_size: chunkSize, chunk_overlap: chunkOverlap },
      },
    })
    let same = 0
    let total = 0
    const different: string[] = []
    for (const [index, { id, text }] of texts.entries()) {
      const chunks = splitter(chunkSize, chunkOverlap).splitTextMetadataAware(text, `file_path: ${id}`)
      const theirs = expected[index]?.nodes?.map(({ node }) => node['text']) ?? []
      const set = new Set<unknown>(chunks)
      const equal = theirs.filter((chunk) => set.has(chunk)).length
      same += equal
      total += theirs.length
      if (equal < theirs.length || chunks.length !== theirs.length) different.push(id)
    }
    console.log(
      `${texts.length} documents, chunks of ${chunkSize}: ${same} of ${total} identical (${((100 * same) / total).toFixed(2)} %)`,
    )
    expect(different).toEqual([])
  }
})
