/**
 * What one file may take of time and memory. The heap of a reader's thread has a limit of its own, but buffers are outside of
 * it, and files are made that unpack to gigabytes of them: what the thread holds is looked at while it works.
 */
import { StackroomError } from '#contract'

/** Often enough that a file cannot fill the memory of a machine in between. */
const lookEveryMs = 200

export interface FileLimitsOptions {
  readonly milliseconds: number
  /** Of the thread's heap and buffers together. */
  readonly megabytes: number
  /** Ends the work on it, too. */
  readonly signal?: AbortSignal | undefined
}

export class FileLimits implements Disposable {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #watch: NodeJS.Timeout
  readonly #given: AbortSignal | undefined
  readonly #passOn = (): void => this.#controller.abort(this.#given?.reason)

  constructor(reader: { memory(): Promise<number> }, { milliseconds, megabytes, signal }: FileLimitsOptions) {
    // What AbortSignal.any makes for each of a hundred thousand files is kept for as long as the run's own signal is.
    this.#given = signal
    signal?.addEventListener('abort', this.#passOn, { once: true })
    this.#timer = setTimeout(() => this.#controller.abort(timeLimit(milliseconds)), milliseconds)
    this.#watch = setInterval(() => {
      // No thread holds more than the whole process: an ordinary file's thread is never interrupted.
      if (process.memoryUsage.rss() <= megabytes * 1024 * 1024) return
      void reader.memory().then((bytes) => {
        if (bytes > megabytes * 1024 * 1024) this.#controller.abort(memoryLimit())
      })
    }, lookEveryMs)
  }

  /** Aborted with what the file exceeded, or as the signal that was given. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    clearInterval(this.#watch)
    this.#given?.removeEventListener('abort', this.#passOn)
  }
}

function timeLimit(milliseconds: number): StackroomError {
  const seconds = Math.max(1, Math.round(milliseconds / 1000))
  return new StackroomError(
    'time-limit',
    `Reading this file took longer than ${seconds} s and was stopped.`,
    {
      hint: 'It may be damaged, or made to keep readers busy. Convert it or leave it out.',
    },
  )
}

export function memoryLimit(cause?: StackroomError): StackroomError {
  return new StackroomError('memory-limit', 'Reading this file needed more memory than a file may use.', {
    hint: 'Split it into smaller files, or leave it out.',
    cause,
  })
}
