/**
 * Reads files ahead of whoever takes them, a few at once, and goes on while the taker is busy: what is ready waits, up to a
 * bound. Files come in the order in which they become ready.
 */
import { StackroomError } from '#contract'

export interface ReadAheadOptions<Item, Result> {
  readonly items: readonly Item[]
  /** Null: nothing came of it. The signal is aborted when the taker does not take all. */
  readonly read: (item: Item, signal: AbortSignal) => Promise<Result | null>
  /** Items read at once. */
  readonly atOnce: number
  /** How much may wait, in what `sizeOf` measures. */
  readonly mayWait: number
  readonly sizeOf: (result: Result) => number
  readonly signal: AbortSignal | undefined
}

export async function* readAhead<Item, Result>(
  options: ReadAheadOptions<Item, Result>,
): AsyncGenerator<Result, void, undefined> {
  const { items, read, atOnce, mayWait, sizeOf } = options
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const ready: Result[] = []
  const running = new Set<Promise<void>>()
  let next = 0
  let waiting = 0
  let failure: { readonly error: unknown } | null = null
  let wake: () => void = () => undefined

  async function readOne(item: Item): Promise<void> {
    try {
      const result = await read(item, signal)
      if (result === null) return
      ready.push(result)
      waiting += sizeOf(result)
    } catch (error) {
      failure ??= { error }
    }
  }
  function fill(): void {
    while (failure === null && running.size < atOnce && waiting < mayWait && next < items.length) {
      const one = readOne(items[next++]!)
      running.add(one)
      void one.then(() => {
        running.delete(one)
        fill()
        wake()
      })
    }
  }

  try {
    for (;;) {
      fill()
      const result = ready.shift()
      if (result !== undefined) {
        waiting -= sizeOf(result)
        yield result
      } else if (failure !== null) throw (failure as { readonly error: unknown }).error
      else if (running.size === 0) return
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    stop.abort(new StackroomError('cancelled', 'The work was stopped.'))
    failure ??= { error: null }
    await Promise.all(running)
  }
}
