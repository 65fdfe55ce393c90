/** Documents of every type that LlamaIndex's SimpleDirectoryReader reads, beside its own. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFile } from '#engine/ingest/read-file.ts'
import { asReference, reference, type ReferenceDocument } from './ingest-reference.ts'

const fixtures = join(import.meta.dirname, '../fixtures/documents')

const asTheyStand = [
  'notes.txt',
  'handbook.md',
  'shelves.rst',
  'shelves.json',
  'shelves.jsonl',
  'shelves.yaml',
  'shelves.xml',
  'count.py',
]
const pptxDetails =
  'title extraction_errors extraction_warnings tables charts notes images text_sections'.split(' ')
/** With the metadata that only one side has. */
const read: readonly (readonly [name: string, onlyOneHas: readonly string[]])[] = [
  ['loans.csv', []],
  ['mail/folder.mbox', []],
  ['libreoffice/handbook.docx', []],
  ['handbook.docx', []],
  ['libreoffice/handbook.epub', []],
  ['libreoffice/loans.xlsx', ['sheet_name']],
  ['libreoffice/slides.pptx', pptxDetails],
  ['slides.pptx', pptxDetails],
  ['two-pages.pdf', []],
  ['libreoffice/handbook.pdf', []],
  // Python has no reader for these, and decodes them.
  ['page.html', []],
  ['talk.srt', []],
  ['shelves.7', []],
  ['mail/plain.eml', []],
  ['libreoffice/handbook.odt', []],
  ['libreoffice/handbook.rtf', []],
]
const readByBoth = read.slice(0, 10).map(([name]) => name)

let folder: string
let fromPython: readonly ReferenceDocument[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-interop-'))
  await cp(fixtures, folder, { recursive: true })
  await writeFile(join(folder, 'loans.csv'), 'Title,Shelf,Lent\nOn paper,12,True\n"Ink, and more",7,False\n')
  await writeFile(join(folder, 'count.py'), 'print("ünïcödé 😀")\r\n')
  const files = [...asTheyStand, ...read.map(([name]) => name)].map((name) => join(folder, name))
  fromPython = await reference({ files })
}, 300_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Documents alone: how they are cut is tested elsewhere. */
type Documents = readonly Omit<ReferenceDocument, 'nodes'>[]

function withoutNodes({ nodes: _nodes, ...document }: ReferenceDocument): Omit<ReferenceDocument, 'nodes'> {
  return document
}

function theirs(name: string): Documents {
  const path = join(folder, name)
  return fromPython.filter(({ metadata }) => metadata['file_path'] === path).map(withoutNodes)
}

async function ours(name: string): Promise<Documents> {
  const { read } = await readFile({ path: join(folder, name) })
  return (read?.documents ?? []).map((document) => withoutNodes(asReference({ document, nodes: [] })))
}

test.each(asTheyStand)('%s is taken as it stands, the same document hash for hash', async (name) => {
  expect(await ours(name)).toEqual(theirs(name))
})

/** Ids, and the metadata that both have, in their order. */
function shape(documents: Documents, without: readonly string[]): [string, [string, unknown][]][] {
  return documents.map(({ id, metadata }) => [
    id,
    Object.entries(metadata).filter(([key]) => !without.includes(key)),
  ])
}

test.each(read)('%s has Python’s ids and metadata, in its order', async (name, onlyOneHas) => {
  expect(shape(await ours(name), onlyOneHas)).toEqual(shape(theirs(name), onlyOneHas))
})

const words = (text: string): string[] => text.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')

/** Words of Python's own. */
const added: Readonly<Record<string, string>> = {
  // Times of dates without a time, and numbers of columns that are empty somewhere.
  'libreoffice/loans.xlsx': '00 0',
  // The list of chapters, with their files.
  'libreoffice/handbook.epub': 'Section sections section0001 section0002 section0003 xhtml 3',
  // What they are called, in the text.
  'libreoffice/slides.pptx': 'Title Speaker Notes Table with columns Contains data rows Row 2',
  'slides.pptx': 'Title Speaker Notes Table with columns Contains data rows Row 2',
}

test.each(readByBoth)('every word that Python reads of %s is read here', async (name) => {
  const known = new Set((await ours(name)).flatMap(({ text }) => words(text)))
  const allowed = new Set(words(added[name] ?? ''))
  for (const { text } of theirs(name))
    expect(words(text).filter((word) => !known.has(word) && !allowed.has(word))).toEqual([])
})

test('mails have MboxReader’s lines', async () => {
  const flat = ({ text }: { text: string }): string =>
    (text.split('\n\nAttachments:')[0] ?? '').replace(/\s+/g, ' ')
  expect((await ours('mail/folder.mbox')).map(flat)).toEqual(theirs('mail/folder.mbox').map(flat))
})
