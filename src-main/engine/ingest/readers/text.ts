/** Plain text and everything that is read as it stands: Markdown, LaTeX, source code, JSON, XML, … */
import { StackroomError } from '#contract'
import { unsupportedType } from '../file-types.ts'
import { decodeText, declaredEncoding } from './decode-text.ts'
import type { FileReader } from './reader.ts'

export const textReader: FileReader = {
  maximumBytes: 50 * 1024 * 1024,
  numbersParts: false,
  read({ path, bytes, nameIsTelling }) {
    try {
      return [{ part: 0, text: decodeText(bytes, declaredEncoding(bytes)), metadata: {} }]
    } catch (error) {
      if (nameIsTelling || !(error instanceof StackroomError) || error.code !== 'binary-file') throw error
      throw unsupportedType(path, error)
    }
  },
}
