/** What a model would be sent and what that costs, worked out before anything is sent. */
import { isCancelled, type CommandInput, type ErrorShape, type ModelEstimate } from '#contract'
import type { Client } from '../../transport/client.ts'
import { describeError } from '../notices/notices-slice.ts'

export interface Estimate {
  readonly model: string
  /** Null while it is worked out. */
  readonly result: ModelEstimate | null
  readonly error: ErrorShape | null
}

/** Tells what is known of the newest question, at once and when it is answered; the calculation before is cancelled. */
export function createEstimator(
  client: Client,
  tell: (estimate: Estimate | null) => void,
): (input: CommandInput<'models.estimate'> | null) => Promise<void> {
  let current = new AbortController()
  return async (input) => {
    current.abort()
    const { signal } = (current = new AbortController())
    if (input === null) return tell(null)
    const { model } = input
    tell({ model, result: null, error: null })
    try {
      const result = await client.call('models.estimate', input, { signal })
      if (!signal.aborted) tell({ model, result, error: null })
    } catch (error) {
      if (signal.aborted || isCancelled(error)) return
      tell({ model, result: null, error: describeError(error) })
    }
  }
}
