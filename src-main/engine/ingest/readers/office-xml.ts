/**
 * The text of WordprocessingML and DrawingML, which call paragraphs, runs, breaks and tables by the same names: their
 * paragraphs are handed on as HTML's, so that all formats come out in one shape.
 */
import { HtmlText } from './html-text.ts'
import { parseXml } from './xml.ts'

interface Paragraph {
  /** Lines of the paragraph. */
  lines: string[]
  /** The element that it becomes. */
  element: string
}

export interface OfficeXmlOptions {
  /** The heading (h1 to h6) that a paragraph style is, if any. */
  readonly headingOfStyle?: (style: string) => string | undefined
}

/** DrawingML placeholders that repeat on every slide. */
const repeatedPlaceholders = new Set(['sldNum', 'dt', 'ftr', 'hdr'])
const tables = new Map([
  ['tbl', 'table'],
  ['tr', 'tr'],
  ['tc', 'td'],
])

export function officeXmlToText(xml: string, options: OfficeXmlOptions = {}): string {
  const text = new HtmlText()
  /** A text box is a paragraph within a paragraph. */
  const paragraphs: Paragraph[] = []
  let inText = 0
  let inProperties = 0
  /** Within what is said a second time for older programs, or a shape that repeats. */
  let skipping = 0
  let shapeIsTitle = false
  let shapeIsRepeated = false

  const finish = ({ lines, element }: Paragraph): void => {
    if (shapeIsRepeated || lines.every((line) => line.trim() === '')) return
    text.open(element, {})
    lines.forEach((line, index) => {
      if (index > 0) text.open('br', {})
      text.write(line)
    })
    text.close(element)
  }

  parseXml(xml, {
    open: (name, attributes) => {
      if (name === 'Fallback') skipping++
      if (skipping > 0) return
      const table = tables.get(name)
      if (table !== undefined) text.open(table, {})
      else if (name === 'sp') {
        shapeIsTitle = false
        shapeIsRepeated = false
      } else if (name === 'ph') {
        shapeIsTitle = attributes['type'] === 'title' || attributes['type'] === 'ctrTitle'
        shapeIsRepeated = repeatedPlaceholders.has(attributes['type'] ?? '')
      } else if (name === 'p') paragraphs.push({ lines: [''], element: shapeIsTitle ? 'h1' : 'p' })
      else if (name === 'pPr') inProperties++
      else if (name === 't') inText++
      const paragraph = paragraphs.at(-1)
      if (!paragraph) return
      if (inProperties > 0) {
        if (name === 'pStyle')
          paragraph.element = options.headingOfStyle?.(attributes['val'] ?? '') ?? paragraph.element
        else if (name === 'numPr' && paragraph.element === 'p') paragraph.element = 'li'
      } else if (name === 'br' || name === 'cr') paragraph.lines.push('')
      else if (name === 'tab') append(paragraph, '\t')
      else if (name === 'noBreakHyphen') append(paragraph, '-')
    },
    text: (data) => {
      const paragraph = paragraphs.at(-1)
      if (inText > 0 && skipping === 0 && paragraph) append(paragraph, data)
    },
    close: (name) => {
      if (name === 'Fallback') skipping--
      if (skipping > 0) return
      const table = tables.get(name)
      if (table !== undefined) text.close(table)
      else if (name === 'pPr') inProperties--
      else if (name === 't') inText--
      else if (name === 'p') {
        const paragraph = paragraphs.pop()
        if (paragraph) finish(paragraph)
      } else if (name === 'sp') {
        shapeIsTitle = false
        shapeIsRepeated = false
      }
    },
  })
  return text.finish()
}

function append(paragraph: Paragraph, data: string): void {
  const last = paragraph.lines.length - 1
  paragraph.lines[last] = (paragraph.lines[last] ?? '') + data
}
