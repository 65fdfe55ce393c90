/** The blocks of a manual page: headings, paragraphs, items, examples, tables. */
import { HtmlText } from './html-text.ts'

/** One block is open at most. */
export class ManBlocks {
  readonly #out = new HtmlText()
  #open: string | undefined
  /** Without a space between it and what was written before. */
  #joins = false
  #examples = 0

  text(text: string, continues = false): void {
    if (this.#examples > 0) {
      if (this.#open !== 'pre') this.#begin('pre')
      this.#out.write(continues ? text : `${text}\n`)
      return
    }
    if (text.trim() === '') {
      this.paragraph()
      return
    }
    // A line that begins with a space begins a line.
    if (/^\s/.test(text)) this.breakLine()
    if (this.#open === undefined) this.#begin('p')
    this.#out.write(this.#joins ? text : ` ${text}`)
    this.#joins = continues
  }

  /** Headings, and the tag of a list's item; what follows the tag is its text. */
  heading(element: 'h1' | 'h2' | 'h3' | 'dt', text: string): void {
    this.end()
    this.#out.open(element, {})
    this.#out.write(text)
    this.#out.close(element)
    if (element !== 'dt') this.#examples = 0
    else if (this.#examples === 0) this.#begin('dd')
  }

  /** An item with a bullet or number, or with a tag. */
  item(tag: string): void {
    if (tag === '') this.paragraph()
    else if (/^([•·*o\-+—]|\(?\d+[.)]?)$/.test(tag)) {
      this.end()
      this.#begin('p')
      this.#out.write(/\d/.test(tag) ? `${tag} ` : '- ')
      this.#joins = true
    } else this.heading('dt', tag)
  }

  table(rows: readonly (readonly string[])[]): void {
    this.end()
    this.#out.open('table', {})
    for (const row of rows) {
      this.#out.open('tr', {})
      for (const cell of row) {
        this.#out.open('td', {})
        this.#out.write(cell)
        this.#out.close('td')
      }
      this.#out.close('tr')
    }
    this.#out.close('table')
  }

  paragraph(): void {
    if (this.#examples > 0 && this.#open === 'pre') this.#out.write('\n')
    else this.end()
  }

  breakLine(): void {
    if (this.#open !== undefined && this.#open !== 'pre') this.#out.open('br', {})
    this.#joins = true
  }

  openExample(): void {
    this.end()
    this.#examples++
  }

  closeExample(): void {
    this.#examples = Math.max(0, this.#examples - 1)
    this.end()
  }

  end(): void {
    if (this.#open !== undefined) this.#out.close(this.#open)
    this.#open = undefined
    this.#joins = false
  }

  finish(): string {
    this.end()
    return this.#out.finish()
  }

  #begin(element: string): void {
    this.end()
    this.#out.open(element, {})
    this.#open = element
    this.#joins = true
  }
}
