/** Takes the tokens of an RTF file and builds its text: what is a destination, a character, a paragraph, a heading. */
import { StackroomError } from '#contract'
import type { HtmlText } from './html-text.ts'
import { charactersOfWords, encodingOfPage, encodingsOfCharsets, skippedDestinations } from './rtf-words.ts'

/** What a group keeps and gives back when it ends. */
interface Group {
  /** Text that goes nowhere: fonts, pictures, headers and footers, fields' instructions. */
  readonly skips: boolean
  /** The encoding of bytes that stand for characters. */
  readonly encoding: string
  /** Characters that stand behind a `\u` for programs that do not know it. */
  readonly fallback: number
  readonly isHidden: boolean
  readonly destination: 'body' | 'fonts' | 'styles' | 'note'
}

/** More is made to fill memory. */
const maximumDepth = 10_000

export class RtfText {
  readonly #out: HtmlText
  readonly #notes: string[] = []
  readonly #groups: Group[] = []
  #group: Group = {
    skips: false,
    encoding: 'windows-1252',
    fallback: 1,
    isHidden: false,
    destination: 'body',
  }
  readonly #encodingsOfFonts = new Map<number, string>()
  readonly #headingsOfStyles = new Map<number, string>()
  /** Bytes that wait for the rest of their character. */
  #bytes: number[] = []
  /** Characters still to pass over after a `\u`. */
  #toSkip = 0
  /** True after `\*`: an unknown destination follows whose text is not shown. */
  #isOptional = false
  #startsGroup = false
  #font = 0
  #style = 0
  #styleName = ''
  #paragraph = ''
  #heading: string | undefined
  #isItem = false
  #isInTable = false
  #isRowOpen = false
  #note = ''

  constructor(out: HtmlText) {
    this.#out = out
  }

  openGroup(): void {
    this.#flushBytes()
    if (this.#groups.length >= maximumDepth)
      throw new StackroomError('broken-file', 'This document nests deeper than any program writes.', {
        hint: 'It may be made to fill memory; leave it out.',
      })
    this.#groups.push(this.#group)
    this.#startsGroup = true
    this.#toSkip = 0
  }

  closeGroup(): void {
    this.#flushBytes()
    const { destination } = this.#group
    this.#group = this.#groups.pop() ?? this.#group
    this.#toSkip = 0
    this.#startsGroup = false
    if (destination === 'styles') this.#endStyle()
    if (destination === 'note' && this.#group.destination !== 'note') {
      if (this.#note.trim() !== '') this.#notes.push(this.#note.trim())
      this.#note = ''
    }
  }

  /** `{\s1 … heading 1;}`: the names of the built-in styles are not translated. */
  #endStyle(): void {
    const level = /^\s*heading ([1-6])\b/i.exec(this.#styleName)?.[1]
    if (level !== undefined) this.#headingsOfStyles.set(this.#style, `h${level}`)
    else if (/^\s*title\b/i.test(this.#styleName)) this.#headingsOfStyles.set(this.#style, 'h1')
    this.#styleName = ''
  }

  control(word: string, number: number | undefined): void {
    if (word !== 'u') this.#flushBytes()
    const startsGroup = this.#startsGroup
    this.#startsGroup = false
    if (startsGroup && this.#openDestination(word)) return
    if (word === 'u') this.#unicode(number ?? 0)
    else if (word === 'uc') this.#group = { ...this.#group, fallback: number ?? 1 }
    else if (word === 'ansicpg') this.#setEncoding(encodingOfPage(number ?? 1252))
    else if (word === 'mac') this.#setEncoding('macintosh')
    else if (word === 'f') this.#chooseFont(number ?? 0)
    else if (word === 'fcharset') this.#defineFont(number ?? 0)
    else if (word === 's') this.#chooseStyle(number ?? 0)
    else if (word === 'v') this.#group = { ...this.#group, isHidden: number !== 0 }
    else this.#shape(word)
  }

  /** Whether the word begins a destination of its own. */
  #openDestination(word: string): boolean {
    const isOptional = this.#isOptional
    this.#isOptional = false
    if (word === 'fonttbl') this.#group = { ...this.#group, destination: 'fonts' }
    else if (word === 'stylesheet') this.#group = { ...this.#group, destination: 'styles' }
    else if (word === 'footnote') {
      this.#group = { ...this.#group, destination: 'note' }
    } else if (word === 'listtext' || word === 'pntext') {
      this.#isItem = true
      this.#group = { ...this.#group, skips: true }
    } else if (skippedDestinations.has(word) || (isOptional && word !== 'shppict' && word !== 'shpinst'))
      this.#group = { ...this.#group, skips: true }
    else return false
    return true
  }

  #shape(word: string): void {
    if (this.#group.skips || this.#group.destination !== 'body') {
      if (word === 'par' || word === 'line') this.#write(' ')
      return
    }
    switch (word) {
      case 'par':
      case 'sect':
      case 'page':
        this.#endParagraph()
        break
      case 'line':
        this.#write('\n')
        break
      case 'pard':
        this.#heading = undefined
        this.#isInTable = false
        if (this.#paragraph.trim() === '') this.#isItem = false
        break
      case 'intbl':
        this.#isInTable = true
        break
      case 'cell':
      case 'nestcell':
        this.#endCell()
        break
      case 'row':
      case 'nestrow':
        this.#endRow()
        break
      default: {
        const character = charactersOfWords[word]
        if (character !== undefined) this.#write(character)
      }
    }
  }

  symbol(symbol: string): void {
    this.#flushBytes()
    if (symbol === '*') {
      this.#isOptional = true
      return
    }
    this.#startsGroup = false
    if (symbol === '~') this.#write(' ')
    else if (symbol === '_') this.#write('-')
    else if (symbol === '\n' || symbol === '\r') this.#shape('par')
    else if (symbol === '{' || symbol === '}' || symbol === '\\') this.#write(symbol)
  }

  byte(value: number): void {
    this.#startsGroup = false
    if (this.#toSkip > 0) this.#toSkip--
    else this.#bytes.push(value)
  }

  run(characters: string): void {
    this.#startsGroup = false
    if (this.#group.skips) return
    // The second byte of a character may be one that stands for itself.
    const bytes = Buffer.from(characters, 'latin1').subarray(this.#toSkip)
    this.#toSkip = Math.max(0, this.#toSkip - characters.length)
    if (this.#bytes.length > 0 || bytes.some((byte) => byte >= 0x80))
      for (const byte of bytes) this.#bytes.push(byte)
    else this.#write(bytes.toString('latin1'))
  }

  finish(): string {
    this.#flushBytes()
    this.#endParagraph()
    if (this.#isRowOpen) this.#endRow()
    this.#endTable()
    for (const note of this.#notes) {
      this.#out.open('p', {})
      this.#out.write(note)
      this.#out.close('p')
    }
    return this.#out.finish()
  }

  #unicode(number: number): void {
    this.#flushBytes()
    // Signed in the file; halves of a surrogate pair are two of them.
    this.#write(String.fromCharCode(number & 0xffff))
    this.#toSkip = this.#group.fallback
  }

  #setEncoding(encoding: string): void {
    this.#group = { ...this.#group, encoding }
  }

  #chooseFont(font: number): void {
    this.#font = font
    const encoding = this.#encodingsOfFonts.get(font)
    if (encoding !== undefined && this.#group.destination !== 'fonts') this.#setEncoding(encoding)
  }

  #defineFont(charset: number): void {
    const encoding = encodingsOfCharsets.get(charset)
    if (encoding !== undefined && this.#group.destination === 'fonts')
      this.#encodingsOfFonts.set(this.#font, encoding)
  }

  #chooseStyle(style: number): void {
    this.#style = style
    if (this.#group.destination === 'body') this.#heading = this.#headingsOfStyles.get(style)
  }

  #flushBytes(): void {
    if (this.#bytes.length === 0) return
    const bytes = Uint8Array.from(this.#bytes)
    this.#bytes = []
    this.#write(new TextDecoder(this.#group.encoding).decode(bytes))
  }

  #write(text: string): void {
    const { skips, isHidden, destination } = this.#group
    if (destination === 'styles') this.#styleName += text
    else if (skips || isHidden || destination === 'fonts') return
    else if (destination === 'note') this.#note += text
    else this.#paragraph += text
  }

  #endParagraph(): void {
    if (this.#isInTable && this.#isRowOpen) {
      this.#write('\n')
      return
    }
    const paragraph = this.#paragraph
    this.#paragraph = ''
    if (paragraph.trim() === '') return
    if (this.#isInTable) {
      // The first cell of a row has several paragraphs.
      this.#paragraph = `${paragraph}\n`
      return
    }
    this.#endTable()
    const element = this.#heading ?? (this.#isItem ? 'li' : 'p')
    this.#isItem = false
    this.#out.open(element, {})
    this.#writeLines(paragraph)
    this.#out.close(element)
  }

  #writeLines(text: string): void {
    text
      .trim()
      .split('\n')
      .forEach((line, index) => {
        if (index > 0) this.#out.open('br', {})
        this.#out.write(line)
      })
  }

  #isTableOpen = false

  #endCell(): void {
    if (!this.#isTableOpen) this.#out.open('table', {})
    this.#isTableOpen = true
    if (!this.#isRowOpen) this.#out.open('tr', {})
    this.#isRowOpen = true
    this.#out.open('td', {})
    this.#writeLines(this.#paragraph)
    this.#out.close('td')
    this.#paragraph = ''
  }

  #endRow(): void {
    if (this.#isRowOpen) this.#out.close('tr')
    this.#isRowOpen = false
  }

  #endTable(): void {
    if (this.#isTableOpen) this.#out.close('table')
    this.#isTableOpen = false
  }
}
