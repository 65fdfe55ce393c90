/**
 * LlamaIndex's MarkdownNodeParser: a node for each section that has a header, with the headers above it as `header_path`.
 * Sections are as long as they are.
 */
import type { NodeSplit, SourceDocument } from '#engine/schema/node.ts'
import { pythonStrip, pythonStripStart, pythonWhitespace } from '#engine/schema/python-text.ts'
import type { FileNodeParser } from './node-parser.ts'

const headerLine = new RegExp(`^(#+)[${pythonWhitespace}]([^\\n]*)`)

interface Header {
  readonly level: number
  readonly text: string
}

export class MarkdownNodeParser implements FileNodeParser {
  readonly className = 'MarkdownNodeParser'
  readonly #separator: string

  constructor(headerPathSeparator: string) {
    this.#separator = headerPathSeparator
  }

  split({ text }: SourceDocument): NodeSplit[] {
    const splits: NodeSplit[] = []
    const headers: Header[] = []
    let lines: string[] = []
    let inCode = false
    const close = (): void => {
      const section = pythonStrip(lines.join('\n'))
      lines = []
      if (section !== '') splits.push({ text: section, metadata: { header_path: this.#path(headers) } })
    }
    for (const line of text.split('\n')) {
      const fence = pythonStripStart(line).startsWith('```')
      if (fence) inCode = !inCode
      const header = fence || inCode ? null : headerLine.exec(line)
      if (!header) {
        lines.push(line)
        continue
      }
      close()
      const [, marks = '', title = ''] = header
      while ((headers.at(-1)?.level ?? 0) >= marks.length) headers.pop()
      headers.push({ level: marks.length, text: title })
      lines.push(`${marks} ${title}`)
    }
    close()
    return splits
  }

  /** Of the headers above the last: `/first/second/`, or the separator alone. */
  #path(headers: readonly Header[]): string {
    const path = headers.slice(0, -1).map(({ text }) => text)
    // as in Python, where an empty title above is no path either
    const joined = path.join(this.#separator)
    return joined === '' ? this.#separator : `${this.#separator}${joined}${this.#separator}`
  }
}
