/**
 * Manual pages (man and mdoc macros of roff) as the text that `man` shows: headings, paragraphs, tagged lists, examples.
 * SimpleDirectoryReader takes the source with its macros as it stands. No library of the registry reads roff.
 */
import { StackroomError } from '#contract'
import { decodeText, declaredEncoding } from './decode-text.ts'
import { ManText } from './man-text.ts'
import type { FileReader } from './reader.ts'
import { expandRoff } from './roff.ts'

export const manReader: FileReader = {
  maximumBytes: 20 * 1024 * 1024,
  numbersParts: false,
  read({ bytes }) {
    const source = decodeText(bytes, declaredEncoding(bytes))
    const page = new ManText()
    for (const line of expandRoff(source)) page.add(line)
    const text = page.finish()
    const target = /^[.']so\s+(\S+)/m.exec(source)?.[1]
    if (text === '' && target !== undefined)
      throw new StackroomError('no-text', `This manual page only points at another: ${target}.`)
    return [{ part: 0, text, metadata: {} }]
  },
}
