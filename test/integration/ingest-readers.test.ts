/** Real files of every type, made by real programs (the fixtures' README says which), through the reader workers. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { StackroomError } from '#contract'
import { unsupportedType } from '#engine/ingest/file-types.ts'
import { defaultNodeParserSettings as settings } from '#engine/ingest/node-parser-settings.ts'
import { ReaderPool } from '#engine/ingest/reader-pool.ts'

const fixtures = join(import.meta.dirname, '../fixtures/documents')
let pool: ReaderPool
let folder: string
beforeAll(async () => {
  pool = new ReaderPool()
  folder = await mkdtemp(join(tmpdir(), 'stackroom-readers-'))
})
afterAll(async () => {
  await pool.close()
  await rm(folder, { recursive: true, force: true })
})

async function read(path: string, recognizeText?: readonly string[]) {
  const { documents } = await pool.parse({ path, recognizeText }, { settings, bytes: 0 })
  return (documents ?? []).map(({ document, nodes }) => ({ ...document, nodes }))
}

async function failure(path: string): Promise<{ code: string; message: string }> {
  const reason = await read(path).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(reason instanceof StackroomError))
    throw new Error(`${path} did not fail as it should: ${String(reason)}`)
  return { code: reason.code, message: reason.message }
}

/** A file, what its documents' ids end in, and what its text has in this order. */
const files: readonly (readonly [name: string, ids: readonly string[], texts: readonly string[]])[] = [
  ['notes.txt', ['notes.txt'], []],
  ['handbook.md', ['handbook.md'], ['# ']],
  ['shelves.rst', ['shelves.rst'], ['=======', '.. note:: Folios']],
  ['shelves.tex', ['shelves.tex'], ['\\emph{Größe}']],
  ['shelves.json', ['shelves.json'], ['"note": "Fl\\u00fcgel"']],
  ['shelves.jsonl', ['shelves.jsonl'], ['{"size": "octavo"', '{"size": "quarto"']],
  ['shelves.yaml', ['shelves.yaml'], ['- size: octavo']],
  ['shelves.xml', ['shelves.xml'], ['<shelf size="octavo">Floors one &amp; two</shelf>']],
  ['page.html', ['page.html'], ['Shelving', '- Octavo', 'Size | Floor']],
  ['two-pages.pdf', ['_part_0', '_part_1'], ['Paper keeps best at eighteen degrees']],
  [
    'libreoffice/handbook.pdf',
    ['_part_0'],
    ['The stackroom handbook', 'Ordering', 'Look the book up.', 'Climate'],
  ],
  [
    'libreoffice/handbook.docx',
    ['_part_0'],
    ['The stackroom handbook\n\n\nOrdering', 'Look the book up.', 'Floor | Degrees\n1 | 18'],
  ],
  [
    'libreoffice/handbook.odt',
    ['handbook.odt'],
    ['The stackroom handbook\n\n\nOrdering', 'Look the book up.', 'Floor | Degrees\n1 | 18'],
  ],
  [
    'libreoffice/handbook.fodt',
    ['handbook.fodt'],
    ['The stackroom handbook\n\n\nOrdering', 'Look the book up.', 'Floor | Degrees\n1 | 18'],
  ],
  [
    'libreoffice/handbook.rtf',
    ['handbook.rtf'],
    ['The stackroom handbook\n\n\nOrdering', 'Look the book up.', 'Floor | Degrees\n1 | 18', 'ground floor'],
  ],
  [
    'libreoffice/handbook.epub',
    ['_part_0'],
    ['The stackroom handbook', 'Ordering', 'Look the book up.', 'ground floor', '1 | 18\n2 | 17'],
  ],
  [
    'libreoffice/slides.pptx',
    ['_part_0', '_part_1', '_part_2'],
    ['Ordering\n\n', 'Look the book up', 'Say hello first.', 'Climate'],
  ],
  [
    'libreoffice/slides.odp',
    ['_part_0', '_part_1', '_part_2'],
    ['Ordering\n\n', 'Look the book up', 'Say hello first.', 'Climate'],
  ],
  [
    'libreoffice/loans.xlsx',
    ['_part_0', '_part_1'],
    ['Title: On paper, Shelf: 12', 'Title: On ink', 'Name: Ada'],
  ],
  [
    'libreoffice/loans.ods',
    ['_part_0', '_part_1'],
    ['Title: On paper, Shelf: 12', 'Title: On ink', 'Name: Ada'],
  ],
  ['libreoffice/loans.csv', ['_part_0'], ['Title: On paper, Shelf: 12', 'Title: On ink']],
  [
    'loans.tsv',
    ['loans.tsv'],
    ['Title: On paper, Shelf: 007, Due: 2026-11-25', 'Title: On ink, Due: tomorrow\tmaybe'],
  ],
  ['shelves.ipynb', ['_part_0'], ['# Shelf count', 'print(6 * 7)']],
  [
    'mail/plain.eml',
    ['plain.eml'],
    [
      'From: Jürgen Böll <jb@example.org>',
      'Subject: Bücher in the stackroom',
      'Content: Dear Ada,\n\nthe folios',
    ],
  ],
  ['mail/page.eml', ['page.eml'], ['Content: Eighteen degrees, fifty percent humidity.\n\nNo sun.']],
  [
    'mail/folder.mbox',
    ['_part_0', '_part_1', '_part_2'],
    [
      'Bücher',
      'Attachments: Grundriß.pdf (application/pdf, 19 B), shelves.csv (text/csv, ',
      'the atlases'.replace('the', 'The'),
    ],
  ],
  [
    'talk.srt',
    ['talk.srt'],
    ['Welcome to the stackroom.\nBooks stand here by size, not by subject.\n\nFolios'],
  ],
  [
    'talk.vtt',
    ['talk.vtt'],
    ['Ada: Welcome', 'Jürgen Böll: Books stand here by size & not', '\n\nFolios lie flat.'],
  ],
  ['talk.sub', ['talk.sub'], ['Mind the step.\n\nFolios']],
  ['talk.ass', ['talk.ass'], ['Welcome, dear guests. Mind the step.\n\nFolios']],
  [
    'shelves.7',
    ['shelves.7'],
    [
      'SHELVES(7)',
      'size, not by subject. See catalogue(1) for where they are—it',
      '- octavos',
      '--size centimetres\nShows',
      'Size | Floor\nOctavo | one and two',
      'For terminals.',
    ],
  ],
  [
    'catalogue.1',
    ['catalogue.1'],
    [
      'CATALOGUE(1)',
      '[-as] [-n number] title ...',
      'stands (see shelves(7)).',
      '-n number\nShows number books',
    ],
  ],
  ['notes.txt.gz', ['notes.txt.gz'], []],
]

