/** What the embed worker answers: see onnx-model.ts for the side that asks. */
import { transferring, type WorkerCallContext } from '#platform/worker-server.ts'
import { OnnxRunner, type EmbedRequest, type OnnxRunnerOptions } from './onnx-runner.ts'

export type EmbedWorkerData = OnnxRunnerOptions

export type EmbedWorkerMethods = ReturnType<typeof embedWorkerMethods>

export function embedWorkerMethods(data: EmbedWorkerData) {
  let opening: Promise<OnnxRunner> | undefined
  return {
    embed: async (request: EmbedRequest, context: WorkerCallContext): Promise<Float32Array<ArrayBuffer>> => {
      opening ??= OnnxRunner.open(data)
      // a folder that was repaired is tried again with the next call
      opening.catch(() => (opening = undefined))
      const runner = await opening
      const vectors = await runner.embed(request, context.signal)
      return transferring(vectors, [vectors.buffer])
    },
  }
}
