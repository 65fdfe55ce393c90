/**
 * Builds readable text from the events of an HTML parser: paragraphs, headings, lists, tables and preformatted text keep
 * their shape. Sections are set apart by two blank lines, which is LlamaIndex's paragraph separator, so that a
 * SentenceSplitter cuts between them first.
 */

import { contentKind, isSkipped } from './html-regions.ts'

type Attributes = Readonly<Record<string, string>>

/** Elements that begin a line of their own; the rest stand within one. */
const blocks = new Set(
  (
    'address article blockquote body dd details div dl dt fieldset figcaption figure footer header hgroup hr html legend ' +
    'li main ol p section summary table tbody td tfoot th thead tr ul caption center pre'
  ).split(' '),
)
/** Blocks with a blank line around them. */
const paragraphs = new Set('p blockquote pre table ul ol dl figure'.split(' '))
const spaces = /[ \t\r\n\f\xa0]+/g
/** What `spaces` would change. */
const unevenSpace = /[\t\r\n\f\xa0]| {2}/
const headings = /^h[1-6]$/
export const voidElements: ReadonlySet<string> = new Set(
  'area base br col embed hr img input link meta source track wbr'.split(' '),
)

interface List {
  /** The number of the next item; null for a list without numbers. */
  next: number | null
}

/** Parts of the output that are the page's content, by what the page says. */
interface Region {
  readonly kind: 'main' | 'content'
  readonly depth: number
  readonly start: number
  end: number
}

export class HtmlText {
  readonly #parts: string[] = []
  #length = 0
  /** Line breaks to write before the next text. */
  #breaks = 0
  #space = false
  /** Written before the first text of a list item. */
  #marker = ''
  readonly #lists: List[] = []
  #preformatted = 0
  /** True until the first text within a `pre`. */
  #preformattedStart = false
  /** For each open table the cells begun in its row. */
  readonly #cells: number[] = []
  #cellHasText = false
  /** Nesting of elements within a skipped one; 0 outside. */
  #skipping = 0
  #inTitle = false
  #title = ''
  #firstHeading: string | undefined
  #headingStart = -1
  readonly #regions: Region[] = []
  #depth = 0
  /** The regions that are open, the outermost of each kind. */
  readonly #openRegions: Region[] = []