test.each(files)('%s is read', async (name, ids, texts) => {
  const documents = await read(join(fixtures, name))
  expect(
    documents.map(({ id }) =>
      id.slice(id.lastIndexOf(ids[0]?.startsWith('_') ? '_part_' : '/') + (ids[0]?.startsWith('_') ? 0 : 1)),
    ),
  ).toEqual(ids)
  const text = documents.map((document) => document.text).join('\n')
  let from = 0
  for (const expected of texts) {
    const at = text.indexOf(expected, from)
    expect(at, `“${expected}” in ${text}`).toBeGreaterThanOrEqual(from)
    from = at + expected.length
  }
  for (const { metadata, nodes } of documents) {
    expect(metadata['file_name']).toBe(basename(name))
    expect(nodes.length).toBeGreaterThan(0)
  }
})

test('navigation, numbers of pages and other frames of slides, and times of subtitles are no text', async () => {
  const texts = await Promise.all(
    ['page.html', 'libreoffice/slides.odp', 'talk.srt'].map(async (name) =>
      (await read(join(fixtures, name))).map(({ text }) => text).join('\n'),
    ),
  )
  expect(texts.join('\n')).not.toMatch(/<number>|-->|00:00/)
})

test('what parts of documents are called is in their metadata', async () => {
  const labels = async (name: string, key: string) =>
    (await read(join(fixtures, 'libreoffice', name))).map(({ metadata }) => metadata[key])
  expect(await labels('handbook.pdf', 'page_label')).toEqual(['1'])
  expect(await labels('slides.pptx', 'page_label')).toEqual([1, 2, 3])
  expect(await labels('slides.odp', 'page_label')).toEqual([1, 2, 3])
  expect(await labels('loans.xlsx', 'sheet_name')).toEqual(['Loans', 'Staff'])
  expect(await labels('loans.ods', 'sheet_name')).toEqual(['Loans', 'Staff'])
})

