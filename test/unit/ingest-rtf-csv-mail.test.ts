/** What the fixtures of real programs do not have. */
import { expect, test } from 'vitest'
import { csvReader } from '#engine/ingest/readers/csv.ts'
import { emlReader } from '#engine/ingest/readers/eml.ts'
import { mboxReader } from '#engine/ingest/readers/mbox.ts'
import type { FileReader } from '#engine/ingest/readers/reader.ts'
import { rtfReader } from '#engine/ingest/readers/rtf.ts'

async function read(reader: FileReader, path: string, content: string): Promise<string[]> {
  const parts = await reader.read({ path, bytes: Buffer.from(content, 'latin1'), nameIsTelling: true })
  return parts.map(({ text }) => text)
}
const rtf = async (body: string): Promise<string> =>
  (await read(rtfReader, 'a.rtf', `{\\rtf1\\ansi ${body}}`))[0] ?? ''

test('RTF: bytes are in the encoding of their font, or of the file', async () => {
  const fonts =
    '{\\fonttbl{\\f0\\fcharset0 Arial;}{\\f1\\fcharset204 Arial Cyr;}{\\f2\\fcharset128 MS Mincho;}}'
  expect(
    await rtf(`${fonts}\\f0 Gr\\'f6\\'dfe \\f1\\'ca\\'ed\\'e8\\'e3\\'e8 {\\f2\\'8f\\'91\\'8c\\'c9}`),
  ).toBe('Größe Книги 書庫')
  expect(await rtf("\\ansicpg1250 Star\\'9a\\'ed")).toBe('Starší')
})

test('RTF: characters by number take the place of what stands behind them for older programs', async () => {
  expect(
    await rtf("\\uc1 a\\u8364?b \\uc2\\u26360\\'8f\\'91c {\\uc0\\u-10179\\u-8704 d} \\uc1\\u8211 -e"),
  ).toBe('a€b 書c 😀d –e')
})

test('RTF: hidden text, pictures, instructions of fields and unknown destinations are no text', async () => {
  expect(
    await rtf(
      'See {\\v hidden }{\\field{\\*\\fldinst HYPERLINK "x"}{\\fldrslt the plan}}.{\\pict\\pngblip 89504e47}{\\*\\unknown no}{\\header top} \\bin4 {}}}End \\{1\\}',
    ),
  ).toBe('See the plan. End {1}')
})

test('RTF: headings, lines, lists, tables and notes keep their shape', async () => {
  const styles = '{\\stylesheet{\\s0 Normal;}{\\s1\\b heading 1;}{\\s15 Title;}}'
  expect(
    await rtf(
      `${styles}\\pard\\s15 Handbook\\par\\pard\\s1 Order\\par\\pard One\\line two\\emdash three\\par` +
        '{\\listtext 1.\\tab}First\\par{\\listtext 2.\\tab}Second{\\footnote A note.}\\par\\pard' +
        '\\trowd\\intbl a\\par b\\cell c\\cell\\row\\trowd\\intbl d\\cell\\cell\\row\\pard After\\par',
    ),
  ).toBe('Handbook\n\n\nOrder\n\nOne\ntwo—three\n\n- First\n- Second\n\na\nb | c\nd |\n\nAfter\n\nA note.')
})

test('CSV: the delimiter is found out, quotes and line breaks within them are kept', async () => {
  expect(await read(csvReader, 'a.csv', 'name;price\n"Ink; black";1,50\n"Two\nlines";2\n\n')).toEqual([
    'name: Ink; black, price: 1,50\nname: Two\nlines, price: 2',
  ])
  expect(await read(csvReader, 'a.csv', 'one column\nof words\n')).toEqual(['one column: of words'])
})

test('CSV: a first row of numbers names nothing, and values stay as they are written', async () => {
  expect(await read(csvReader, 'a.csv', '2024-01-01,007,x\n2024-01-02,008,\n')).toEqual([
    '2024-01-01, 007, x\n2024-01-02, 008, ',
  ])
  expect(await read(csvReader, 'a.csv', 'id,zip\n1,01234\n2,\n')).toEqual(['id: 1, zip: 01234\nid: 2'])
})

test('mail: encodings of headers and bodies, and forwarded mails, are undone', async () => {
  const mail = [
    'From: =?iso-8859-1?Q?J=FCrgen?= <j@example.org>',
    'Subject: =?utf-8?B?QsO8Y2hlcg==?=',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=x',
    '',
    '--x',
    'Content-Type: text/plain; charset=iso-8859-1',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'Gr=FC=DFe, the line goes =',
    'on.',
    '--x',
    'Content-Type: message/rfc822',
    '',
    'From: ada@example.org',
    'Subject: Within',
    '',
    'The forwarded text.',
    '--x--',
    '',
  ].join('\r\n')
  const [text] = await read(emlReader, 'a.eml', mail)
  expect(text).toContain('From: Jürgen <j@example.org>\nSubject: Bücher\nContent: Grüße, the line goes on.')
  expect(text).toContain('The forwarded text.')
})

test('a mailbox begins a mail at each line that Python’s begins one at', async () => {
  const box = 'From a\nSubject: one\n\n>From here\nnot From there\n\nFrom b\nSubject: two\n\nx\nFrom c\n\ny\n'
  expect(await read(mboxReader, 'a.mbox', box)).toEqual([
    'Subject: one\nContent: >From here\nnot From there',
    'Subject: two\nContent: x',
    'Content: y',
  ])
})
