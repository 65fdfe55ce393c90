/** An embed model that runs on this machine: its worker is started with the first text and again after it ended. */
import { availableParallelism } from 'node:os'
import { StackroomError } from '#contract'
import { WorkerClient } from '#platform/worker-client.ts'
import type { EmbedModel, EmbedModelIdentity, EmbedModelSettings, EmbedOptions } from './embed-model.ts'
import type { ModelFolder } from './model-folder.ts'
import { documentInput, queryInput } from './model-input.ts'
import type { EmbedRequest } from './onnx-runner.ts'
import type { EmbedWorkerData, EmbedWorkerMethods } from './onnx-worker.ts'

/** Texts in one call to the worker, fewer when they are long: about a second of work, which a crash may lose. */
const TEXTS_PER_CALL = 64
const CHARACTERS_PER_CALL = 40_000
/** One is computed while the vectors of the other are put away. */
const CALLS_UNDER_WAY = 2

export interface OnnxEmbedModelOptions {
  readonly id: string
  readonly model: ModelFolder
  readonly revision: string
  /** Default: all cores. */
  readonly threads?: number
}

/** The model as its folder describes it; long texts are embedded as a whole, window by window. */
export function openOnnxModel(options: OnnxEmbedModelOptions): EmbedModel {
  const { id, model, revision, threads = availableParallelism() } = options
  const { dimensions, pooling, normalized, queryPrefix, documentPrefix, maximumTokens } = model
  const settings = { queryPrefix, documentPrefix, longText: 'mean-of-windows', lineBreaks: 'kept' } as const
  const identity = { id, dimensions, pooling, normalized, ...settings, revision }
  return new OnnxEmbedModel(identity, maximumTokens, new WorkerOfModel({ model, threads }))
}

/**
 * The runtime has telemetry: it reads the command line and the machine's id and keeps a store to report from, unless the
 * process's own environment forbids it (a worker has only a copy). A command line of 20,000 characters is more than its stack.
 */
function silenceRuntime(): void {
  process.env['ORT_DISABLE_TELEMETRY'] = '1'
}

/** The worker thread of one model, whatever the settings it is used with. */
class WorkerOfModel {
  readonly #data: EmbedWorkerData
  #client: WorkerClient<EmbedWorkerMethods> | undefined
  #closed = false

  constructor(data: EmbedWorkerData) {
    this.#data = data
  }

  async embed(request: EmbedRequest, signal?: AbortSignal): Promise<Float32Array[]> {
    if (this.#closed) throw new StackroomError('internal', 'An embed model was used after it was closed.')
    if (!this.#client) silenceRuntime()
    this.#client ??= new WorkerClient<EmbedWorkerMethods>('embed', {
      data: this.#data,
      onExit: () => (this.#client = undefined),
    })
    const packed = await this.#client.call('embed', request, { signal })
    const { dimensions } = this.#data.model
    // copies, so that a vector that is kept or sent on does not keep or send the whole group
    return request.texts.map((_, i) => packed.slice(i * dimensions, (i + 1) * dimensions))
  }

  async close(): Promise<void> {
    this.#closed = true
    const client = this.#client
    if (!client) return
    // a thread that has ended by itself has nothing left to finish
    await client.call('close', undefined).catch(() => {})
    await client.close()
  }
}

class OnnxEmbedModel implements EmbedModel {
  readonly identity: EmbedModelIdentity
  readonly maximumTokens: number
  readonly offline = true
  readonly #worker: WorkerOfModel

  constructor(identity: EmbedModelIdentity, maximumTokens: number, worker: WorkerOfModel) {
    this.identity = identity
    this.maximumTokens = maximumTokens
    this.#worker = worker
  }

  vary(settings: Partial<EmbedModelSettings>): EmbedModel {
    return new OnnxEmbedModel({ ...this.identity, ...settings }, this.maximumTokens, this.#worker)
  }

  async embedDocuments(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const vectors: Float32Array[] = Array.from({ length: texts.length })
    const groups = groupByLength(texts)
    const failed = new AbortController()
    const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal
    const work = async (): Promise<void> => {
      for (let indices = groups.shift(); indices; indices = groups.shift()) {
        const made = await this.#embed(
          indices.map((index) => documentInput(this.identity, texts[index]!)),
          options.urgent === true,
          signal,
        )
        indices.forEach((index, i) => (vectors[index] = made[i]!))
        await options.onVectors?.(indices, made)
      }
    }
    try {
      await Promise.all(Array.from({ length: CALLS_UNDER_WAY }, work))
    } catch (error) {
      failed.abort(new StackroomError('cancelled', 'Another part of the work failed.'))
      throw error
    }
    return vectors
  }

  async embedQuery(text: string, options: EmbedOptions = {}): Promise<Float32Array> {
    const [vector] = await this.#embed([queryInput(this.identity, text)], true, options.signal)
    return vector!
  }

  #embed(texts: string[], urgent: boolean, signal?: AbortSignal): Promise<Float32Array[]> {
    const longText = this.identity.longText === 'cut' ? 'cut' : 'mean-of-windows'
    return this.#worker.embed({ texts, urgent, longText }, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.close()
  }
}

/** Places of the texts in groups of like length, so that little is padded. */
function groupByLength(texts: readonly string[]): number[][] {
  const sorted = texts.map((_, index) => index).sort((a, b) => texts[a]!.length - texts[b]!.length)
  const groups: number[][] = []
  let characters = 0
  for (const index of sorted) {
    const group = groups.at(-1)
    characters += texts[index]!.length
    if (!group || group.length >= TEXTS_PER_CALL || characters > CHARACTERS_PER_CALL) {
      groups.push([index])
      characters = texts[index]!.length
    } else group.push(index)
  }
  return groups
}
