/** Tries again after failures that may pass, waiting longer each time, or as long as the server asks. */
import { setTimeout } from 'node:timers/promises'
import { StackroomError } from '#contract'
import type { FailedRequest } from './request-errors.ts'

export interface RetryOptions {
  /** The first try included. */
  readonly attempts: number
  /** Before the second try; doubled for each further one. */
  readonly backoffMs: number
  /** A server that asks for a longer pause is not waited for. */
  readonly maximumWaitMs: number
}

/** Shared by the requests to one server: when it asks one of them to wait, all do. */
export class ServerPause {
  #until = 0

  hold(milliseconds: number): void {
    this.#until = Math.max(this.#until, Date.now() + milliseconds)
  }

  async over(signal: AbortSignal | undefined): Promise<void> {
    for (let wait = this.#until - Date.now(); wait > 0; wait = this.#until - Date.now())
      await sleep(wait, signal)
  }
}

/** `explain` returns null for a cancelled request. Throws the last failure's error, or the signal's reason. */
export async function withRetries<Value>(
  request: () => Promise<Value>,
  explain: (error: unknown) => FailedRequest | null,
  pause: ServerPause,
  options: RetryOptions & { signal?: AbortSignal | undefined },
): Promise<Value> {
  const { signal } = options
  for (let attempt = 1; ; attempt++) {
    await pause.over(signal)
    signal?.throwIfAborted()
    try {
      return await request()
    } catch (error) {
      signal?.throwIfAborted()
      const failed = explain(error)
      if (!failed) throw new StackroomError('cancelled', 'The work was cancelled.', { cause: error })
      if (!failed.retry || attempt >= options.attempts || (failed.waitMs ?? 0) > options.maximumWaitMs)
        throw new RequestFailure(failed)
      const backoff = options.backoffMs * 2 ** (attempt - 1)
      // jitter keeps requests that failed together from coming back together
      const jittered = backoff * (0.75 + Math.random() / 2)
      if (failed.waitMs === undefined) await sleep(Math.min(jittered, options.maximumWaitMs), signal)
      else pause.hold(failed.waitMs)
    }
  }
}

/** Carries what is known about a failure to whoever may split the request. */
export class RequestFailure extends Error {
  readonly failed: FailedRequest

  constructor(failed: FailedRequest) {
    super(failed.error.message, { cause: failed.error })
    this.failed = failed
  }
}

async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}
