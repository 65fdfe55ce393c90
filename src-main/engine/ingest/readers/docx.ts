/** Word documents: the text with its headings, lists, tables and notes. LlamaIndex's DocxReader (docx2txt) keeps only the text. */
import { officeXmlToText } from './office-xml.ts'
import type { FileReader } from './reader.ts'
import { parseXml } from './xml.ts'
import { brokenDocument, readZip, zipText } from './zip.ts'

const wanted = new Set(['word/document.xml', 'word/styles.xml', 'word/footnotes.xml', 'word/endnotes.xml'])

export const docxReader: FileReader = {
  maximumBytes: 100 * 1024 * 1024,
  numbersParts: false,
  read({ bytes }) {
    const files = readZip(bytes, (name) => wanted.has(name))
    const document = zipText(files, 'word/document.xml')
    if (document === undefined) throw brokenDocument()
    const headings = readHeadings(zipText(files, 'word/styles.xml') ?? '')
    const texts = [document, zipText(files, 'word/footnotes.xml'), zipText(files, 'word/endnotes.xml')]
      .filter((xml) => xml !== undefined)
      .map((xml) => officeXmlToText(xml, { headingOfStyle: (style) => headings.get(style) }))
    return [
      { part: 0, text: texts.filter((text) => text !== '').join('\n\n\n'), metadata: { file_name: '' } },
    ]
  },
}

/** Ids of styles are translated, names of the built-in ones are not: `heading 1`. */
function readHeadings(styles: string): Map<string, string> {
  const headings = new Map<string, string>()
  let style = ''
  parseXml(styles, {
    open: (name, attributes) => {
      if (name === 'style') style = attributes['styleId'] ?? ''
      else if (name === 'name') {
        const level = /^heading ([1-6])$/i.exec(attributes['val'] ?? '')?.[1]
        if (level !== undefined) headings.set(style, `h${level}`)
        else if (/^title$/i.test(attributes['val'] ?? '')) headings.set(style, 'h1')
      }
    },
  })
  return headings
}
