/** The fixtures' README says what they are and what made them. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { StackroomError } from '#contract'
import { decodeText } from '#engine/ingest/readers/decode-text.ts'
import { htmlReader, htmlToText } from '#engine/ingest/readers/html.ts'
import { pdfReader } from '#engine/ingest/readers/pdf.ts'
import { textReader } from '#engine/ingest/readers/text.ts'
import type { FileReader } from '#engine/ingest/readers/reader.ts'

const folder = join(import.meta.dirname, '../fixtures/documents')
const german =
  'Der Stapelraum bewahrt Bücher auf, die nicht im Freihandbereich stehen. Für ältere Bände gilt: nur im Lesesaal benutzen.\nGrößere Bestände lagern außerhalb.\n'

async function read(reader: FileReader, name: string, nameIsTelling = true) {
  return reader.read({ path: name, bytes: await readFile(join(folder, name)), nameIsTelling })
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof StackroomError ? error.code : `not a StackroomError: ${String(error)}`
}

test.each(['latin1.txt', 'utf16-le-bom.txt', 'utf16-be.txt', 'utf8-bom.txt'])(
  'the encoding of %s is found out',
  async (name) => {
    expect((await read(textReader, name))[0]?.text).toBe(german)
  },
)

test('Japanese and Chinese in their own encodings are found out', async () => {
  expect((await read(textReader, 'shift-jis.txt'))[0]?.text).toContain('書庫は、開架されていない本')
  expect((await read(textReader, 'gb18030.txt'))[0]?.text).toContain('书库保存不在开架区的图书。')
})

test.each([
  ['euc-jp.txt', '書庫は、開架されていない本を保管する場所です。'],
  ['iso-2022-jp.txt', '書庫は、開架されていない本を保管する場所です。'],
  ['utf16-chinese.txt', '书库保存不在开架区的图书。读者在服务台提出申请'],
  ['koi8-r.txt', 'Книги стоят по размеру.'],
  ['latin2.txt', 'Starší svazky lze používat pouze ve studovně.'],
])('%s is read in its encoding', async (name, text) => {
  expect((await read(textReader, name))[0]?.text).toContain(text)
})

test.each([
  [
    'German',
    'F\x81r \x84ltere B\x84nde gilt: nur im Lesesaal. Gr\x94\xe1ere Best\x84nde lagern au\xe1erhalb.\r\n\x1a',
    'Für ältere Bände gilt: nur im Lesesaal. Größere Bestände lagern außerhalb.\r\n',
  ],
  [
    'French',
    "Les livres sont gard\x82s \x85 l'\x82cart; le r\x8aglement est affich\x82 \x85 c\x93t\x82 de l'entr\x82e.",
    "Les livres sont gardés à l'écart; le règlement est affiché à côté de l'entrée.",
  ],
  [
    'a table in frames',
    '\xda\xc4\xc4\xc4\xbf\r\n\xb3 B\x81cher \xb3 K\x94ln \xb3\r\n\xc0\xc4\xc4\xc4\xd9\r\n',
    '┌───┐\r\n│ Bücher │ Köln │\r\n└───┘\r\n',
  ],
])('%s of DOS programs is read in code page 850', (_, bytes, text) => {
  expect(decodeText(Buffer.from(bytes, 'latin1'))).toBe(text)
})

test('Russian of DOS programs is read in code page 866, and Russian of Windows stays what it is', () => {
  const text = 'Книги стоят по размеру, а не по разделам. Читатель подаёт требование у стойки.\r\n'
  for (const encoding of ['ibm866', 'windows-1251', 'koi8-r', 'iso-8859-5'])
    expect(decodeText(encoded(text, encoding)), encoding).toBe(text)
})

test('typographic signs of Windows are not taken for letters of DOS', () => {
  const text = 'Don’t say “caf\u00e9” — it’s a b\u00fcro… 20 € „so hei\u00dft es“ wait…what? word—word'
  expect(decodeText(encoded(text, 'windows-1252'))).toBe(text)
})

/** With the table that the decoder has. */
function encoded(text: string, encoding: string): Buffer {
  const bytes = new Map(
    Array.from({ length: 256 }, (_, byte) => [new TextDecoder(encoding).decode(Uint8Array.of(byte)), byte]),
  )
  return Buffer.from(Array.from(text, (character) => bytes.get(character) ?? 0x3f))
}

test('a few wrong bytes are dropped from UTF-8, as Python drops them', async () => {
  const text = (await read(textReader, 'damaged-utf8.txt'))[0]?.text ?? ''
  expect(text.startsWith('Bücher stehen nach Größe, nicht nach Fächern. Bücher')).toBe(true)
  expect(text).not.toMatch(/[\ufffdÃÿ]/)
})

test('what a file says of its encoding counts where it is not UTF-8', async () => {
  const [part] = await read(textReader, 'shelves.tex')
  expect(part?.text).toContain('Bücher stehen nach \\emph{Größe}.')
  const koi8 = Buffer.concat([
    Buffer.from('# -*- coding: koi8-r -*-\n'),
    await readFile(join(folder, 'koi8-r.txt')),
  ])
  const python = await textReader.read({ path: 'a.py', bytes: koi8, nameIsTelling: true })
  expect(python[0]?.text).toContain('Книги стоят')
})

