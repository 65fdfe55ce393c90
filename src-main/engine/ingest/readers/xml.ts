/**
 * XML as events with local names: the prefixes of office formats are conventions, not names. Entities that a file defines are
 * not expanded. By htmlparser2's tokenizer, as html-events.ts says why.
 */
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2'

export interface XmlHandlers {
  readonly open?: (name: string, attributes: Readonly<Record<string, string>>) => void
  readonly text?: (data: string) => void
  readonly close?: (name: string) => void
}

/** Attributes are there by their names and by their local names. */
export function parseXml(xml: string, handlers: XmlHandlers): void {
  const tokenizer = new Tokenizer({ xmlMode: true, decodeEntities: true }, new XmlEvents(xml, handlers))
  tokenizer.write(xml)
  tokenizer.end()
}

const noAttributes: Readonly<Record<string, string>> = {}

class XmlEvents implements TokenizerCallbacks {
  readonly #xml: string
  readonly #handlers: XmlHandlers
  readonly #open: string[] = []
  #name = ''
  #attributes: Record<string, string> | undefined
  #attribute = ''
  #value = ''

  constructor(xml: string, handlers: XmlHandlers) {
    this.#xml = xml
    this.#handlers = handlers
  }

  ontext(start: number, end: number): void {
    this.#handlers.text?.(this.#xml.slice(start, end))
  }

  ontextentity(codePoint: number): void {
    this.#handlers.text?.(String.fromCodePoint(codePoint))
  }

  oncdata(start: number, end: number, endOffset: number): void {
    this.ontext(start, end - endOffset)
  }

  onopentagname(start: number, end: number): void {
    this.#name = localName(this.#xml.slice(start, end))
    this.#attributes = undefined
  }

  onattribname(start: number, end: number): void {
    this.#attribute = this.#xml.slice(start, end)
    this.#value = ''
  }

  onattribdata(start: number, end: number): void {
    this.#value += this.#xml.slice(start, end)
  }

  onattribentity(codePoint: number): void {
    this.#value += String.fromCodePoint(codePoint)
  }

  onattribend(): void {
    const attributes = (this.#attributes ??= {})
    const local = localName(this.#attribute)
    if (local !== this.#attribute) attributes[this.#attribute] = this.#value
    // A name without a prefix is the attribute itself, whatever else ends in it.
    if (local === this.#attribute || !Object.hasOwn(attributes, local)) attributes[local] = this.#value
  }

  onopentagend(): void {
    this.#open.push(this.#name)
    this.#handlers.open?.(this.#name, this.#attributes ?? noAttributes)
  }

  onselfclosingtag(): void {
    this.#handlers.open?.(this.#name, this.#attributes ?? noAttributes)
    this.#handlers.close?.(this.#name)
  }

  /** What is not well-formed is closed as far as the elements that are open around allow. */
  onclosetag(start: number, end: number): void {
    const name = localName(this.#xml.slice(start, end))
    if (this.#open.at(-1) !== name && !this.#open.slice(-100).includes(name)) return
    let closed: string | undefined
    do {
      closed = this.#open.pop()
      if (closed !== undefined) this.#handlers.close?.(closed)
    } while (closed !== name && closed !== undefined)
  }

  onend(): void {
    for (let name = this.#open.pop(); name !== undefined; name = this.#open.pop())
      this.#handlers.close?.(name)
  }

  oncomment(): void {}
  ondeclaration(): void {}
  onprocessinginstruction(): void {}
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

/** `Id` → `Target` of an OPC relationships part, targets relative to `folder`. */
export function readRelationships(xml: string | undefined, folder: string): Map<string, string> {
  const targets = new Map<string, string>()
  parseXml(xml ?? '', {
    open: (name, { Id, Target }) => {
      if (name !== 'Relationship' || Id === undefined || Target === undefined) return
      targets.set(Id, resolvePart(folder, Target))
    },
  })
  return targets
}

/** The name within the container that `target` means in a file of `folder`. */
export function resolvePart(folder: string, target: string): string {
  const path = target.startsWith('/') ? target : `${folder}/${target}`
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}
