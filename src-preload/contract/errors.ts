/**
 * The one error of Stackroom. Across the boundary it keeps code, message and hint; the cause stays in the log.
 */
import { z } from 'zod'

/** Stable codes: programs test for these, people read the message and the hint. */
export const errorCodes = [
  // what the caller asked for
  'invalid-input',
  'not-found',
  'cancelled',
  'disconnected',
  'busy',
  'wrong-usage',
  // the file system
  'path-missing',
  'permission-denied',
  'disk-full',
  'read-only',
  'not-a-folder',
  'file-changed',
  // source files
  'empty-folder',
  'no-readable-files',
  'empty-file',
  'binary-file',
  'unsupported-type',
  'broken-file',
  'encrypted-file',
  'file-too-large',
  'no-text',
  'time-limit',
  'memory-limit',
  // storage folders
  'not-a-storage-folder',
  'missing-file',
  'damaged-file',
  'unsupported-format',
  'locked',
  'both-sides-changed',
  // models and vectors
  'no-such-model',
  'model-unavailable',
  'dimension-mismatch',
  'wrong-model',
  'consent-required',
  'invalid-vector',
  // vector stores
  'engine-unavailable',
  /** The folder is of an older version of its engine, which would change it for good by opening it. */
  'older-format',
  /** A store has more than one collection, and none was named. */
  'several-collections',
  // servers of models
  'no-key',
  'wrong-key',
  'no-quota',
  'rate-limited',
  'text-too-long',
  'server-down',
  'server-error',
  'bad-answer',
  // a bug: logged with its stack, shown as such
  'internal',
] as const

export const errorCodeSchema = z.enum(errorCodes)
export type ErrorCode = z.infer<typeof errorCodeSchema>

/** What crosses the boundary of an error. */
export const errorShapeSchema = z.object({
  code: errorCodeSchema,
  /** One sentence that a user understands. */
  message: z.string(),
  /** What to do about it. */
  hint: z.string().optional(),
})
export type ErrorShape = z.infer<typeof errorShapeSchema>

export interface StackroomErrorOptions {
  hint?: string | undefined
  cause?: unknown
}

export class StackroomError extends Error {
  override readonly name = 'StackroomError'
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: StackroomErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }

  toShape(): ErrorShape {
    return { code: this.code, message: this.message, ...(this.hint === undefined ? {} : { hint: this.hint }) }
  }

  static fromShape(shape: ErrorShape): StackroomError {
    return new StackroomError(shape.code, shape.message, { hint: shape.hint })
  }
}

/** An aborted signal's reason, or any other abort, as a StackroomError with the code `cancelled`. */
export function isCancelled(error: unknown): boolean {
  if (error instanceof StackroomError) return error.code === 'cancelled'
  return error instanceof Error && error.name === 'AbortError'
}

/**
 * Any thrown value as what may cross the boundary. Errors that are not a StackroomError are bugs: they become
 * `internal`, and the caller logs the original with its stack.
 */
export function toErrorShape(error: unknown): ErrorShape {
  if (error instanceof StackroomError) return error.toShape()
  if (isCancelled(error)) return { code: 'cancelled', message: 'The work was cancelled.' }
  return {
    code: 'internal',
    message: 'Something went wrong inside Stackroom.',
    hint: 'This is a bug. The log in the data folder has the details.',
  }
}