test.each([
  ['libreoffice/handbook.docx', 'handbook', ['handbook']],
  ['libreoffice/handbook.docx', 'handbook.odt', ['handbook.odt']],
  ['libreoffice/loans.ods', 'loans', ['loans_part_0', 'loans_part_1']],
  ['libreoffice/handbook.rtf', 'handbook.doc', ['handbook.doc']],
  ['two-pages.pdf', 'paper.txt', ['paper.txt_part_0', 'paper.txt_part_1']],
  ['page.html', 'page.xls', ['page.xls_part_0']],
  ['page.html', 'page', ['page']],
  ['mail/folder.mbox', 'Inbox', ['Inbox_part_0', 'Inbox_part_1', 'Inbox_part_2']],
  ['mail/plain.eml', '1764061200.M1P2.host:2,S', ['1764061200.M1P2.host:2,S']],
  ['notes.txt.gz', 'notes', ['notes']],
])('%s is known by its content as %s', async (original, name, ids) => {
  const path = join(folder, name)
  await copyFile(join(fixtures, original), path)
  const [ours, theirs] = await Promise.all([read(path), read(join(fixtures, original))])
  expect(ours.map(({ id }) => basename(id))).toEqual(ids)
  expect(ours.map(({ text }) => text)).toEqual(theirs.map(({ text }) => text))
})

test('what cannot be read says why', async () => {
  expect(await failure(join(fixtures, 'libreoffice/encrypted.pdf'))).toEqual({
    code: 'encrypted-file',
    message: 'This PDF is protected with a password.',
  })
  expect(await failure(join(fixtures, 'scanned.pdf'))).toEqual({
    code: 'no-text',
    message: 'This PDF holds no text, only images of pages.',
  })
  expect(await failure(join(fixtures, 'binary.txt'))).toMatchObject({ code: 'binary-file' })
  const link = join(folder, 'other.1')
  await copyFile(join(fixtures, 'libreoffice/page.png'), link)
  expect(await failure(link)).toMatchObject({ code: 'unsupported-type' })
  expect(await failure(join(fixtures, 'libreoffice/page.png'))).toEqual({
    code: 'unsupported-type',
    message: 'This is a picture, and text in pictures is not read.',
  })
  expect(unsupportedType('a.zip').message).toBe('This is an archive; what is in archives is not read.')
  expect(unsupportedType('a.xyz').message).toBe('Stackroom has no reader for .xyz files.')
})

test('text in a picture is read when that is turned on', async () => {
  const [document] = await read(join(fixtures, 'libreoffice/page.png'), ['eng'])
  expect(document?.text).toContain('The stackroom handbook')
  expect(document?.text).toContain('A stackroom holds the books that are not on the open shelves.')
  expect(basename(document?.id ?? '')).toBe('page.png_part_0')
})

test('pages of a PDF that are only scanned are read when text recognition is on', async () => {
  const path = join(fixtures, 'libreoffice/scanned.pdf')
  expect(await failure(path)).toMatchObject({ code: 'no-text' })
  const [document] = await read(path, ['eng'])
  expect(document?.text).toContain('A stackroom holds the books that are not on the open shelves.')
  expect(document?.metadata['page_label']).toBe('1')
})

test('a language without data is named', async () => {
  const reason: unknown = await read(join(fixtures, 'libreoffice/page.png'), ['xxx']).catch(
    (error: unknown) => error,
  )
  if (!(reason instanceof StackroomError)) throw new Error(`It did not fail as it should: ${String(reason)}`)
  expect(reason.code).toBe('invalid-input')
  expect(reason.hint).toContain('@tesseract.js-data/xxx')
})
