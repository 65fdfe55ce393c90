/** An embed model that runs on this machine: its worker is started with the first text and again after it ended. */
import { availableParallelism } from 'node:os'
import { StackroomError } from '#contract'
import { WorkerClient } from '#platform/worker-client.ts'
import type { EmbedModel, EmbedModelIdentity, EmbedOptions } from './embed-model.ts'
import type { ModelFolder } from './model-folder.ts'
import type { EmbedWorkerData, EmbedWorkerMethods } from './onnx-worker.ts'

/** Texts in one call to the worker, fewer when they are long. */
const TEXTS_PER_CALL = 64
const CHARACTERS_PER_CALL = 200_000
/** One is computed while the vectors of the other are put away. */
const CALLS_UNDER_WAY = 2

export interface OnnxEmbedModelOptions {
  readonly id: string
  readonly model: ModelFolder
  readonly revision: string
  /** Default `mean-of-windows`. */
  readonly longText?: 'mean-of-windows' | 'cut'
  /** Default: all cores. */
  readonly threads?: number
}

export class OnnxEmbedModel implements EmbedModel {
  readonly identity: EmbedModelIdentity
  readonly maximumTokens: number
  readonly offline = true
  readonly #data: EmbedWorkerData
  #worker: WorkerClient<EmbedWorkerMethods> | undefined
  #closed = false

  constructor(options: OnnxEmbedModelOptions) {
    const { model, longText = 'mean-of-windows', threads = availableParallelism() } = options
    this.identity = {
      id: options.id,
      dimensions: model.dimensions,
      pooling: model.pooling,
      normalized: model.normalized,
      queryPrefix: model.queryPrefix,
      documentPrefix: model.documentPrefix,
      longText,
      revision: options.revision,
    }
    this.maximumTokens = model.maximumTokens
    this.#data = { model, threads, longText }
  }

  async embedDocuments(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const vectors: Float32Array[] = Array.from({ length: texts.length })
    const groups = groupByLength(texts)
    const failed = new AbortController()
    const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal
    const work = async (): Promise<void> => {
      for (let indices = groups.shift(); indices; indices = groups.shift()) {
        const made = await this.#embed(
          indices.map((index) => this.identity.documentPrefix + texts[index]!),
          false,
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
    const [vector] = await this.#embed([this.identity.queryPrefix + text], true, options.signal)
    return vector!
  }

  async #embed(texts: string[], urgent: boolean, signal?: AbortSignal): Promise<Float32Array[]> {
    if (this.#closed) throw new StackroomError('internal', `The model ${this.identity.id} was closed.`)
    this.#worker ??= new WorkerClient<EmbedWorkerMethods>('embed', {
      data: this.#data,
      onExit: () => (this.#worker = undefined),
    })
    const packed = await this.#worker.call('embed', { texts, urgent }, { signal })
    const { dimensions } = this.identity
    // copies, so that a vector that is kept or sent on does not keep or send the whole group
    return texts.map((_, i) => packed.slice(i * dimensions, (i + 1) * dimensions))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#worker?.close()
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
