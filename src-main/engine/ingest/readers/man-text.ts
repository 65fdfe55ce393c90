/** The macros of manual pages, man(7)'s here and mdoc(7)'s in mdoc-text.ts, as headings, paragraphs, lists and examples. */
import { ManBlocks } from './man-blocks.ts'
import { MdocText } from './mdoc-text.ts'
import type { RoffLine } from './roff.ts'

/** Macros that set their arguments in changing fonts: without spaces between them. */
const joining = new Set(['BR', 'RB', 'IR', 'RI', 'BI', 'IB', 'SB', 'CB', 'CR', 'CI'])
const spacing = new Set(['B', 'I', 'R', 'SM', 'CW'])
const paragraphs = new Set(['PP', 'P', 'LP', 'HP', 'sp', 'Sp', 'Pp', 'RE', 'PD'])

export class ManText {
  readonly #out = new ManBlocks()
  readonly #mdoc = new MdocText(this.#out)
  #isMdoc = false
  /** What the next line of text is. */
  #next: 'h2' | 'h3' | 'dt' | undefined
  /** The address that the text before it leads to. */
  #link = ''

  add(line: RoffLine): void {
    if (line.kind === 'table') this.#out.table(line.rows)
    else if (line.kind === 'text') this.#text(line.text, line.continues)
    else if (line.name === 'Dd') this.#isMdoc = true
    else if (this.#isMdoc) this.#mdoc.macro(line.name, line.arguments)
    else this.#macro(line.name, line.arguments)
  }

  finish(): string {
    return this.#out.finish()
  }

  #text(text: string, continues: boolean): void {
    if (this.#next === undefined) {
      this.#out.text(text, continues)
      return
    }
    const element = this.#next
    this.#next = undefined
    this.#out.heading(element, text)
  }

  #macro(name: string, parts: readonly string[]): void {
    if (joining.has(name)) this.#text(parts.join(''), false)
    else if (spacing.has(name)) {
      // Without an argument it sets the next line.
      if (parts.length > 0) this.#text(parts.join(' '), false)
    } else if (paragraphs.has(name)) {
      if (name !== 'PD') this.#out.paragraph()
    } else this.#structure(name, parts)
  }

  #structure(name: string, parts: readonly string[]): void {
    switch (name) {
      case 'TH':
        this.#out.heading('h1', title(parts))
        break
      case 'SH':
      case 'SS':
        if (parts.length === 0) this.#next = name === 'SH' ? 'h2' : 'h3'
        else this.#out.heading(name === 'SH' ? 'h2' : 'h3', parts.join(' '))
        break
      case 'TP':
      case 'TQ':
        this.#next = 'dt'
        break
      case 'IP':
        this.#out.item(parts[0] ?? '')
        break
      case 'nf':
      case 'EX':
      case 'Vb':
        this.#out.openExample()
        break
      case 'fi':
      case 'EE':
      case 'Ve':
        this.#out.closeExample()
        break
      case 'br':
        this.#out.breakLine()
        break
      case 'SY':
        this.#out.paragraph()
        this.#text(parts.join(' '), false)
        break
      case 'OP':
        this.#text(`[${parts.join(' ')}]`, false)
        break
      case 'URL':
      case 'MTO':
        // Asciidoctor defines them in its pages: address, text, what follows.
        this.#text(
          [parts[1], `<${parts[0] ?? ''}>`].filter((part) => part !== '').join(' ') + (parts[2] ?? ''),
          false,
        )
        break
      case 'UR':
      case 'MT':
        this.#link = parts[0] ?? ''
        break
      case 'UE':
      case 'ME':
        if (this.#link !== '') this.#text(`<${this.#link}>${parts[0] ?? ''}`, false)
        this.#link = ''
        break
      default:
    }
  }
}

/** `LS 1` → `LS(1)` */
function title([name = '', section = '']: readonly string[]): string {
  return section === '' ? name : `${name}(${section})`
}
