/** What the embed worker answers: see onnx-model.ts for the side that asks. */
import { StackroomError } from '#contract'
import { transferring, type WorkerCallContext } from '#platform/worker-server.ts'
import { OnnxRunner, type EmbedRequest, type OnnxRunnerOptions } from './onnx-runner.ts'

export type EmbedWorkerData = OnnxRunnerOptions

export type EmbedWorkerMethods = ReturnType<typeof embedWorkerMethods>

export function embedWorkerMethods(data: EmbedWorkerData) {
  let opening: Promise<OnnxRunner> | undefined
  const closing = new AbortController()
  const underWay = new Set<Promise<unknown>>()

  async function embed(request: EmbedRequest, signal: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
    opening ??= OnnxRunner.open(data)
    // a folder that was repaired is tried again with the next call
    opening.catch(() => (opening = undefined))
    const runner = await opening
    return runner.embed(request, AbortSignal.any([signal, closing.signal]))
  }

  return {
    embed: async (request: EmbedRequest, context: WorkerCallContext): Promise<Float32Array<ArrayBuffer>> => {
      const work = embed(request, context.signal)
      underWay.add(work)
      try {
        const vectors = await work
        return transferring(vectors, [vectors.buffer])
      } finally {
        underWay.delete(work)
      }
    },
    /** To be called before the thread is ended: a thread that ends while the runtime computes takes the process with it. */
    close: async (): Promise<void> => {
      closing.abort(new StackroomError('cancelled', 'The embed model was closed.'))
      await Promise.allSettled(underWay)
      const [opened] = await Promise.allSettled([opening])
      if (opened.status === 'fulfilled') await opened.value?.[Symbol.asyncDispose]()
    },
  }
}
