/** What the file system and SQLite refuse, as sentences: disk full, no permission, read-only, gone. */
import { existsSync } from 'node:fs'
import { StackroomError, type ErrorCode } from '#contract'

interface Explanation {
  readonly code: ErrorCode
  readonly message: (path: string) => string
  readonly hint: string
}

const diskFull: Explanation = {
  code: 'disk-full',
  message: (path) => `The disk is full: ${path} could not be written.`,
  hint: 'Free some space and try again. What was finished before is kept.',
}
const notPermitted: Explanation = {
  code: 'permission-denied',
  message: (path) => `Stackroom may not read or write ${path}.`,
  hint: 'Change its permissions, or choose another place.',
}
const readOnly: Explanation = {
  code: 'read-only',
  message: (path) => `${path} is on a read-only disk.`,
  hint: 'Copy the folder to a place where you may write, and open the copy.',
}
const gone: Explanation = {
  code: 'path-missing',
  message: (path) => `${path} is not there any more.`,
  hint: 'It may have been moved or deleted, or its drive is not connected.',
}
const linkWithoutEnd: Explanation = {
  code: 'path-missing',
  message: (path) => `${path} is a link that leads to no file.`,
  hint: 'Delete the link, or let it point to the file.',
}
const folder: Explanation = {
  code: 'damaged-file',
  message: (path) => `${path} is a folder where a file is expected.`,
  hint: 'Move the folder away, and restore the file from a backup.',
}
const damaged: Explanation = {
  code: 'damaged-file',
  message: (path) => `${path} is damaged.`,
  hint: 'The disk may be failing. Open the folder again: the working store is made anew from the JSON files.',
}
const broken: Explanation = {
  code: 'broken-file',
  message: (path) => `The disk reported an error for ${path}.`,
  hint: 'Check the disk or the connection to it.',
}

const explanations: Readonly<Record<string, Explanation>> = {
  ENOSPC: diskFull,
  EDQUOT: diskFull,
  EFBIG: diskFull,
  SQLITE_FULL: diskFull,
  EACCES: notPermitted,
  EPERM: notPermitted,
  SQLITE_CANTOPEN: notPermitted,
  EROFS: readOnly,
  SQLITE_READONLY: readOnly,
  EISDIR: folder,
  ELOOP: linkWithoutEnd,
  ENOENT: gone,
  ENOTDIR: gone,
  ESTALE: gone,
  SQLITE_CORRUPT: damaged,
  SQLITE_NOTADB: damaged,
  EIO: broken,
  SQLITE_IOERR: broken,
}

/** The code that Node or SQLite gave, such as `ENOENT` or `SQLITE_BUSY`; empty when there is none. */
export function errorCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Whether SQLite found its file damaged, or not its own. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(errorCodeOf(error))
}

/** The error as a StackroomError when the system refused something; the error itself when it is another thing. */
export function explainFileError(error: unknown, path: string): unknown {
  if (error instanceof StackroomError) return error
  const code = errorCodeOf(error)
  // Extended codes of SQLite, such as SQLITE_IOERR_WRITE, say more than is needed.
  const explanation = explanations[code] ?? explanations[code.split('_').slice(0, 2).join('_')]
  if (!explanation) return error
  return new StackroomError(explanation.code, explanation.message(placeOf(error, code, path)), {
    hint: explanation.hint,
    cause: error,
  })
}

/** Of a folder that is there, what in it is not as it should be: nobody must delete the folder for a link in it. */
function placeOf(error: unknown, code: string, path: string): string {
  const named =
    error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : path
  return ['ELOOP', 'EISDIR'].includes(code) || (code === 'ENOENT' && existsSync(path)) ? named : path
}

/** Runs `work`; what the system refuses in it is thrown as a sentence about `path`. */
export function explaining<Value>(path: string, work: () => Value): Value {
  try {
    return work()
  } catch (error) {
    throw explainFileError(error, path)
  }
}
