/** OpenDocument texts, spreadsheets and presentations (LibreOffice): one document, its parts as HTML's. */
import { StackroomError } from '#contract'
import { HtmlText } from './html-text.ts'
import type { FileReader } from './reader.ts'
import { parseXml } from './xml.ts'
import { brokenDocument, readZip, zipText } from './zip.ts'

const elements = new Map([
  ['p', 'p'],
  ['list', 'ul'],
  ['list-item', 'li'],
  ['table', 'table'],
  ['table-row', 'tr'],
  ['table-cell', 'td'],
])
const skipped = new Set([
  'annotation',
  'tracked-changes',
  'note-citation',
  'forms',
  'scripts',
  'automatic-styles',
])

export const odfReader: FileReader = {
  maximumBytes: 100 * 1024 * 1024,
  numbersParts: false,
  read({ bytes }) {
    const files = readZip(bytes, (name) => name === 'content.xml' || name === 'META-INF/manifest.xml')
    if (zipText(files, 'META-INF/manifest.xml')?.includes('encryption-data'))
      throw new StackroomError('encrypted-file', 'This document is protected with a password.', {
        hint: 'Save a copy without the password and add that.',
      })
    const content = zipText(files, 'content.xml')
    if (content === undefined) throw brokenDocument()
    return [{ part: 0, text: odfToText(content), metadata: {} }]
  },
}

function odfToText(content: string): string {
  const text = new HtmlText()
  let skipping = 0
  let inBody = false
  const open: (string | undefined)[] = []
  parseXml(content, {
    open: (name, attributes) => {
      if (name === 'body') inBody = true
      const element =
        name === 'h' ? `h${Math.min(6, Number(attributes['outline-level'] ?? 1) || 1)}` : elements.get(name)
      open.push(element)
      if (skipped.has(name)) skipping++
      if (skipping > 0 || !inBody) return
      if (element !== undefined) text.open(element, {})
      else if (name === 'line-break') text.open('br', {})
      else if (name === 's' || name === 'tab') text.write(' ')
      // A slide is a section.
      else if (name === 'page') text.open('hr', {})
    },
    text: (data) => {
      if (inBody && skipping === 0) text.write(data)
    },
    close: (name) => {
      const element = open.pop()
      if (skipped.has(name)) skipping--
      else if (skipping === 0 && inBody && element !== undefined) text.close(element)
    },
  })
  return text.finish()
}
