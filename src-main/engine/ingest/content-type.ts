/** Which reader a file goes to, by its first bytes: what its name says is a promise that some files do not keep. */
import type { ReaderName } from './file-types.ts'

/** Enough for every mark below. */
export const headBytes = 4096

/** Office documents and books are all zip containers, older ones all OLE containers. */
export type MarkedType = Extract<ReaderName, 'pdf' | 'rtf' | 'image'> | 'zip' | 'gzip' | 'ole'
export type TextType = Extract<ReaderName, 'html' | 'eml' | 'mbox' | 'man' | 'odt' | 'ods' | 'odp'>

const openDocumentTypes: Readonly<Record<string, 'odt' | 'ods' | 'odp'>> = {
  text: 'odt',
  spreadsheet: 'ods',
  presentation: 'odp',
}

/** The kind of OpenDocument container that these bytes begin, whose first file is its type, not packed. */
export function openDocumentType(head: Buffer): 'odt' | 'ods' | 'odp' | undefined {
  const type = /^mimetypeapplication\/vnd\.oasis\.opendocument\.(text|spreadsheet|presentation)/.exec(
    head.toString('latin1', 30, 110),
  )?.[1]
  return type === undefined ? undefined : openDocumentTypes[type]
}

/** Formats that begin with bytes of their own, which no other file has. */
export function markedType(head: Buffer): MarkedType | undefined {
  const is = (mark: string, at = 0): boolean => head.toString('latin1', at, at + mark.length) === mark
  if (is('PK\x03\x04') || is('PK\x05\x06')) return 'zip'
  if (is('\x1f\x8b')) return 'gzip'
  if (is('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')) return 'ole'
  if (is('{\\rtf')) return 'rtf'
  if (is('%PDF-')) return 'pdf'
  const isImage =
    is('\x89PNG\r\n') ||
    is('\xff\xd8\xff') ||
    (is('RIFF') && is('WEBP', 8)) ||
    /^P[1-6]\s/.test(head.toString('latin1', 0, 3))
  return isImage ? 'image' : undefined
}

/** Formats of text, told by how they begin; a text about them may begin so, too. */
export function textType(head: Buffer): TextType | undefined {
  // Marks of UTF-8 and UTF-16 stand before them; the zeros of UTF-16 between.
  const text = head
    .toString('latin1')
    .replace(/^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, '')
    .replaceAll('\0', '')
    .trimStart()
  if (/^(<\?xml[^>]*>\s*)?(<!--[^]*?-->\s*)*<(!doctype\s+html|html[\s>])/i.test(text)) return 'html'
  const flat = /^<\?xml[^>]*>\s*<office:document\s[^>]*opendocument\.(text|spreadsheet|presentation)/.exec(
    text,
  )?.[1]
  if (flat !== undefined) return openDocumentTypes[flat]
  if (/^From \S+.*\d\d:\d\d.*\r?\n[\w-]+:/.test(text)) return 'mbox'
  if (beginsMail(text)) return 'eml'
  return beginsManPage(text) ? 'man' : undefined
}

const mailHeaders = new Set(
  'return-path received from to date subject message-id delivered-to mime-version content-type dkim-signature'.split(
    ' ',
  ),
)

/** At least four headers that every mail has, and nothing else before the first blank line. */
function beginsMail(text: string): boolean {
  const end = /\r?\n\r?\n/.exec(text)?.index
  const found = new Set<string>()
  const lines = text.slice(0, end).split(/\r?\n/)
  // The head may end within a line.
  if (end === undefined) lines.pop()
  for (const line of lines) {
    if (/^[ \t]/.test(line)) continue
    const name = /^([\w-]+):/.exec(line)?.[1]?.toLowerCase()
    if (name === undefined) return false
    if (mailHeaders.has(name)) found.add(name)
  }
  return found.size >= 4
}

/** Comments and requests of roff, then the macro that every page begins with, or what generators define before it. */
function beginsManPage(text: string): boolean {
  for (const line of text.split(/\r?\n/)) {
    if (/^[.']\s*(TH|Dd|so|de1?|am1?|ds|ie|if|ig)(\s|$)/.test(line)) return true
    if (line.trim() !== '' && !/^[.']?\s*\\["#t]|^[.']\s*([a-z]{1,3}(\s.*)?)?$/.test(line)) return false
  }
  return false
}
