/** Documents made by pandoc and openpyxl, and hostile ones made here. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { strToU8, zipSync } from 'fflate'
import { expect, test } from 'vitest'
import { StackroomError } from '#contract'
import { gunzip } from '#engine/ingest/gunzip.ts'
import { readerByName } from '#engine/ingest/file-types.ts'
import { loadReader } from '#engine/ingest/readers/registry.ts'

const folder = join(import.meta.dirname, '../fixtures/documents')
const handbook = `The stackroom handbook


Ordering

A stackroom holds the books that are not on the open shelves.`

async function readBytes(name: string, bytes: Buffer) {
  const reader = readerByName(name)
  if (reader === null || reader === 'unknown') throw new Error(`${name} has no reader.`)
  return (await loadReader(reader)).read({ path: name, bytes, nameIsTelling: true })
}

const read = async (name: string) => readBytes(name, await readFile(join(folder, name)))

async function codeOf(name: string, bytes: Uint8Array): Promise<string> {
  const error = await readBytes(name, Buffer.from(bytes)).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof StackroomError ? error.code : `not a StackroomError: ${String(error)}`
}

test.each(['handbook.docx', 'handbook.odt', 'handbook.epub'])(
  '%s keeps headings, lists, tables and notes',
  async (name) => {
    const text = (await read(name))[0]?.text ?? ''
    expect(text.startsWith(handbook)).toBe(true)
    expect(text).toMatch(/(- |1\. )Look the book up\.\n(- |2\. )Order it at the desk\./)
    expect(text).toContain('\n\n\nClimate\n\nFloor | Degrees\n1 | 18\n2 | 17\n\nfloor = 1')
    if (name !== 'handbook.epub') expect(text).toContain('The open shelves are on the ground floor.')
  },
)

test('a presentation becomes a part for each slide, in order, with its notes', async () => {
  const parts = await read('slides.pptx')
  expect(parts.map(({ part, metadata }) => [part, metadata['page_label']])).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
  ])
  expect(parts[1]?.text).toBe('Ordering\n\nLook the book up\n\nOrder it at the desk\n\nSay hello first.')
  expect(parts[2]?.text).toBe('Climate\n\nFloor | Degrees\n1 | 18')
})

test('charts of a slide are read with their titles, series and values', async () => {
  expect((await read('chart.pptx')).map(({ text }) => text)).toEqual([
    'Loans\n\nBooks lent\nOctavo: October 120, November 95\nFolio: October 7, November 11.5',
  ])
})

test('a workbook becomes a part for each sheet, values behind the names of their columns, dates as dates', async () => {
  const parts = await read('loans.xlsx')
  expect(parts.map(({ text, metadata }) => [metadata['sheet_name'], text])).toEqual([
    [
      'Loans',
      'Title: On paper, Shelf: 12, Due: 2026-11-25, Fee: 1.5\nTitle: On ink, Due: 2026-12-01 09:30:00',
    ],
    ['Staff', 'Name: Ada'],
  ])
})

test('a notebook gives its cells without their outputs', async () => {
  expect((await read('shelves.ipynb'))[0]?.text).toBe('# Shelf count\nHow many shelves?\n\nprint(6 * 7)')
})

test('noise, an empty container and another format under the ending are damaged files', async () => {
  const noise = Buffer.from(Array.from({ length: 500 }, (_, index) => (index * 7919) % 251))
  const empty = zipSync({ 'other.xml': strToU8('<a/>') })
  const cut = (await readFile(join(folder, 'handbook.docx'))).subarray(0, 5000)
  for (const name of ['a.docx', 'a.pptx', 'a.xlsx', 'a.odt', 'a.epub']) {
    expect([name, await codeOf(name, noise)]).toEqual([name, 'broken-file'])
    expect([name, await codeOf(name, empty)]).toEqual([name, 'broken-file'])
    expect([name, await codeOf(name, cut)]).toEqual([name, 'broken-file'])
  }
  expect(await codeOf('a.ipynb', strToU8('{"cells": 3}'))).toBe('broken-file')
  expect(await codeOf('a.ipynb', strToU8('['.repeat(200_000)))).toBe('broken-file')
})

test('a container that says it unpacks to gigabytes is refused before it is unpacked', async () => {
  const bomb = Buffer.from(zipSync({ 'word/document.xml': strToU8('<w:document/>') }))
  // The unpacked size in the central directory, 24 bytes into the entry.
  bomb.writeUInt32LE(0x7fffffff, bomb.indexOf(Buffer.from('PK\x01\x02', 'latin1')) + 24)
  expect(await codeOf('a.docx', bomb)).toBe('file-too-large')
})

test('documents with a password are named as such', async () => {
  const container = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(2000)])
  expect(await codeOf('a.docx', container)).toBe('encrypted-file')
  const manifest = strToU8('<manifest:manifest><manifest:encryption-data/></manifest:manifest>')
  expect(
    await codeOf('a.odt', zipSync({ 'content.xml': strToU8('x'), 'META-INF/manifest.xml': manifest })),
  ).toBe('encrypted-file')
})

test('XML entities are not expanded, and deep nesting is harmless', async () => {
  const entities = `<!DOCTYPE d [<!ENTITY a "${'x'.repeat(1000)}"><!ENTITY b "&a;&a;&a;">]>`
  const xml = `${entities}<w:document><w:body>${'<w:x>'.repeat(300_000)}<w:p><w:r><w:t>&b; text</w:t></w:r></w:p></w:body></w:document>`
  const parts = await readBytes('a.docx', Buffer.from(zipSync({ 'word/document.xml': strToU8(xml) })))
  expect(parts[0]?.text).toBe('&b; text')
})

test('gzip is unpacked up to a limit', () => {
  expect(gunzip(gzipSync('text'), 100).toString()).toBe('text')
  expect(() => gunzip(gzipSync(Buffer.alloc(1_000_000)), 1000)).toThrow(
    expect.objectContaining({ code: 'file-too-large' }),
  )
  expect(() => gunzip(Buffer.from('not gzip'), 1000)).toThrow(
    expect.objectContaining({ code: 'broken-file' }),
  )
  expect(readerByName('a.tar.gz')).toBeNull()
  expect(readerByName('a.html.gz')).toBe('html')
})
