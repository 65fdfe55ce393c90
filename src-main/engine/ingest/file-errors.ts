/** What the file system says, as a StackroomError that names the file's trouble in a sentence. */
import { StackroomError, isCancelled, type ErrorCode } from '#contract'

const sentences: Readonly<Record<string, readonly [code: ErrorCode, message: string, hint: string]>> = {
  ENOENT: ['path-missing', 'There is no file or folder at this path.', 'It may have been moved or deleted.'],
  ENOTDIR: ['path-missing', 'There is no file or folder at this path.', 'It may have been moved or deleted.'],
  EACCES: [
    'permission-denied',
    'Stackroom may not read this.',
    'Change its permissions, or leave it out of the index.',
  ],
  EPERM: [
    'permission-denied',
    'Stackroom may not read this.',
    'Change its permissions, or leave it out of the index.',
  ],
  ELOOP: ['path-missing', 'This link leads in a circle.', 'Delete the link or let it point at a file.'],
  ENAMETOOLONG: ['path-missing', 'The path is longer than the system allows.', 'Use a shorter path.'],
  EISDIR: ['invalid-input', 'This is a folder, not a file.', 'Choose the files in it.'],
}

/** Errors that are none of the file system's stay what they are. */
export function toFileError(error: unknown): unknown {
  if (error instanceof StackroomError || isCancelled(error)) return error
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error
  const known = sentences[error.code]
  if (known) return new StackroomError(known[0], known[1], { hint: known[2], cause: error })
  if (!('syscall' in error)) return error
  return new StackroomError('broken-file', `The system could not read this (${error.code}).`, {
    hint: 'Check the disk or the network drive it is on, then try again.',
    cause: error,
  })
}