test('line ends and inner spaces of text files stay as they are', () => {
  expect(decodeText(Buffer.from('a\r\n\tb  c\n'))).toBe('a\r\n\tb  c\n')
})

test('binary content is named as such under a text ending, and is an unsupported type under an unknown one', async () => {
  expect(await codeOf(read(textReader, 'binary.txt'))).toBe('binary-file')
  expect(await codeOf(read(textReader, 'binary.txt', false))).toBe('unsupported-type')
})

test('HTML becomes its main content: title first, no navigation, lists, tables and code in shape', async () => {
  expect((await read(htmlReader, 'page.html'))[0]?.text).toBe(
    `Shelving

Books stand by size, not by subject.


Sizes

- Octavo
  - up to 25 cm
- Quarto

3. Third
4. Fourth

Size | Floor
Octavo | 1 and 2
Quarto | 3

if size < 25:
    floor = 1


floor = 2

Folio
Lies flat.`,
  )
})

test('a page says its encoding itself', async () => {
  expect((await read(htmlReader, 'latin1.html'))[0]?.text).toBe('Grüße\n\nFür alle.')
})

test('the title is kept when no heading repeats it, and a page without a main element is read whole', () => {
  expect(htmlToText('<title>Lift\n plan</title><body><h1>Runner</h1>One<br>two<p>three</body>')).toBe(
    'Lift plan\n\nRunner\n\nOne\ntwo\n\nthree',
  )
})

const words = 'Books stand here by size, and not by subject. '.repeat(5)

test.each([
  ['an article', `<div>Site name</div><article><h1>Plan</h1><p>${words}</p></article><div>More</div>`],
  [
    'an element that is named as the content',
    `<div id="top">Site</div><div id="content"><h1>Plan</h1><p>${words}</p></div>`,
  ],
  ['a class of a generator', `<p>Edit me</p><div class="x md-content"><h1>Plan</h1><p>${words}</p></div>`],
])('%s is read alone where it has most of the text', (_, html) => {
  expect(htmlToText(html)).toBe(`Plan\n\n${words.trim()}`)
})

test('what is only named as the content and has little of the text does not hide the rest', () => {
  expect(htmlToText(`<div id="content">Short.</div><p>${words}</p>`)).toBe(`Short.\n\n${words.trim()}`)
})

test('menus, marks beside headings and lines of links to other pages are no text', () => {
  expect(
    htmlToText(
      '<div class="header">Next: Shelves, Up: Top</div><ul id="nav"><li>Home</li></ul><h2>Plan<a class="headerlink" href="#p">¶</a></h2>' +
        '<h2><a class="header" href="#x">Named</a></h2><div class="sidebar">Other pages</div><p aria-hidden="true">x</p><p>Text</p>',
    ),
  ).toBe('Plan\n\n\nNamed\n\nText')
})

test('elements of XHTML may end themselves', () => {
  const page =
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script/></head><body><p/><p>Text<br/>here</p></body></html>'
  expect(htmlToText(page)).toBe('Text\nhere')
})

test('paragraphs in table cells keep their lines, and rows stay rows', () => {
  expect(
    htmlToText(
      '<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr><tr><td><table><tr><td>d</td></tr></table></td></tr></table>',
    ),
  ).toBe('a\n\nb | c\nd')
})

test('markup nested half a million deep is read at once', () => {
  expect(htmlToText('<div>'.repeat(500_000) + 'deep' + '</div>'.repeat(500_000))).toBe('deep')
})

test('a PDF becomes a part for each page, with the label that the page shows', async () => {
  const parts = await read(pdfReader, 'two-pages.pdf')
  expect(parts.map(({ part, metadata }) => [part, metadata['page_label']])).toEqual([
    [0, '1'],
    [1, '2'],
  ])
  expect(parts[1]?.text).toContain('Paper keeps best at eighteen degrees and fifty percent humidity.')
  const labelled = await read(pdfReader, 'labelled-pages.pdf')
  expect(labelled.map(({ part, metadata, text }) => [part, metadata['page_label'], text.trim()])).toEqual([
    [0, 'i', 'Preface'],
    [2, '1', 'Chapter one'],
  ])
})

test('PDFs that give no text say why', async () => {
  expect(await codeOf(Promise.resolve(read(pdfReader, 'encrypted.pdf')))).toBe('encrypted-file')
  expect(await codeOf(Promise.resolve(read(pdfReader, 'scanned.pdf')))).toBe('no-text')
  expect(await codeOf(Promise.resolve(read(pdfReader, 'broken.pdf')))).toBe('broken-file')
  expect(await codeOf(Promise.resolve(read(pdfReader, 'truncated.pdf')))).toBe('broken-file')
})

test('a PDF that only restricts printing is read', async () => {
  expect(await read(pdfReader, 'owner-protected.pdf')).toHaveLength(2)
})
