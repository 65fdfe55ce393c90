/**
 * The owner's side of a worker thread that answers calls: typed, cancellable, restartable by its owner, and closed by
 * whoever started it. Its counterpart is worker-server.ts.
 */
import { Worker, type ResourceLimits, type Transferable } from 'node:worker_threads'
import { StackroomError } from '#contract'
import { workerUrl } from './worker-url.ts'
import type { WorkerAnswer, WorkerMethods, WorkerRequest } from './worker-server.ts'

export interface WorkerCallOptions {
  signal?: AbortSignal | undefined
  transfer?: readonly Transferable[]
  /** Called with what the method passed to `context.progress`. */
  onProgress?: (value: unknown) => void
}

export interface WorkerClientOptions {
  /** Passed to the worker as `workerData`. */
  data?: unknown
  resourceLimits?: ResourceLimits
  /** Whether what libraries print in the thread is thrown away. Default: false, it is the process's. */
  silent?: boolean
  /** Called once when the thread ends without having been closed; calls under way are rejected first. */
  onExit?: (error: StackroomError) => void
}

interface PendingCall {
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
  onProgress: ((value: unknown) => void) | undefined
}

export class WorkerClient<Methods extends WorkerMethods> implements AsyncDisposable {
  readonly #worker: Worker
  readonly #pending = new Map<number, PendingCall>()
  #nextId = 1
  #ended: StackroomError | undefined
  #closing = false

  /** @param name file name, without ending, in src-main/workers */
  constructor(name: string, options: WorkerClientOptions = {}) {
    this.#worker = new Worker(workerUrl(name), {
      name,
      workerData: options.data,
      ...(options.resourceLimits ? { resourceLimits: options.resourceLimits } : {}),
      ...(options.silent === true && { stdout: true, stderr: true }),
    })
    if (options.silent === true)
      for (const stream of [this.#worker.stdout, this.#worker.stderr]) stream.resume()
    let failure: unknown
    this.#worker.on('error', (error) => {
      failure = error
    })
    this.#worker.on('exit', () => {
      const outOfMemory =
        failure instanceof Error && 'code' in failure && failure.code === 'ERR_WORKER_OUT_OF_MEMORY'
      const error = new StackroomError(
        outOfMemory ? 'memory-limit' : 'internal',
        outOfMemory
          ? 'The work needed more memory than it may use.'
          : `The ${name} worker ended unexpectedly.`,
        { cause: failure },
      )
      this.#ended = error
      for (const call of this.#pending.values()) call.reject(error)
      this.#pending.clear()
      if (!this.#closing) options.onExit?.(error)
    })
    this.#worker.on('message', (answer: WorkerAnswer) => this.#receive(answer))
  }

  /** Rejects with the method's StackroomError, with `signal.reason` when aborted, or when the thread has ended. */
  call<Name extends keyof Methods & string>(
    name: Name,
    input: Parameters<Methods[Name]>[0],
    options: WorkerCallOptions = {},
  ): Promise<Awaited<ReturnType<Methods[Name]>>> {
    const { signal } = options
    if (this.#ended) return Promise.reject(this.#ended)
    if (signal?.aborted) return Promise.reject(signal.reason as Error)
    const id = this.#nextId++
    return new Promise<unknown>((resolve, reject) => {
      const cancel = (): void => {
        this.#pending.delete(id)
        this.#worker.postMessage({ type: 'cancel', id } satisfies WorkerRequest)
        reject(signal?.reason as Error)
      }
      const settle = (): void => signal?.removeEventListener('abort', cancel)
      signal?.addEventListener('abort', cancel, { once: true })
      this.#pending.set(id, {
        onProgress: options.onProgress,
        resolve: (value) => {
          settle()
          resolve(value)
        },
        reject: (error) => {
          settle()
          reject(error instanceof Error ? error : new StackroomError('internal', String(error)))
        },
      })
      this.#worker.postMessage(
        { type: 'call', id, name, input } satisfies WorkerRequest,
        options.transfer ?? [],
      )
    }) as Promise<Awaited<ReturnType<Methods[Name]>>>
  }

  #receive(answer: WorkerAnswer): void {
    const call = this.#pending.get(answer.id)
    if (!call) return
    if (answer.type === 'progress') {
      call.onProgress?.(answer.value)
      return
    }
    this.#pending.delete(answer.id)
    if (answer.type === 'value') call.resolve(answer.value)
    else {
      const { shape, stack } = answer
      call.reject(new StackroomError(shape.code, shape.message, { hint: shape.hint, cause: stack }))
    }
  }

  /** What the thread holds in bytes, buffers outside of its heap included; 0 when it has ended. It is told while the thread is busy. */
  async memory(): Promise<number> {
    if (this.#ended) return 0
    try {
      const { used_heap_size: heap, external_memory: buffers } = await this.#worker.getHeapStatistics()
      return heap + buffers
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_NOT_RUNNING') return 0
      throw error
    }
  }

  /** Ends the thread at once; calls under way are rejected. For an orderly end, call the worker's own method first. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#worker.terminate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
