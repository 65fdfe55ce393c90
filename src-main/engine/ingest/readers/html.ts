/**
 * HTML as the text that a reader of the page reads: its main content without navigation, title first. Where
 * SimpleDirectoryReader takes the markup as it stands, most of what would be embedded is tags.
 */
import { decodeText, declaredEncoding } from './decode-text.ts'
import { sendHtml } from './html-events.ts'
import { HtmlText } from './html-text.ts'
import type { FileReader } from './reader.ts'

export const htmlReader: FileReader = {
  maximumBytes: 50 * 1024 * 1024,
  numbersParts: false,
  read({ bytes }) {
    return [{ part: 0, text: htmlToText(decodeText(bytes, declaredEncoding(bytes))), metadata: {} }]
  },
}

export interface HtmlToTextOptions {
  /** Whether the page's title goes before a text that does not begin with it. Default: true. */
  readonly withTitle?: boolean
}

export function htmlToText(html: string, { withTitle = true }: HtmlToTextOptions = {}): string {
  const text = new HtmlText()
  sendHtml(html, text, { selfClosing: /^\ufeff?\s*<\?xml|<html[^>]+xmlns/i.test(html.slice(0, 1000)) })
  return text.finish(withTitle)
}
