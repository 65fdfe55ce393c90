/** Files that are made to fill memory or to keep readers busy: each fails alone, by name, and the next file is read. */
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { deflateSync, gzipSync } from 'node:zlib'
import { strToU8, zipSync, type Zippable } from 'fflate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { StackroomError } from '#contract'
import { defaultNodeParserSettings as settings } from '#engine/ingest/node-parser-settings.ts'
import { ReaderPool } from '#engine/ingest/reader-pool.ts'
import { catalog, pages, pdf, stream } from '../unit/pdf-file.ts'

/** Far more than these files need where they are read at all, and far less than they ask for. */
const memoryLimitMb = 512
/** In milliseconds. A busy machine takes its time to start a thread: what is to be read, or refused, has plenty. */
const shortLimit = 10_000
const longLimit = 200_000

let pool: ReaderPool
let folder: string
beforeAll(async () => {
  // The limit of each file is told in the place of its size.
  pool = new ReaderPool({ memoryLimitMb, timeLimitMs: (limit) => limit })
  folder = await mkdtemp(join(tmpdir(), 'stackroom-hostile-'))
})
afterAll(async () => {
  await pool.close()
  await rm(folder, { recursive: true, force: true })
})

/** `read`, or the code of the error. */
async function outcome(name: string, limit = longLimit): Promise<string> {
  try {
    await pool.parse({ path: join(folder, name), recognizeText: ['eng'] }, { settings, bytes: limit })
    return 'read'
  } catch (error) {
    if (error instanceof StackroomError && error.code !== 'internal') return error.code
    throw error
  }
}

const zip = (files: Zippable) => zipSync(files)
const million = (text: string) => text.repeat(1_000_000)

/** A container whose file says that it has a few bytes, and has two gigabytes. */
function lyingZip(name: string): Uint8Array {
  const bomb = Buffer.from(zip({ [name]: [new Uint8Array(20_000_000), { level: 9 }] }))
  for (const [mark, offset] of [
    ['PK\x03\x04', 22],
    ['PK\x01\x02', 24],
  ] as const)
    bomb.writeUInt32LE(1000, bomb.indexOf(Buffer.from(mark, 'latin1')) + offset)
  return bomb
}

function officeFile(files: Record<string, string>): Uint8Array {
  return zip(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])))
}

const entities = `<!DOCTYPE x [<!ENTITY a "${'x'.repeat(1000)}">${Array.from({ length: 20 }, (_, index) => `<!ENTITY ${String.fromCharCode(98 + index)} "${`&${String.fromCharCode(97 + index)};`.repeat(50)}">`).join('')}]>`

const page =
  '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /XObject << /X 4 0 R >> >> >>'

/** A PNG that says it has so many pixels a side. */
function png(side: number): Buffer {
  const header = Buffer.alloc(33)
  header.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1')
  header.writeUInt32BE(side, 16)
  header.writeUInt32BE(side, 20)
  header.set([8, 2, 0, 0, 0], 24)
  return header
}

const sheet = (rows: string) =>
  officeFile({
    'xl/workbook.xml': '<workbook><sheets><sheet name="a" r:id="r1"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels':
      '<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>',
    'xl/sharedStrings.xml': `<sst><si><t>${'x'.repeat(30_000)}</t></si></sst>`,
    'xl/worksheets/sheet1.xml': `<worksheet><sheetData>${rows}</sheetData></worksheet>`,
  })
const openDocument = (kind: string, body: string) =>
  officeFile({
    mimetype: `application/vnd.oasis.opendocument.${kind}`,
    'content.xml': `<office:document-content><office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>`,
  })

