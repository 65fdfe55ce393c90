/** Does again what a lost connection interrupted. Only for work that may be done twice. */
import { setTimeout as delay } from 'node:timers/promises'

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined
  /** Whether trying again may help. */
  readonly isTransient: (error: unknown) => boolean
  /** Before each further try. Omitted: as long as a server takes to come back from a restart. */
  readonly waitsMs?: readonly number[] | undefined
}

export const defaultWaitsMs: readonly number[] = [100, 400, 1000, 3000]

export async function retrying<Value>(
  work: () => Promise<Value>,
  { signal, isTransient, waitsMs = defaultWaitsMs }: RetryOptions,
): Promise<Value> {
  for (const wait of waitsMs) {
    signal?.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      signal?.throwIfAborted()
      if (!isTransient(error)) throw error
    }
    await delay(wait, undefined, { ...(signal && { signal }) }).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw error
    })
  }
  signal?.throwIfAborted()
  return work()
}
