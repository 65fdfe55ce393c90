/**
 * The events of Python's `html.parser` (3.11, `convert_charrefs` off), as Beautiful Soup hears them. It is no HTML5 parser:
 * it knows of no implied end tags, and what it makes of broken markup is its own. Ported so that HTMLNodeParser has the same
 * nodes. Attributes are only passed over.
 */
import { decodeHTMLStrict } from 'entities'
import { pythonStrip, pythonWhitespace as s } from '#engine/schema/python-text.ts'

export interface HtmlEvents {
  /** @param isEmpty written as `<tag/>` */
  startTag(name: string, isEmpty: boolean): void
  endTag(name: string): void
  data(text: string): void
  cdata(text: string): void
  /** A comment, a declaration or an instruction. */
  markup(text: string): void
}

const interestingNormal = /[&<]/g
const entityReference = /&([a-zA-Z][-.a-zA-Z0-9]*)[^a-zA-Z0-9]/y
const characterReference = /&#(?:[0-9]+|[xX][0-9a-fA-F]+)[^0-9a-fA-F]/y
const tagName = new RegExp(`([a-zA-Z][^\\t\\n\\r\\f />\\x00]*)(?:[${s}]|/(?!>))*`, 'y')
const value = `'[^']*'|"[^"]*"|(?!['"])[^>${s}]*`
const attributeName = `(?<=['"${s}/])[^${s}/>][^${s}/=>]*`
const attribute = new RegExp(`${attributeName}(?:[${s}]*=+[${s}]*(?:${value}))?(?:[${s}]|/(?!>))*`, 'y')
const wholeStartTag = new RegExp(
  `<[a-zA-Z][^\\t\\n\\r\\f />\\x00]*(?:[${s}/]*(?:${attributeName}(?:[${s}]*=+[${s}]*(?:${value})[${s}]*)?(?:[${s}]|/(?!>))*)*)?[${s}]*`,
  'y',
)
const wholeEndTag = new RegExp(`</[${s}]*([a-zA-Z][-.a-zA-Z0-9:_]*)[${s}]*>`, 'y')
const commentEnd = new RegExp(`--[${s}]*>`, 'g')
const sectionName = new RegExp(`[a-zA-Z][-_.a-zA-Z0-9]*[${s}]*`, 'y')
const sectionEnd = new RegExp(`\\][${s}]*\\][${s}]*>`, 'g')
const officeSectionEnd = new RegExp(`\\][${s}]*>`, 'g')

/** False where Python refuses the markup. */
export function parseHtml(text: string, events: HtmlEvents): boolean {
  const parser = new PythonHtmlParser(text, events)
  // fed, then closed: what was incomplete is looked at again
  return parser.goAhead(false) && parser.goAhead(true)
}

/** The end of what could not be read to its end. */
const incomplete = -1
/** What Python raises an AssertionError for. */
const refused = -2

class PythonHtmlParser {
  readonly #text: string
  readonly #events: HtmlEvents
  #position = 0
  /** `script` or `style`, in which only its own end tag counts. */
  #rawElement: string | null = null

  constructor(text: string, events: HtmlEvents) {
    this.#text = text
    this.#events = events
  }

  /** `goahead` */
  goAhead(isEnd: boolean): boolean {
    const text = this.#text
    while (this.#position < text.length) {
      const next = this.#nextInteresting()
      if (next === incomplete) break
      if (next > this.#position) this.#events.data(text.slice(this.#position, next))
      this.#position = next
      if (next === text.length) break
      if (text[next] === '&') {
        if (!this.#reference(isEnd)) break
        continue
      }
      let end = this.#markup(next)
      if (end === refused) return false
      if (end === incomplete) {
        if (!isEnd) break
        end = this.#endOfBroken(next)
        this.#events.data(text.slice(next, end))
      }
      this.#position = end
    }
    if (isEnd && this.#position < text.length && this.#rawElement === null) {
      this.#events.data(text.slice(this.#position))
      this.#position = text.length
    }
    return true
  }

  #nextInteresting(): number {
    const raw = this.#rawElement
    const interesting = raw === null ? interestingNormal : new RegExp(`</[${s}]*${raw}[${s}]*>`, 'gi')
    const found = search(interesting, this.#text, this.#position)
    if (found) return found.index
    return raw === null ? this.#text.length : incomplete
  }

  #endOfBroken(start: number): number {
    const close = this.#text.indexOf('>', start + 1)
    if (close >= 0) return close + 1
    const open = this.#text.indexOf('<', start + 1)
    return open >= 0 ? open : start + 1
  }

  /** False where the rest has to wait. */
  #reference(isEnd: boolean): boolean {
    const text = this.#text
    const start = this.#position
    if (text.startsWith('&#', start)) {
      const match = matchAt(characterReference, text, start)
      if (match) {
        this.#events.data(characterOf(match[0].slice(2, -1)))
        this.#passReference(start + match[0].length)
        return true
      }
      if (text.includes(';', start)) {
        this.#events.data('&#')
        this.#position += 2
      }
      return false
    }
    const match = matchAt(entityReference, text, start)
    if (match) {
      const reference = `&${match[1] ?? ''}`
      const character = decodeHTMLStrict(`${reference};`)
      // an unknown name loses its semicolon
      this.#events.data(character === `${reference};` ? reference : character)
      this.#passReference(start + match[0].length)
      return true
    }
    if (/[a-zA-Z]/.test(text.charAt(start + 1))) {
      if (isEnd && start + 2 === text.length) this.#position++
      return false
    }
    if (start + 1 === text.length) return false
    this.#events.data('&')
    this.#position++
    return true
  }

