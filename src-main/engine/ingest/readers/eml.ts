/** One mail in a file of its own, by postal-mime. SimpleDirectoryReader takes the source with its encodings as it stands. */
import { mailToText } from './mail-text.ts'
import type { FileReader } from './reader.ts'

export const emlReader: FileReader = {
  maximumBytes: 100 * 1024 * 1024,
  numbersParts: false,
  async read({ bytes }) {
    return [{ part: 0, text: await mailToText(bytes), metadata: {} }]
  },
}
