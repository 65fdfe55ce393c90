/** Pictures as the text that is recognised in them. Off by default; LlamaIndex's ImageReader gives empty documents by default. */
import { StackroomError } from '#contract'
import { imageSize } from './image-size.ts'
import type { FileReader } from './reader.ts'
import { checkPictureSize, recognizeText } from './text-recognition.ts'

export const imageReader: FileReader = {
  maximumBytes: 50 * 1024 * 1024,
  numbersParts: false,
  async read({ bytes, options }) {
    const size = imageSize(bytes)
    if (size === undefined) throw broken()
    checkPictureSize(size)
    let text: string
    try {
      text = await recognizeText(bytes, options?.recognizeText ?? [])
    } catch (error) {
      throw error instanceof StackroomError ? error : broken(error)
    }
    if (text === '') throw new StackroomError('no-text', 'No text was recognised in this picture.')
    return [{ part: 0, text, metadata: {} }]
  },
}

function broken(cause?: unknown): StackroomError {
  return new StackroomError(
    'broken-file',
    'This picture is damaged, or of a kind that text is not recognised in.',
    {
      hint: 'Open it in another program and save it as PNG or JPEG.',
      cause,
    },
  )
}
