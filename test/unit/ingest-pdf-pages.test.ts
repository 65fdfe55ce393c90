import { expect, test } from 'vitest'
import { pdfReader } from '#engine/ingest/readers/pdf.ts'
import { catalog, pageOfTexts, pages, pdf, stream } from './pdf-file.ts'

type Placed = readonly [x: number, y: number, text: string]

async function textOf(texts: readonly Placed[]): Promise<string> {
  const parts = await pdfReader.read({ path: 'a.pdf', bytes: pageOfTexts(texts), nameIsTelling: true })
  return parts[0]?.text ?? ''
}

const column = (x: number, name: string): Placed[] =>
  Array.from({ length: 8 }, (_, line): Placed => [
    x,
    700 - 14 * line,
    `${name} column has this text in line ${line + 1}`,
  ])
const left = column(50, 'left')
const right = column(330, 'right')
const title: Placed = [
  50,
  740,
  'A title that stands above both of the columns and is longer than each of them is',
]
const inOrder = [title, ...left, ...right].map(([, , text]) => text).join('\n')

test('columns that are written one after the other stay so', async () => {
  expect(await textOf([title, ...left, ...right])).toBe(inOrder)
})

test('columns that are written line by line across the gutter are read one after the other', async () => {
  const across = left.flatMap((line, index) => [line, right[index] ?? line])
  expect(await textOf([title, ...across])).toBe(inOrder)
})

test('lines that are written in any order are read from the top', async () => {
  const mixed = [...left, ...right, title].map((line, index) => ({ line, key: (index * 7) % 17 }))
  expect(await textOf(mixed.sort((a, b) => a.key - b.key).map(({ line }) => line))).toBe(inOrder)
  expect(await textOf([title, ...left].reverse())).toBe([title, ...left].map(([, , text]) => text).join('\n'))
})

test('a header that is written last stays where it is written, and rows of a table stay rows', async () => {
  expect(await textOf([...left, title])).toBe([...left, title].map(([, , text]) => text).join('\n'))
  const rows = ['Floor', '1', '2', '3', '4', '5', '6'].flatMap((cell, row): Placed[] => [
    [50, 700 - 14 * row, cell],
    [250, 700 - 14 * row, row === 0 ? 'Degrees' : `${row + 10}`],
  ])
  expect((await textOf(rows)).split('\n').map((line) => line.replace(/\s+/g, ' '))).toEqual([
    'Floor Degrees',
    '1 11',
    '2 12',
    '3 13',
    '4 14',
    '5 15',
    '6 16',
  ])
})

test('Japanese whose font is not in the file is read through its character map', async () => {
  // 書庫 in Shift-JIS
  const bytes = pdf([
    catalog,
    pages,
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>',
    stream(Buffer.from('BT /F 10 Tf 1 0 0 1 50 700 Tm <8f918cc9> Tj ET')),
    '<< /Type /Font /Subtype /Type0 /BaseFont /Mincho /Encoding /90ms-RKSJ-H /DescendantFonts [6 0 R] >>',
    '<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Mincho /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> /FontDescriptor 7 0 R >>',
    '<< /Type /FontDescriptor /FontName /Mincho /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent 200 /CapHeight 700 /StemV 80 >>',
  ])
  const parts = await pdfReader.read({ path: 'a.pdf', bytes, nameIsTelling: true })
  expect(parts[0]?.text).toBe('書庫')
})
