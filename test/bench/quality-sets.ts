/**
 * Questions with known answers out of Debian's public documentation; none is written by hand. Half of each set is for trying
 * things out, and only the other half is ever reported; which half, the question's own hash says.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { decodeText } from '#engine/ingest/readers/decode-text.ts'
import { ManText } from '#engine/ingest/readers/man-text.ts'
import { expandRoff } from '#engine/ingest/readers/roff.ts'

export interface QualityItem {
  readonly question: string
  /** What is to be found with it, without the question itself. */
  readonly text: string
}

export interface QualitySet {
  readonly name: string
  readonly what: string
  readonly items: readonly QualityItem[]
}

const manual = '/usr/share/man'
const python = '/usr/share/doc/python3.11/html/_sources'
/** Of a long page the beginning has to do: the machine has to embed all of it. */
const longestText = 1500
const shortestText = 200

/** At most `limit` items of each set, chosen by the hash of their question. */
export function qualitySets(limit: number): QualitySet[] {
  return [
    {
      name: 'man',
      what: 'one-line descriptions of manual pages → the page without that line',
      items: manPages(),
    },
    { name: 'headings', what: 'headings of python3.11-doc → their section', items: sections() },
    { name: 'glossary', what: 'terms of Python’s glossary → their definition', items: glossary() },
  ].map((set) => ({ ...set, items: chosen(set.items, limit) }))
}

export function isTest(question: string): boolean {
  return hashOf(question)[0]! % 2 === 1
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function chosen(items: readonly QualityItem[], limit: number): QualityItem[] {
  const unique = [...new Map(items.map((item) => [item.question.toLowerCase(), item])).values()]
  return unique
    .map((item) => ({ item, key: hashOf(item.question).toString('hex') }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .slice(0, limit)
    .map(({ item }) => item)
}

function manPages(): QualityItem[] {
  return ['man1', 'man5', 'man8'].flatMap((section) => {
    const folder = join(manual, section)
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.gz')) : []
    return names.flatMap((name) => {
      const page = new ManText()
      for (const line of expandRoff(decodeText(gunzipSync(readFileSync(join(folder, name)))))) page.add(line)
      const text = page.finish()
      const found = /\bNAME\s*\n+\s*\S.*? (?:-|–|—|\\-) (\S.*)/.exec(text.slice(0, 1000))
      if (!found?.[1]) return []
      return item(found[1].trim(), text.slice(found.index + found[0].length))
    })
  })
}

function sections(): QualityItem[] {
  return sources(python).flatMap((path) => {
    const lines = readFileSync(path, 'utf8').split('\n')
    const starts = lines.flatMap((line, index) => {
      const under = lines[index + 1] ?? ''
      const isHeading =
        /^\S/.test(line) &&
        /^([=\-~^*#"'+])\1{3,}\s*$/.test(under) &&
        under.trim().length >= line.trim().length
      return isHeading ? [index] : []
    })
    return starts.flatMap((start, index) => {
      const heading = (lines[start] ?? '')
        .replace(/:\w+:`([^`]*)`/g, '$1')
        .replaceAll('`', '')
        .trim()
      return item(heading, lines.slice(start + 2, starts[index + 1]).join('\n'))
    })
  })
}

function glossary(): QualityItem[] {
  const path = join(python, 'glossary.rst.txt')
  if (!existsSync(path)) return []
  const entries = readFileSync(path, 'utf8')
    .split(/\n {3}(?=\S)/)
    .slice(1)
  return entries.flatMap((entry) => {
    const [term = '', ...definition] = entry.split('\n')
    return term.startsWith(':') ? [] : item(term.trim(), definition.map((line) => line.trim()).join('\n'), 40)
  })
}

function item(question: string, text: string, shortest = shortestText): QualityItem[] {
  const trimmed = text.trim().slice(0, longestText)
  const isTelling = /\p{L}{2}.*\s.*\p{L}{2}/u.test(question) || shortest < shortestText
  return isTelling && question.length < 200 && trimmed.length >= shortest ? [{ question, text: trimmed }] : []
}

function sources(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rst.txt') && !name.startsWith('whatsnew/changelog'))
    .sort()
    .map((name) => join(folder, name))
}
