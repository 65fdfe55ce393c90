/** The worker's side of worker-client.ts: answers calls with the methods it is given. */
import { flushCompileCache } from 'node:module'
import { parentPort, type Transferable } from 'node:worker_threads'
import { StackroomError, toErrorShape, type ErrorShape } from '#contract'

export interface WorkerCallContext {
  /** Aborted when the owner cancels. Code that never awaits cannot see it: yield between pieces of work. */
  readonly signal: AbortSignal
  /** Tells the owner how far the call is. */
  progress(value: unknown): void
}

/** A method may answer with `transferring(value, buffers)` to move buffers instead of copying them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a constraint: `unknown` would accept no method at all
export type WorkerMethods = Record<string, (input: any, context: WorkerCallContext) => unknown>

export type WorkerRequest =
  { type: 'call'; id: number; name: string; input: unknown } | { type: 'cancel'; id: number }

export type WorkerAnswer =
  | { type: 'value'; id: number; value: unknown }
  | { type: 'error'; id: number; shape: ErrorShape; stack: string | undefined }
  | { type: 'progress'; id: number; value: unknown }

const transfers = new WeakMap<object, readonly Transferable[]>()

/** Marks buffers inside `value` as moved to the owner with the answer. */
export function transferring<Value extends object>(value: Value, buffers: readonly Transferable[]): Value {
  transfers.set(value, buffers)
  return value
}

/** Answers calls until the thread ends. Call it once, at the end of a worker's entry point. */
export function serveWorker(methods: WorkerMethods): void {
  const port = parentPort
  if (!port) throw new StackroomError('internal', 'A worker entry point was run outside of a worker thread.')
  const running = new Map<number, AbortController>()
  let answered = 0
  const post = (answer: WorkerAnswer, transfer: readonly Transferable[] = []): void =>
    port.postMessage(answer, transfer)

  const run = async (request: Extract<WorkerRequest, { type: 'call' }>): Promise<void> => {
    const { id } = request
    const controller = new AbortController()
    running.set(id, controller)
    try {
      const method = methods[request.name]
      if (!method) throw new StackroomError('internal', `No method ${request.name} in this worker.`)
      const value: unknown = await method(request.input, {
        signal: controller.signal,
        progress: (progress) => post({ type: 'progress', id, value: progress }),
      })
      post({ type: 'value', id, value }, (typeof value === 'object' && value && transfers.get(value)) || [])
    } catch (error) {
      post({
        type: 'error',
        id,
        shape: toErrorShape(error),
        stack: error instanceof Error ? describe(error) : String(error),
      })
    } finally {
      running.delete(id)
      // Threads are ended, they do not end: what was compiled for this one is kept now, for the next.
      if (answered++ === 0) setImmediate(flushCompileCache)
    }
  }

  port.on('message', (request: WorkerRequest) => {
    if (request.type === 'cancel')
      running.get(request.id)?.abort(new StackroomError('cancelled', 'The work was cancelled.'))
    else void run(request)
  })
}

/** The stack with the stacks of its causes, for the log. */
function describe(error: Error): string {
  const own = error.stack ?? error.message
  return error.cause instanceof Error ? `${own}\ncaused by ${describe(error.cause)}` : own
}
