/** What roff does before any macro of a page is looked at: comments, conditions, definitions, strings, tables. */
import { unescape } from './roff-escapes.ts'

/** A line of a page, its strings and characters resolved. */
export type RoffLine =
  | { readonly kind: 'text'; readonly text: string; readonly continues: boolean }
  | { readonly kind: 'macro'; readonly name: string; readonly arguments: readonly string[] }
  | { readonly kind: 'table'; readonly rows: readonly (readonly string[])[] }

/** Lines of a page that are defined in the page: more are made to fill memory. */
const maximumLines = 1_000_000

export function* expandRoff(source: string): Generator<RoffLine> {
  const strings = new Map(initialStrings)
  const lines = joinLines(source)
  /** Results of `.ie` that wait for their `.el`. */
  const conditions: boolean[] = []
  for (let at = 0; at < lines.length && at < maximumLines; at++) {
    const line = lines[at] ?? ''
    const control = /^[.']\s*([^\s\\]+|\\[{}])?[ \t]*(.*)$/.exec(line)
    if (!control) {
      if (line.startsWith('\\}')) continue
      yield textLine(line.replace(/\\\}\s*$/, ''), strings)
      continue
    }
    let [, name = '', rest = ''] = control
    if (name === 'el' || name === 'if' || name === 'ie') {
      const [isTrue, body] = name === 'el' ? [!(conditions.pop() ?? true), rest] : condition(rest)
      if (name === 'ie') conditions.push(isTrue)
      const opens = body.indexOf('\\{')
      if (opens < 0) {
        if (!isTrue) continue
        lines[at--] = body
        continue
      }
      if (!isTrue) at = endOfBlock(lines, at)
      else if (body.slice(opens + 2).trim() !== '') lines[at--] = body.slice(opens + 2).trimStart()
      continue
    }
    name = name.replace(/\\\}$/, '')
    if (name === '' || name.startsWith('\\')) continue
    if (name === 'de' || name === 'de1' || name === 'am' || name === 'ig') {
      const end = /^\S+\s+(\S+)/.exec(rest)?.[1] ?? '.'
      while (++at < lines.length && (lines[at] ?? '').trim() !== `.${end}`);
      continue
    }
    if (name === 'ds' || name === 'as') {
      const [, string = '', value = ''] = /^(\S+)\s*"?(.*)$/.exec(rest) ?? []
      const before = name === 'as' ? (strings.get(string) ?? '') : ''
      // Strings of strings are made to fill memory; a page's own are a few words.
      strings.set(string, (before + unescape(value, strings)).slice(0, 1000))
      continue
    }
    if (name === 'TS') {
      const start = at + 1
      while (++at < lines.length && !/^[.']\s*TE\b/.test(lines[at] ?? ''));
      yield { kind: 'table', rows: readTable(lines.slice(start, at), strings) }
      continue
    }
    rest = rest.replace(/\\\}\s*$/, '')
    yield {
      kind: 'macro',
      name,
      arguments: splitArguments(rest).map((argument) => unescape(argument, strings)),
    }
  }
}

const initialStrings: readonly (readonly [string, string])[] = [
  ['R', '®'],
  ['Tm', '™'],
  ['lq', '“'],
  ['rq', '”'],
  ['S', ''],
  ['Aq', "'"],
  ["L'", '|'],
]

/** Without comments, and with lines that end in a backslash joined. */
function joinLines(source: string): string[] {
  const lines: string[] = []
  let begun = ''
  for (const raw of source.split(/\r?\n/)) {
    const comment = /(?:^|[^\\])(?:\\\\)*(\\["#])/.exec(raw)
    const isComment = /^[.']\s*\\["#]/.test(raw)
    const line = begun + (comment ? raw.slice(0, comment.index + comment[0].length - 2).trimEnd() : raw)
    begun = ''
    if (isComment) continue
    if (comment && line === '') continue
    if (/(?:^|[^\\])(?:\\\\)*\\$/.test(line)) begun = line.slice(0, -1)
    else lines.push(line)
  }
  if (begun !== '') lines.push(begun)
  return lines
}

function textLine(line: string, strings: ReadonlyMap<string, string>): RoffLine {
  const continues = /\\c\s*$/.test(line)
  return { kind: 'text', text: unescape(line, strings), continues }
}

/** True for `n` (a terminal) alone, as far as it can be told without registers; and what stands behind the condition. */
function condition(text: string): [isTrue: boolean, body: string] {
  const isNegated = text.startsWith('!')
  const rest = isNegated ? text.slice(1) : text
  const quoted = /^(['"])(.*?)\1(.*?)\1\s*(.*)$/.exec(rest)
  if (quoted) return [(quoted[2] === quoted[3]) !== isNegated, quoted[4] ?? '']
  const [, test = '', body = ''] =
    /^(d\s*\S+|r\s*\S+|c\s*\S+|\([^()]*(?:\([^()]*\)[^()]*)*\)\S*|\S+)\s*(.*)$/.exec(rest) ?? []
  return [/^n$/.test(test) !== isNegated, body]
}

/** The line that closes the block that is opened in line `start`. */
function endOfBlock(lines: readonly string[], start: number): number {
  let depth = 0
  for (let at = start; at < lines.length; at++) {
    for (const [brace] of (lines[at] ?? '').matchAll(/\\[{}]/g)) depth += brace === '\\{' ? 1 : -1
    if (depth <= 0) return at
  }
  return lines.length
}

/** Arguments stand apart by spaces, or in quotes, of which two stand for one. */
export function splitArguments(text: string): string[] {
  return [...text.matchAll(/"((?:[^"]|"")*)"?|((?:\\[^\n]|[^\s\\])+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}

/** The cells of a table (tbl), without its layout. */
function readTable(lines: readonly string[], strings: ReadonlyMap<string, string>): string[][] {
  let separator = '\t'
  let at = 0
  if (/;\s*$/.test(lines[0] ?? '')) {
    separator = /tab\s*\((.)\)/.exec(lines[0] ?? '')?.[1] ?? '\t'
    at++
  }
  while (at < lines.length && !/\.\s*$/.test(lines[at] ?? '')) at++
  const rows: string[][] = []
  let block: string | undefined
  for (const line of lines.slice(at + 1)) {
    if (block !== undefined) {
      if (!line.startsWith('T}')) {
        if (!/^[.']/.test(line)) block += ` ${line}`
        else block += ` ${splitArguments(line.slice(1)).slice(1).join('')}`
        continue
      }
      rows.at(-1)?.push(block.trim())
      block = undefined
      const more = line.slice(2).split(separator).slice(1)
      block = pushCells(rows.at(-1) ?? [], more)
      continue
    }
    if (/^[.']/.test(line) || /^[_=\s]*$/.test(line)) continue
    const row: string[] = []
    rows.push(row)
    block = pushCells(row, line.split(separator))
  }
  return rows.map((row) =>
    row.map((cell) =>
      unescape(cell, strings)
        .replace(/^[_=]$/, '')
        .trim(),
    ),
  )
}

/** Returns the begin of a cell that goes on in the next lines. */
function pushCells(row: string[], cells: readonly string[]): string | undefined {
  const last = cells.at(-1)
  if (last !== undefined && /^T\{\s*$/.test(last)) {
    row.push(...cells.slice(0, -1))
    return ''
  }
  row.push(...cells)
  return undefined
}