const hostile: readonly (readonly [
  what: string,
  name: string,
  content: () => Uint8Array | string,
  outcomes: readonly string[],
])[] = [
  [
    'a line of 5 MB without a space',
    'line.txt',
    () => 'x'.repeat(5_000_000),
    ['read', 'memory-limit', 'time-limit'],
  ],
  ['arrays nested a million deep', 'deep.json', () => million('['), ['read']],
  ['a notebook nested a million deep', 'deep.ipynb', () => `{"cells":${million('[')}`, ['broken-file']],
  [
    'YAML whose aliases multiply',
    'aliases.yaml',
    () => `a: &a [${'x,'.repeat(1000)}]\nb: &b [${'*a,'.repeat(1000)}]\nc: [${'*b,'.repeat(1000)}]\n`,
    ['read'],
  ],
  ['XML whose entities multiply', 'entities.xml', () => `${entities}<x>&u;</x>`, ['read']],
  [
    'a Word document whose entities multiply',
    'entities.docx',
    () =>
      officeFile({
        'word/document.xml': `${entities}<w:document><w:body><w:p><w:r><w:t>&u;</w:t></w:r></w:p></w:body></w:document>`,
      }),
    ['read'],
  ],
  [
    'elements nested a million deep',
    'deep.html',
    () => million('<div>') + 'text',
    ['read', 'time-limit', 'memory-limit'],
  ],
  [
    'a table nested a million deep',
    'tables.html',
    () => million('<table><td>') + 'text',
    ['read', 'time-limit', 'memory-limit'],
  ],
  [
    'pages that are their own children',
    'loop.pdf',
    () => pdf([catalog, '<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>']),
    ['broken-file', 'no-text'],
  ],
  [
    'a drawing that draws itself',
    'self.pdf',
    () =>
      pdf([
        catalog,
        pages,
        page,
        stream(
          Buffer.from('/X Do'),
          '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 4 0 R >> >>',
        ),
      ]),
    ['no-text', 'broken-file', 'time-limit'],
  ],
  [
    'a page that unpacks to a thousand times its size',
    'bomb.pdf',
    () =>
      pdf([
        catalog,
        pages,
        page,
        stream(deflateSync(deflateSync(Buffer.alloc(2 ** 28, ' '))), '/Filter [/FlateDecode /FlateDecode]'),
      ]),
    ['no-text', 'broken-file', 'memory-limit', 'time-limit'],
  ],
  [
    'a container that lies about its size',
    'lying.docx',
    () => lyingZip('word/document.xml'),
    ['broken-file', 'file-too-large', 'no-text', 'memory-limit'],
  ],
  [
    'the same as a spreadsheet',
    'lying.xlsx',
    () => lyingZip('xl/workbook.xml'),
    ['broken-file', 'file-too-large', 'no-text', 'memory-limit'],
  ],
  [
    'the same as slides',
    'lying.pptx',
    () => lyingZip('ppt/presentation.xml'),
    ['broken-file', 'file-too-large', 'no-text', 'memory-limit'],
  ],
  [
    'the same as an OpenDocument text',
    'lying.odt',
    () => lyingZip('content.xml'),
    ['broken-file', 'file-too-large', 'no-text', 'memory-limit'],
  ],
  [
    'the same as a book',
    'lying.epub',
    () => lyingZip('META-INF/container.xml'),
    ['broken-file', 'file-too-large', 'no-text', 'memory-limit'],
  ],
  [
    'a string that a hundred thousand cells show',
    'cells.xlsx',
    () => sheet(`<row>${'<c t="s"><v>0</v></c>'.repeat(100_000)}</row>`.repeat(2)),
    ['memory-limit'],
  ],
  [
    'a cell that is repeated in a million rows and columns',
    'repeated.ods',
    () =>
      openDocument(
        'spreadsheet',
        `<table:table>${'<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell></table:table-row>'.repeat(5)}</table:table>`,
      ),
    ['read', 'memory-limit', 'time-limit'],
  ],
  [
    'twenty thousand slides',
    'slides.odp',
    () =>
      openDocument(
        'presentation',
        '<draw:page><draw:frame><text:p>x</text:p></draw:frame></draw:page>'.repeat(20_000),
      ),
    ['read', 'memory-limit', 'time-limit'],
  ],
  ['groups nested a million deep', 'deep.rtf', () => `{\\rtf1 ${million('{')}`, ['broken-file']],
  ['a record that is longer than its file', 'binary.rtf', () => '{\\rtf1 text\\bin999999999999 }', ['read']],
  [
    'a quote that never ends',
    'quote.csv',
    () => `a,b\n"${million('x,y\n')}`,
    ['read', 'memory-limit', 'time-limit'],
  ],
  [
    'a name of a column longer than its table',
    'names.csv',
    () => `a,${'n'.repeat(10_000)}\n${'1,2\n'.repeat(500_000)}`,
    ['memory-limit'],
  ],
  [
    'parts within parts',
    'parts.eml',
    () =>
      `From: a\nTo: b\n${Array.from({ length: 2000 }, (_, index) => `Content-Type: multipart/mixed; boundary=b${index}\n\n--b${index}\n`).join('')}`,
    ['broken-file'],
  ],
  ['a header of 20 MB', 'header.eml', () => `Subject: ${'x'.repeat(20_000_000)}\n\ntext`, ['broken-file']],
  [
    'a hundred thousand mails',
    'mails.mbox',
    () => 'From a Wed Nov 25 10:00:00 2026\n\nx\n'.repeat(100_000),
    ['read', 'memory-limit', 'time-limit'],
  ],
  [
    'a million times that begin nothing',
    'times.srt',
    () => million('<v <v 00:00 --> '),
    ['broken-file', 'read'],
  ],
  [
    'strings of strings',
    'strings.1',
    () =>
      `.TH A 1\n.ds a ${'x'.repeat(1000)}\n.ds b ${'\\*a'.repeat(1000)}\n.ds c ${'\\*b'.repeat(1000)}\n${million('\\*c')}\n`,
    ['memory-limit', 'time-limit'],
  ],
  [
    'definitions that never end',
    'definitions.1',
    () => `.TH A 1\n${million('.de x\n')}${million('.if x \\{\n')}`,
    ['read', 'time-limit'],
  ],
  ['a picture of ten billion pixels', 'pixels.png', () => png(100_000), ['file-too-large']],
  ['a picture that ends after its header', 'cut.png', () => png(100), ['broken-file']],
  [
    'gzip that unpacks to more than text may have',
    'bomb.txt.gz',
    () => gzipSync(Buffer.alloc(2 ** 27)),
    ['file-too-large'],
  ],
]

test.each(hostile)('%s', { timeout: 2 * longLimit }, async (what, name, content, outcomes) => {
  await writeFile(join(folder, name), content())
  const started = performance.now()
  const seen = await outcome(name, outcomes.includes('time-limit') ? shortLimit : longLimit)
  console.log(
    `${what} (${name}): ${seen} after ${((performance.now() - started) / 1000).toFixed(1)} s, ${Math.round(process.memoryUsage().rss / 1e6)} MB`,
  )
  expect(outcomes).toContain(seen)
  await rm(join(folder, name))
  await writeFile(join(folder, 'good.txt'), 'A good file.')
  expect(await outcome('good.txt')).toBe('read')
})

test('a log of two gigabytes and a file of one line are refused before they are read', async () => {
  for (const [name, bytes] of [
    ['day.log', 2 * 2 ** 30],
    ['line.json', 100 * 2 ** 20],
  ] as const) {
    const path = join(folder, basename(name))
    const file = await open(path, 'w')
    await file.truncate(bytes)
    await file.close()
    expect(await outcome(name)).toBe('file-too-large')
    await rm(path)
  }
})
