/**
 * Rich Text Format: the text with its headings, lists, tables and notes. SimpleDirectoryReader takes the source as it stands.
 * What is read is the grammar of the specification 1.9.1; no library that is kept does more than the mails of Outlook.
 */
import { HtmlText } from './html-text.ts'
import type { FileReader } from './reader.ts'
import { RtfText } from './rtf-text.ts'
import { brokenDocument } from './zip.ts'

export const rtfReader: FileReader = {
  maximumBytes: 100 * 1024 * 1024,
  numbersParts: false,
  read({ bytes }) {
    if (bytes.toString('latin1', 0, 5) !== '{\\rtf') throw brokenDocument()
    return [{ part: 0, text: rtfToText(bytes), metadata: {} }]
  },
}

/** One of: a brace, a control word with its number and the space behind it, a control symbol, a run of text, a line end. */
const tokens = /[{}]|\\([a-z]+)(-?\d+)? ?|\\'([\da-f]{2})|\\([^a-z])|([^\\{}\r\n]+)|[\r\n]+|\\/gi

function rtfToText(bytes: Buffer): string {
  const source = bytes.toString('latin1')
  const text = new RtfText(new HtmlText())
  tokens.lastIndex = 0
  for (let token = tokens.exec(source); token; token = tokens.exec(source)) {
    const [whole, word, number, hexadecimal, symbol, run] = token
    if (whole === '{') text.openGroup()
    else if (whole === '}') text.closeGroup()
    else if (word !== undefined) {
      // What follows are bytes, braces among them.
      if (word === 'bin') tokens.lastIndex += Math.max(0, Number(number ?? 0))
      else text.control(word, number === undefined ? undefined : Number(number))
    } else if (hexadecimal !== undefined) text.byte(Number.parseInt(hexadecimal, 16))
    else if (symbol !== undefined) text.symbol(symbol)
    else if (run !== undefined) text.run(run)
  }
  return text.finish()
}
