/**
 * Elements and text of a page for HtmlText, by htmlparser2's tokenizer. Its parser would do, but it makes an object of the
 * attributes of every element, and takes hours for elements that are nested a million deep.
 */
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2'
import { voidElements, type HtmlText } from './html-text.ts'

const paragraph = new Set(['p'])
const heading = new Set(['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p'])
const definition = new Set(['dd', 'dt'])
const tableSection = new Set(['thead', 'tbody'])
/** Elements that end others which are open right around them, where authors leave end tags out. */
const impliedEnds = new Map<string, ReadonlySet<string>>([
  ['tr', new Set(['tr', 'th', 'td'])],
  ['th', new Set(['th'])],
  ['td', new Set(['thead', 'th', 'td'])],
  ['tbody', tableSection],
  ['tfoot', tableSection],
  ['body', new Set(['head', 'link', 'script'])],
  ['a', new Set(['a'])],
  ['li', new Set(['li'])],
  ['dd', definition],
  ['dt', definition],
  ['option', new Set(['option'])],
  ['optgroup', new Set(['optgroup', 'option'])],
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((name) => [name, heading] as const),
  ...(
    'p address article aside blockquote details div dl fieldset figcaption figure footer form header hr main nav ol pre ' +
    'section table ul'
  )
    .split(' ')
    .map((name) => [name, paragraph] as const),
])
/** What HtmlText asks for. */
const wantedAttributes = new Set([
  'id',
  'class',
  'role',
  'hidden',
  'aria-hidden',
  'itemprop',
  'start',
  'epub:type',
])
/** How far up the open elements an end tag is looked for. Pages do not nest so deep. */
const maximumLookup = 500

const noAttributes: Readonly<Record<string, string>> = {}

export interface HtmlEventsOptions {
  /** XHTML: an element may end itself. */
  readonly selfClosing: boolean
}

export function sendHtml(html: string, text: HtmlText, { selfClosing }: HtmlEventsOptions): void {
  const tokenizer = new Tokenizer(
    { decodeEntities: true, recognizeSelfClosing: selfClosing },
    new HtmlEvents(html, text, selfClosing),
  )
  tokenizer.write(html)
  tokenizer.end()
}

class HtmlEvents implements TokenizerCallbacks {
  readonly #html: string
  readonly #text: HtmlText
  readonly #selfClosing: boolean
  readonly #open: string[] = []
  #name = ''
  #attributes: Record<string, string> | undefined
  #attribute: string | undefined
  #value = ''

  constructor(html: string, text: HtmlText, selfClosing: boolean) {
    this.#html = html
    this.#text = text
    this.#selfClosing = selfClosing
  }

  ontext(start: number, end: number): void {
    this.#text.write(this.#html.slice(start, end))
  }

  ontextentity(codePoint: number): void {
    this.#text.write(String.fromCodePoint(codePoint))
  }

  onopentagname(start: number, end: number): void {
    const name = this.#html.slice(start, end).toLowerCase()
    const ends = impliedEnds.get(name)
    if (ends)
      for (let top = this.#open.at(-1); top !== undefined && ends.has(top); top = this.#open.at(-1))
        this.#pop()
    this.#name = name
    this.#attributes = undefined
  }

  onattribname(start: number, end: number): void {
    // The longest that is wanted has eleven letters.
    const name = end - start > 11 ? '' : this.#html.slice(start, end).toLowerCase()
    this.#attribute = wantedAttributes.has(name) ? name : undefined
    this.#value = ''
  }

  onattribdata(start: number, end: number): void {
    if (this.#attribute !== undefined) this.#value += this.#html.slice(start, end)
  }

  onattribentity(codePoint: number): void {
    if (this.#attribute !== undefined) this.#value += String.fromCodePoint(codePoint)
  }

  onattribend(): void {
    if (this.#attribute === undefined) return
    this.#attributes ??= {}
    this.#attributes[this.#attribute] ??= this.#value
  }

  onopentagend(): void {
    if (!voidElements.has(this.#name)) this.#open.push(this.#name)
    this.#text.open(this.#name, this.#attributes ?? noAttributes)
  }

  onselfclosingtag(): void {
    this.onopentagend()
    if (this.#selfClosing && this.#open.at(-1) === this.#name) this.#pop()
  }

  onclosetag(start: number, end: number): void {
    const name = this.#html.slice(start, end).toLowerCase()
    const at = this.#placeOf(name)
    if (at >= 0) while (this.#open.length > at) this.#pop()
    else if (name === 'p' || name === 'br') {
      // Browsers make an empty paragraph of an end tag alone, and a line break of `</br>`.
      this.#text.open(name, noAttributes)
      this.#text.close(name)
    }
  }

  #placeOf(name: string): number {
    const least = Math.max(0, this.#open.length - maximumLookup)
    let at = this.#open.length - 1
    while (at >= least && this.#open[at] !== name) at--
    return at >= least ? at : -1
  }

  #pop(): void {
    const name = this.#open.pop()
    if (name !== undefined) this.#text.close(name)
  }

  oncdata(start: number, end: number, endOffset: number): void {
    if (this.#selfClosing) this.#text.write(this.#html.slice(start, end - endOffset))
  }

  onend(): void {
    while (this.#open.length > 0) this.#pop()
  }

  oncomment(): void {}
  ondeclaration(): void {}
  onprocessinginstruction(): void {}
}
