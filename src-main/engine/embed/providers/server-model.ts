/** An embed model behind a server: batches, a few requests at a time, each tried again while that may help. */
import { StackroomError } from '#contract'
import type { EmbedModel, EmbedModelIdentity, EmbedModelSettings, EmbedOptions } from '../embed-model.ts'
import { documentInput, queryInput } from '../model-input.ts'
import type { EmbeddingsClient } from './embeddings-client.ts'
import { explainFailure, type RequestTarget } from './request-errors.ts'
import { RequestFailure, ServerPause, withRetries, type RetryOptions } from './retry.ts'

export interface ServerLimits {
  readonly textsPerRequest: number
  /** Estimated from the bytes of the texts. */
  readonly tokensPerRequest: number
  readonly requestsAtOnce: number
  readonly documents: RetryOptions
  /** A person waits for a query: it is given up sooner. */
  readonly queries: RetryOptions
}

export interface ServerModelOptions {
  readonly identity: EmbedModelIdentity
  readonly maximumTokens: number
  /** Whether the server is on this machine. */
  readonly offline: boolean
  readonly client: EmbeddingsClient
  readonly target: RequestTarget
  readonly limits: ServerLimits
}

/** No tokenizer makes fewer bytes a token on average over real text, so the estimate is on the safe side. */
const BYTES_PER_TOKEN = 2.5

export class ServerEmbedModel implements EmbedModel {
  readonly identity: EmbedModelIdentity
  readonly maximumTokens: number
  readonly offline: boolean
  readonly #options: ServerModelOptions
  readonly #pause: ServerPause

  constructor(options: ServerModelOptions, pause = new ServerPause()) {
    this.identity = options.identity
    this.maximumTokens = options.maximumTokens
    this.offline = options.offline
    this.#options = options
    this.#pause = pause
  }

  vary(settings: Partial<EmbedModelSettings>): EmbedModel {
    const identity = { ...this.identity, ...settings }
    return new ServerEmbedModel({ ...this.#options, identity }, this.#pause)
  }

  async embedDocuments(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const { limits } = this.#options
    const ready = texts.map((text) => documentInput(this.identity, text))
    const vectors: Float32Array[] = Array.from({ length: texts.length })
    const batches = batchesOf(ready, limits)
    const failed = new AbortController()
    const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal
    const lane = async (): Promise<void> => {
      for (let batch = batches.shift(); batch; batch = batches.shift()) {
        let made: Float32Array[]
        try {
          made = await this.#request(
            batch.map((index) => ready[index]!),
            options.urgent ? limits.queries : limits.documents,
            signal,
          )
        } catch (error) {
          if (!(error instanceof RequestFailure)) throw error
          if (!error.failed.split || batch.length === 1) throw error.failed.error
          // the server says too much: halves, so that a text that is too long by itself is found
          const middle = Math.ceil(batch.length / 2)
          batches.unshift(batch.slice(0, middle), batch.slice(middle))
          continue
        }
        batch.forEach((index, i) => (vectors[index] = made[i]!))
        await options.onVectors?.(batch, made)
      }
    }
    const lanes = Array.from({ length: limits.requestsAtOnce }, lane)
    try {
      await Promise.all(lanes)
    } catch (error) {
      failed.abort(new StackroomError('cancelled', 'Another request failed.'))
      await Promise.allSettled(lanes)
      throw error
    }
    return vectors
  }

  async embedQuery(text: string, options: EmbedOptions = {}): Promise<Float32Array> {
    const ready = queryInput(this.identity, text)
    try {
      const [vector] = await this.#request([ready], this.#options.limits.queries, options.signal)
      return vector!
    } catch (error) {
      throw error instanceof RequestFailure ? error.failed.error : error
    }
  }

  async #request(
    texts: readonly string[],
    retry: RetryOptions,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array[]> {
    const { client, target } = this.#options
    const vectors = await withRetries(
      () => client.embed(texts, signal),
      (error) => explainFailure(error, target),
      this.#pause,
      { ...retry, signal },
    )
    const wrong = vectors.find((vector) => vector.length !== this.identity.dimensions)
    if (wrong)
      throw new StackroomError(
        'dimension-mismatch',
        `${this.identity.id} makes vectors of ${wrong.length} dimensions, and ${this.identity.dimensions} were expected.`,
        { hint: 'The server may run another model under this name. Choose the model again.' },
      )
    return vectors
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Places of the texts, in order, within the server's limits; at least one in each. */
function batchesOf(texts: readonly string[], limits: ServerLimits): number[][] {
  const batches: number[][] = []
  let tokens = 0
  texts.forEach((text, index) => {
    const own = Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)
    const batch = batches.at(-1)
    if (!batch || batch.length >= limits.textsPerRequest || tokens + own > limits.tokensPerRequest) {
      batches.push([index])
      tokens = own
    } else {
      batch.push(index)
      tokens += own
    }
  })
  return batches
}
