/** The body of an OpenDocument file, one part or several, from the events of an XML parser. */
import { HtmlText } from './html-text.ts'
import type { ReadPart } from './reader.ts'
import { TableText } from './table-text.ts'
import { parseXml } from './xml.ts'

type Attributes = Readonly<Record<string, string>>

const elements = new Map([
  ['p', 'p'],
  ['list', 'ul'],
  ['list-item', 'li'],
  ['table', 'table'],
  ['table-row', 'tr'],
  ['table-cell', 'td'],
])
const skipped = new Set([
  'annotation',
  'tracked-changes',
  'note-citation',
  'forms',
  'scripts',
  'automatic-styles',
  'settings',
])
/** Frames of a slide that repeat on every one. */
const repeatedFrames = new Set(['page-number', 'date-time', 'footer', 'header'])
/** Rows and cells that are said to stand so many times; what is said more often than this is the look of an empty rest. */
const maximumRepeats = 1000
/** Of every program that writes such files. */
const maximumColumns = 16_384

export function odfToParts(content: string): ReadPart[] {
  const body = new OdfBody()
  parseXml(content, {
    open: (name, attributes) => body.open(name, attributes),
    text: (data) => body.write(data),
    close: (name) => body.close(name),
  })
  return body.finish()
}

class OdfBody {
  readonly #parts: ReadPart[] = []
  #kind: 'none' | 'text' | 'spreadsheet' | 'presentation' = 'none'
  #inBody = false
  #text = new HtmlText()
  #sheet: Sheet | undefined
  #inTitle = false
  #skipping = 0
  /** What each open element became. */
  readonly #open: { readonly element: string | undefined; readonly skips: boolean }[] = []

  open(name: string, attributes: Attributes): void {
    if (name === 'body') this.#inBody = true
    else if (
      this.#inBody &&
      this.#kind === 'none' &&
      (name === 'text' || name === 'spreadsheet' || name === 'presentation')
    )
      this.#kind = name
    const skips =
      skipped.has(name) || (name === 'frame' && repeatedFrames.has(attributes['presentation:class'] ?? ''))
    if (skips) this.#skipping++
    const element = this.#skipping > 0 || this.#kind === 'none' ? undefined : this.#element(name, attributes)
    this.#open.push({ element, skips })
    if (this.#skipping > 0 || this.#kind === 'none') return
    if (this.#kind === 'spreadsheet') {
      if (name === 'table' && !this.#sheet) this.#sheet = new Sheet(attributes['name'] ?? '')
      else this.#sheet?.open(name, attributes)
      return
    }
    if (name === 'frame') this.#inTitle = attributes['presentation:class'] === 'title'
    if (element !== undefined) this.#text.open(element, {})
    else if (name === 'line-break') this.#text.open('br', {})
    else if (name === 's' || name === 'tab') this.#text.write(' ')
    else if (name === 'notes') this.#text.open('hr', {})
  }

  #element(name: string, attributes: Attributes): string | undefined {
    if (name === 'h') return `h${Math.min(6, Number(attributes['outline-level'] ?? 1) || 1)}`
    return name === 'p' && this.#inTitle ? 'h1' : elements.get(name)
  }

  write(data: string): void {
    if (this.#skipping > 0 || this.#kind === 'none') return
    if (this.#kind === 'spreadsheet') this.#sheet?.write(data)
    else this.#text.write(data)
  }

  close(name: string): void {
    const { element, skips } = this.#open.pop() ?? { element: undefined, skips: false }
    if (skips) this.#skipping--
    else if (this.#skipping > 0) return
    else if (this.#kind === 'spreadsheet') this.#closeInSheet(name)
    else if (element !== undefined) this.#text.close(element)
    else if (name === 'page' && this.#kind === 'presentation') this.#endSlide()
  }

  #closeInSheet(name: string): void {
    // A table within a cell is a part of it.
    if (!this.#sheet?.close(name)) return
    const { name: sheetName, text } = this.#sheet.finish()
    this.#parts.push({ part: this.#parts.length, text, metadata: { sheet_name: sheetName } })
    this.#sheet = undefined
  }

  #endSlide(): void {
    const part = this.#parts.length
    this.#parts.push({ part, text: this.#text.finish(), metadata: { page_label: part + 1 } })
    this.#text = new HtmlText()
  }

  finish(): ReadPart[] {
    return this.#kind === 'text' ? [{ part: 0, text: this.#text.finish(), metadata: {} }] : this.#parts
  }
}

class Sheet {
  readonly #name: string
  readonly #table = new TableText()
  #row: string[] = []
  #column = 0
  #rowRepeats = 1
  #cellRepeats = 1
  #cell = ''
  /** Nesting of tables and of cells within this one. */
  #depth = 0

  constructor(name: string) {
    this.#name = name
  }

  open(name: string, attributes: Attributes): void {
    if (name === 'table') this.#depth++
    if (this.#depth > 0) return
    if (name === 'table-row') {
      this.#row = []
      this.#column = 0
      this.#rowRepeats = repeats(attributes['number-rows-repeated'])
    } else if (name === 'table-cell' || name === 'covered-table-cell') {
      this.#cell = ''
      this.#cellRepeats = repeats(attributes['number-columns-repeated'])
    } else if (name === 'p' && this.#cell !== '') this.#cell += '\n'
    else if (name === 's' || name === 'tab' || name === 'line-break') this.#cell += ' '
  }

  write(data: string): void {
    this.#cell += data
  }

  /** Whether the sheet has ended. */
  close(name: string): boolean {
    if (name === 'table' && this.#depth-- === 0) return true
    if (this.#depth > 0) return false
    if (name === 'table-cell' || name === 'covered-table-cell') {
      const cell = this.#cell.trim()
      const end = this.#column + this.#cellRepeats
      const last = Math.min(end, this.#column + maximumRepeats, maximumColumns)
      if (cell !== '') for (let at = this.#column; at < last; at++) this.#row[at] = cell
      this.#column = end
    } else if (name === 'table-row' && this.#row.length > 0) {
      for (let at = 0; at < this.#rowRepeats && at < maximumRepeats; at++) this.#table.add(this.#row)
    }
    return false
  }

  finish(): { name: string; text: string } {
    return { name: this.#name, text: this.#table.finish() }
  }
}

function repeats(attribute: string | undefined): number {
  return Math.max(1, Number(attribute ?? 1) || 1)
}
