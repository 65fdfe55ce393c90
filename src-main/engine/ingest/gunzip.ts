/** Unpacks a gzip file, up to the size that its reader takes. */
import { gunzipSync } from 'node:zlib'
import { StackroomError } from '#contract'

/** @throws StackroomError `file-too-large`, `broken-file` */
export function gunzip(bytes: Buffer, maximumBytes: number): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: maximumBytes })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
      throw new StackroomError(
        'file-too-large',
        `Unpacked, this file has more than ${Math.round(maximumBytes / 1024 / 1024)} MB.`,
        { hint: 'Unpack it and split it into smaller files.', cause: error },
      )
    throw new StackroomError('broken-file', 'This gzip file is damaged or not complete.', {
      hint: 'Fetch it again, or unpack it with another program.',
      cause: error,
    })
  }
}
