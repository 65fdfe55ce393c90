/** Plain text and everything that is read as it stands: Markdown, source code, CSV, JSON, … */
import { StackroomError } from '#contract'
import { extensionForPeople } from '../file-types.ts'
import { decodeText } from './decode-text.ts'
import type { FileReader } from './reader.ts'

export const textReader: FileReader = {
  maximumBytes: 50 * 1024 * 1024,
  numbersParts: false,
  read({ path, bytes, nameIsTelling }) {
    try {
      return [{ part: 0, text: decodeText(bytes), metadata: {} }]
    } catch (error) {
      if (nameIsTelling || !(error instanceof StackroomError) || error.code !== 'binary-file') throw error
      throw new StackroomError(
        'unsupported-type',
        `Stackroom has no reader for ${extensionForPeople(path)}.`,
        {
          cause: error,
        },
      )
    }
  },
}