  open(name: string, attributes: Attributes): void {
    if (name === 'title' && this.#skipping === 0 && this.#title === '') {
      this.#inTitle = true
      return
    }
    if (voidElements.has(name)) {
      if (name === 'br' && this.#skipping === 0) this.#break(1)
      else if (name === 'hr' && this.#skipping === 0) this.#break(2)
      return
    }
    this.#depth++
    if (this.#skipping > 0) {
      this.#skipping++
      return
    }
    if (isSkipped(name, attributes)) {
      this.#skipping = 1
      return
    }
    const kind = contentKind(name, attributes)
    if (kind !== undefined && !this.#openRegions.some((region) => region.kind === kind)) {
      const region = { kind, depth: this.#depth, start: this.#parts.length, end: -1 }
      this.#regions.push(region)
      this.#openRegions.push(region)
      this.#break(2)
    }
    this.#openBlock(name, attributes)
  }

  #openBlock(name: string, attributes: Attributes): void {
    if (headings.test(name)) {
      this.#break(name < 'h4' ? 3 : 2)
      if (this.#firstHeading === undefined) this.#headingStart = this.#parts.length
      return
    }
    if (!blocks.has(name)) return
    if (name === 'td' || name === 'th') {
      this.#beginCell()
      return
    }
    if (!this.#startsCell()) {
      const nested = this.#lists.length > 0 && (name === 'ul' || name === 'ol')
      const apart = paragraphs.has(name) && !nested && this.#marker === ''
      this.#break(apart || name === 'dt' ? 2 : 1)
    }
    if (name === 'ul') this.#lists.push({ next: null })
    else if (name === 'ol') this.#lists.push({ next: Number.parseInt(attributes['start'] ?? '1', 10) || 1 })
    else if (name === 'li') this.#beginItem()
    else if (name === 'table') this.#cells.push(0)
    else if (name === 'tr' && this.#cells.length > 0) this.#cells[this.#cells.length - 1] = 0
    else if (name === 'pre') {
      this.#preformatted++
      this.#preformattedStart = true
    }
  }

  #beginCell(): void {
    const begun = this.#cells.at(-1)
    if (begun === undefined) {
      this.#break(1)
      return
    }
    if (begun > 0) {
      this.#breaks = 0
      this.#space = false
      this.#emit(' |')
      this.#space = true
    }
    this.#cells[this.#cells.length - 1] = begun + 1
    this.#cellHasText = false
  }

  /** Whether nothing has been written in the cell that is open: its first block stays on the row's line. */
  #startsCell(): boolean {
    return (this.#cells.at(-1) ?? 0) > 0 && !this.#cellHasText
  }

  #beginItem(): void {
    const list = this.#lists.at(-1)
    const indent = '  '.repeat(Math.min(8, Math.max(0, this.#lists.length - 1)))
    if (list && list.next !== null) this.#marker = `${indent}${list.next++}. `
    else this.#marker = `${indent}- `
  }

  write(data: string): void {
    if (this.#inTitle) {
      this.#title += data
      return
    }
    if (this.#skipping > 0) return
    if (this.#preformatted > 0) {
      this.#writePreformatted(data.replaceAll('\r\n', '\n'))
      return
    }
    const words = unevenSpace.test(data) ? data.replace(spaces, ' ') : data
    if (words === ' ' || words === '') {
      if (words === ' ') this.#space = true
      return
    }
    if (words.startsWith(' ')) this.#space = true
    this.#emit(words.trim())
    this.#space = words.endsWith(' ')
  }

  /** Line breaks at either end stay pending, so that they merge with those of the blocks around. */
  #writePreformatted(data: string): void {
    let text = this.#preformattedStart && data.startsWith('\n') ? data.slice(1) : data
    if (text === '') return
    this.#preformattedStart = false
    const leading = /^\n*/.exec(text)?.[0].length ?? 0
    this.#breaks += leading
    text = text.slice(leading)
    const end = text.length - (/\n*$/.exec(text)?.[0].length ?? 0)
    this.#emit(text.slice(0, end))
    this.#breaks += text.length - end
  }

  close(name: string): void {
    if (name === 'title' && this.#inTitle) {
      this.#inTitle = false
      return
    }
    if (voidElements.has(name)) return
    const depth = this.#depth--
    if (this.#skipping > 0) {
      this.#skipping--
      return
    }
    const region = this.#openRegions.at(-1)
    if (region?.depth === depth) {
      region.end = this.#parts.length
      this.#openRegions.pop()
    }
    if (headings.test(name)) {
      this.#break(2)
      if (this.#firstHeading === undefined && this.#headingStart >= 0) {
        const text = this.#parts.slice(this.#headingStart).join('').trim()
        if (text !== '') this.#firstHeading = text
      }
      return
    }
    if (!blocks.has(name)) return
    if (name === 'td' || name === 'th') {
      this.#breaks = Math.min(this.#breaks, 1)
      return
    }
    if (name === 'ul' || name === 'ol') this.#lists.pop()
    else if (name === 'pre') this.#preformatted = Math.max(0, this.#preformatted - 1)
    else if (name === 'li') this.#marker = ''
    else if (name === 'tr' && this.#cells.length > 0) this.#cells[this.#cells.length - 1] = 0
    else if (name === 'table') this.#cells.pop()
    if (!this.#startsCell()) this.#break(paragraphs.has(name) && this.#lists.length === 0 ? 2 : 1)
  }

  /** The text of the main content if the page says what that is, of the whole page else; the title first. */
  finish(withTitle = true): string {
    const whole = this.#parts.join('').trim()
    const main = this.#textOf('main')
    const content = main === '' ? this.#textOf('content') : ''
    // A name is only a name: what has less than half of the text may be something else.
    const text = main !== '' ? main : content.length > whole.length / 2 ? content : whole
    const title = this.#title.replace(/\s+/g, ' ').trim()
    // Most pages repeat their title as the first heading, often with the site's name behind it.
    const isRepeated = this.#firstHeading !== undefined && title.includes(this.#firstHeading)
    const parts = title === '' || isRepeated || !withTitle ? [text] : [title, text]
    return parts.filter((part) => part !== '').join('\n\n')
  }

  #textOf(kind: Region['kind']): string {
    return this.#regions
      .filter((region) => region.kind === kind)
      .map(({ start, end }) =>
        this.#parts
          .slice(start, end < 0 ? undefined : end)
          .join('')
          .trim(),
      )
      .filter((text) => text !== '')
      .join('\n\n\n')
  }

  #break(lines: number): void {
    this.#breaks = Math.max(this.#breaks, lines)
    this.#space = false
  }

  #emit(text: string): void {
    if (text === '') return
    if (this.#breaks > 0) {
      if (this.#length > 0) this.#push('\n'.repeat(this.#breaks))
      this.#breaks = 0
    } else if (this.#space && this.#length > 0) this.#push(' ')
    this.#space = false
    if (this.#marker !== '') {
      this.#push(this.#marker)
      this.#marker = ''
    }
    this.#push(text)
    this.#cellHasText = true
  }

  #push(text: string): void {
    this.#parts.push(text)
    this.#length += text.length
  }
}