  #passReference(end: number): void {
    this.#position = this.#text[end - 1] === ';' ? end : end - 1
  }

  #markup(start: number): number {
    const text = this.#text
    if (/[a-zA-Z]/.test(text.charAt(start + 1))) return this.#startTag(start)
    if (text.startsWith('</', start)) return this.#endTag(start)
    if (text.startsWith('<!--', start)) {
      const end = search(commentEnd, text, start + 4)
      if (!end) return incomplete
      this.#events.markup(text.slice(start + 4, end.index))
      return end.index + end[0].length
    }
    if (text.startsWith('<?', start)) return this.#upToBracket(start + 2, start + 2)
    if (text.startsWith('<![', start)) return this.#markedSection(start)
    if (/^<!doctype/i.test(text.slice(start, start + 9))) return this.#upToBracket(start + 9, start + 10)
    if (text.startsWith('<!', start)) return this.#upToBracket(start + 2, start + 2)
    if (start + 1 === text.length) return incomplete
    this.#events.data('<')
    return start + 1
  }

  #upToBracket(from: number, contentStart: number): number {
    const close = this.#text.indexOf('>', from)
    if (close < 0) return incomplete
    this.#events.markup(this.#text.slice(contentStart, close))
    return close + 1
  }

  /** `parse_marked_section` */
  #markedSection(start: number): number {
    const text = this.#text
    if (start + 3 === text.length) return incomplete
    const name = matchAt(sectionName, text, start + 3)
    if (!name) return refused
    if (start + 3 + name[0].length === text.length) return incomplete
    const keyword = pythonStrip(name[0]).toLowerCase()
    const isOffice = ['if', 'else', 'endif'].includes(keyword)
    if (!isOffice && !['temp', 'cdata', 'ignore', 'include', 'rcdata'].includes(keyword)) return refused
    const end = search(isOffice ? officeSectionEnd : sectionEnd, text, start + 3)
    if (!end) return incomplete
    const content = text.slice(start + 3, end.index)
    if (/^cdata\[/i.test(content)) this.#events.cdata(content.slice('CDATA['.length))
    else this.#events.markup(content)
    return end.index + end[0].length
  }

  /** `parse_starttag` */
  #startTag(start: number): number {
    const text = this.#text
    const end = this.#endOfStartTag(start)
    if (end < 0) return end
    const name = matchAt(tagName, text, start + 1)
    let position = start + 1 + (name?.[0].length ?? 0)
    while (position < end) {
      const match = matchAt(attribute, text, position)
      if (!match) break
      position += match[0].length
    }
    const close = pythonStrip(text.slice(position, end))
    if (close !== '>' && close !== '/>') {
      this.#events.data(text.slice(start, end))
      return end
    }
    const tag = (name?.[1] ?? '').toLowerCase()
    this.#events.startTag(tag, close === '/>')
    if (close === '>' && (tag === 'script' || tag === 'style')) this.#rawElement = tag
    return end
  }

  /** `check_for_whole_start_tag` */
  #endOfStartTag(start: number): number {
    const text = this.#text
    const end = start + (matchAt(wholeStartTag, text, start)?.[0].length ?? 0)
    const next = text.charAt(end)
    if (next === '>') return end + 1
    if (next === '/') return text.startsWith('/>', end) ? end + 2 : incomplete
    if (next === '' || /[a-zA-Z=]/.test(next)) return incomplete
    return end > start ? end : start + 1
  }

  /** `parse_endtag` */
  #endTag(start: number): number {
    const text = this.#text
    const close = text.indexOf('>', start + 1)
    if (close < 0) return incomplete
    const whole = matchAt(wholeEndTag, text, start)
    if (whole) {
      this.#events.endTag((whole[1] ?? '').toLowerCase())
      this.#rawElement = null
      return close + 1
    }
    const name = matchAt(tagName, text, start + 2)
    if (!name) {
      if (text.startsWith('</>', start)) return start + 3
      return this.#upToBracket(start + 2, start + 2)
    }
    const end = text.indexOf('>', start + 2 + name[0].length) + 1
    this.#events.endTag((name[1] ?? '').toLowerCase())
    return end
  }
}

function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position
  return pattern.exec(text)
}

/** The same for patterns that are searched for. */
const search = matchAt

const windows1252 = new TextDecoder('windows-1252')

/** A numeric reference as HTML5 resolves it; `x41` or `65`. */
function characterOf(name: string): string {
  const code = /^x/i.test(name) ? parseInt(name.slice(1), 16) : parseInt(name, 10)
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd'
  if (code >= 0x80 && code <= 0x9f) return windows1252.decode(Uint8Array.of(code))
  return String.fromCodePoint(code)
}
