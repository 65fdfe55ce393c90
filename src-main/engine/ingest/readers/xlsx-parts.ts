/** The parts of a workbook that its text is in: sheets, shared strings, number formats that are dates, cells. */
import type { Row } from './table-text.ts'
import { parseXml } from './xml.ts'

export function readSheets(workbook: string): {
  sheets: { name: string; id: string }[]
  since1904: boolean
} {
  const sheets: { name: string; id: string }[] = []
  let since1904 = false
  parseXml(workbook, {
    open: (element, { name, id, date1904 }) => {
      if (element === 'sheet' && name !== undefined && id !== undefined) sheets.push({ name, id })
      else if (element === 'workbookPr') since1904 = date1904 === '1' || date1904 === 'true'
    },
  })
  return { sheets, since1904 }
}

export function readSharedStrings(xml: string): string[] {
  const strings: string[] = []
  let current = ''
  let inText = false
  // Phonetic readings stand beside the text that they are of.
  let inPhonetic = false
  parseXml(xml, {
    open: (name) => {
      if (name === 'si') current = ''
      else if (name === 'rPh') inPhonetic = true
      else if (name === 't') inText = !inPhonetic
    },
    text: (data) => {
      if (inText) current += data
    },
    close: (name) => {
      if (name === 't') inText = false
      else if (name === 'rPh') inPhonetic = false
      else if (name === 'si') strings.push(current)
    },
  })
  return strings
}

/** Cell styles (their places in `cellXfs`) that show numbers as dates or times. */
export function readDateStyles(xml: string): Set<number> {
  const dateFormats = new Set([14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 46, 47])
  const styles = new Set<number>()
  let inCellFormats = false
  let place = 0
  parseXml(xml, {
    open: (name, { numFmtId, formatCode }) => {
      if (name === 'numFmt' && formatCode !== undefined) {
        // Colours and conditions stand in brackets, words in quotes.
        if (/[dmyhs]/i.test(formatCode.replace(/\[[^\]]*\]|"[^"]*"|\\./g, '')))
          dateFormats.add(Number(numFmtId))
      } else if (name === 'cellXfs') inCellFormats = true
      else if (name === 'xf' && inCellFormats) {
        if (dateFormats.has(Number(numFmtId))) styles.add(place)
        place++
      }
    },
    close: (name) => {
      if (name === 'cellXfs') inCellFormats = false
    },
  })
  return styles
}

export interface CellContext {
  readonly strings: readonly string[]
  readonly dateStyles: ReadonlySet<number>
  readonly since1904: boolean
}

/** Rows that have something in them. */
export function readSheetRows(xml: string, context: CellContext): Row[] {
  const rows: Row[] = []
  let row: string[] = []
  let column = -1
  let type = ''
  let style = 0
  let value = ''
  let inValue = false
  parseXml(xml, {
    open: (name, { r, t, s }) => {
      if (name === 'row') {
        row = []
        column = -1
      } else if (name === 'c') {
        column = r === undefined ? column + 1 : columnOf(r)
        type = t ?? 'n'
        style = Number(s ?? 0)
        value = ''
      } else if (name === 'v' || name === 't') inValue = true
    },
    text: (data) => {
      if (inValue) value += data
    },
    close: (name) => {
      if (name === 'v' || name === 't') inValue = false
      else if (name === 'c') {
        const shown = cellText(value, type, style, context)
        if (shown !== '') row[column] = shown
      } else if (name === 'row' && row.length > 0) rows.push(row)
    },
  })
  return rows
}

function cellText(value: string, type: string, style: number, context: CellContext): string {
  if (type === 's') return (context.strings[Number(value)] ?? '').trim()
  if (type === 'b') return value === '1' ? 'True' : 'False'
  if (type === 'n' && value !== '' && context.dateStyles.has(style))
    return dateText(Number(value), context.since1904)
  return value.trim()
}

/** Days since the end of 1899 (with a 29 February 1900 that never was) or since 1904, as ISO 8601. */
function dateText(days: number, since1904: boolean): string {
  const epoch = since1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, 30)
  const date = new Date(epoch + Math.round(days * 86_400_000))
  if (Number.isNaN(date.getTime())) return String(days)
  const text = date.toISOString()
  if (days < 1) return text.slice(11, 19)
  return Number.isInteger(days) ? text.slice(0, 10) : text.slice(0, 19).replace('T', ' ')
}

/** `BC12` → 54 */
function columnOf(reference: string): number {
  let column = 0
  for (const character of /^[A-Z]{1,3}/i.exec(reference)?.[0].toUpperCase() ?? 'A') {
    column = column * 26 + character.charCodeAt(0) - 64
  }
  return column - 1
}
