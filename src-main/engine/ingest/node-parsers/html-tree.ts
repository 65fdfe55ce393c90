/** The tree that Beautiful Soup builds of Python's `html.parser`: tags close what is open, and nothing else is implied. */
import { parseHtml } from './python-html-parser.ts'

export interface HtmlTag {
  readonly name: string
  readonly children: (HtmlTag | HtmlText)[]
}

export interface HtmlText {
  readonly text: string
  /** `text`, `cdata`, `markup` (comments and the like), or the special element that it stands in. */
  readonly kind: string
}

const emptyElements = new Set(
  `area base br col embed hr img input keygen link menuitem meta param source track wbr
  basefont bgsound command frame image isindex nextid spacer`.split(/\s+/),
)
const preservingElements = ['pre', 'textarea']
/** Elements whose text is only theirs: it does not count as text of what is around them. */
const specialElements = new Set(['rt', 'rp', 'style', 'script', 'template'])

/** The tags of these names, in their order; null for markup that Python refuses. */
export function parseHtmlTree(text: string, names: ReadonlySet<string>): HtmlTag[] | null {
  const builder = new TreeBuilder(names)
  if (!parseHtml(text, builder)) return null
  builder.endData()
  return builder.found
}

/** `get_text()` */
export function allText(tag: HtmlTag): string {
  const kinds = specialElements.has(tag.name) ? [tag.name] : ['text', 'cdata']
  const texts: string[] = []
  const waiting: (HtmlTag | HtmlText)[] = [tag]
  for (let element = waiting.pop(); element; element = waiting.pop()) {
    if ('children' in element) {
      for (let index = element.children.length - 1; index >= 0; index--)
        waiting.push(element.children[index]!)
    } else if (kinds.includes(element.kind)) texts.push(element.text)
  }
  return texts.join('')
}

class TreeBuilder {
  readonly found: HtmlTag[] = []
  readonly #names: ReadonlySet<string>
  readonly #root: HtmlTag = { name: '', children: [] }
  readonly #open: HtmlTag[] = [this.#root]
  readonly #openCounts = new Map<string, number>()
  readonly #openSpecial: string[] = []
  #data: string[] = []
  /** End tags that will come although their empty element was closed already. */
  readonly #closedAlready = new Map<string, number>()

  constructor(names: ReadonlySet<string>) {
    this.#names = names
  }

  startTag(name: string, isEmpty: boolean): void {
    this.endData()
    const tag: HtmlTag = { name, children: [] }
    this.#current.children.push(tag)
    this.#open.push(tag)
    add(this.#openCounts, name, 1)
    if (specialElements.has(name)) this.#openSpecial.push(name)
    if (this.#names.has(name)) this.found.push(tag)
    if (isEmpty) this.#close(name)
    else if (emptyElements.has(name)) {
      this.#close(name)
      add(this.#closedAlready, name, 1)
    }
  }

  endTag(name: string): void {
    if ((this.#closedAlready.get(name) ?? 0) > 0) add(this.#closedAlready, name, -1)
    else this.#close(name)
  }

  data(text: string): void {
    this.#data.push(text)
  }

  cdata(text: string): void {
    this.#special(text, 'cdata')
  }

  markup(text: string): void {
    this.#special(text, 'markup')
  }

  #special(text: string, kind: string): void {
    this.endData()
    this.#data.push(text)
    this.endData(kind)
  }

  get #current(): HtmlTag {
    return this.#open.at(-1) ?? this.#root
  }

  #close(name: string): void {
    this.endData()
    if ((this.#openCounts.get(name) ?? 0) === 0) return
    for (;;) {
      const tag = this.#open.pop()
      if (!tag) return
      add(this.#openCounts, tag.name, -1)
      if (specialElements.has(tag.name)) this.#openSpecial.pop()
      if (tag.name === name) return
    }
  }

  endData(kind = this.#openSpecial.at(-1) ?? 'text'): void {
    if (this.#data.length === 0) return
    const data = this.#data.join('')
    this.#data = []
    const isKept = preservingElements.some((name) => (this.#openCounts.get(name) ?? 0) > 0)
    const text = isKept || /[^ \n\t\f\r]/.test(data) ? data : data.includes('\n') ? '\n' : ' '
    this.#current.children.push({ text, kind })
  }
}

function add(counts: Map<string, number>, name: string, change: number): void {
  counts.set(name, (counts.get(name) ?? 0) + change)
}
