/** One request to a server that speaks OpenAI's embeddings API, and what must be true of its answer. */
import OpenAI, { APIError, AzureOpenAI } from 'openai'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { flawOf } from '../vectors.ts'
import { fetchWithReadableRefusals, refusalIn } from './server-words.ts'
import type { Server } from './servers.ts'

export interface EmbeddingsClientOptions {
  readonly server: Server
  readonly model: string
  readonly key: string | null
  /** Asked for in each request; absent: whatever the model makes. */
  readonly askForDimensions?: number | undefined
  /** For one request. */
  readonly timeLimitMs: number
}

const answerSchema = z.object({
  data: z.array(
    z.object({
      index: z.number().int().nonnegative().optional(),
      embedding: z.union([z.string(), z.array(z.number().nullable())]),
    }),
  ),
})

export class EmbeddingsClient {
  readonly #client: OpenAI
  readonly #options: EmbeddingsClientOptions

  constructor(options: EmbeddingsClientOptions) {
    this.#options = options
    const { server, key, model, timeLimitMs } = options
    const shared = {
      apiKey: key ?? 'none',
      // retrying is done by our caller, who knows what may be lost
      maxRetries: 0,
      timeout: timeLimitMs,
      // nothing of a request, its texts or its key goes to the console
      logLevel: 'off',
      fetch: fetchWithReadableRefusals,
      organization: null,
      project: null,
    } as const
    this.#client =
      server.kind === 'azure'
        ? new AzureOpenAI({
            ...shared,
            endpoint: server.baseUrl,
            apiVersion: server.apiVersion ?? '2024-10-21',
            deployment: model,
          })
        : new OpenAI({ ...shared, baseURL: server.baseUrl })
  }

  /** Vectors in the texts' order. Throws OpenAI's errors, or `bad-answer` and `invalid-vector`. */
  async embed(texts: readonly string[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    const { server, model, askForDimensions } = this.#options
    const answer: unknown = await this.#client.embeddings.create(
      {
        model,
        input: [...texts],
        // a third of the bytes; servers of other makers do not all know it
        encoding_format: server.kind === 'compatible' ? 'float' : 'base64',
        ...(askForDimensions === undefined ? {} : { dimensions: askForDimensions }),
      },
      { signal: signal ?? null },
    )
    const parsed = answerSchema.safeParse(answer)
    if (!parsed.success) {
      // some servers refuse with the status of a success
      const refusal = refusalIn(answer)
      if (refusal) throw new APIError(400, refusal, undefined, new Headers())
      throw badAnswer(server.name, 'its answer has no vectors', parsed.error)
    }
    const { data } = parsed.data
    if (data.length !== texts.length)
      throw badAnswer(server.name, `it answered ${texts.length} texts with ${data.length} vectors`)
    const vectors: Float32Array[] = Array.from({ length: texts.length })
    data.forEach(({ index, embedding }, place) => (vectors[index ?? place] = vectorOf(embedding)))
    for (let i = 0; i < texts.length; i++) {
      const vector = vectors[i]
      if (!vector) throw badAnswer(server.name, 'it left out a text')
      const flaw = flawOf(vector)
      if (flaw)
        throw new StackroomError('invalid-vector', `${server.name} made a vector that is ${flaw}.`, {
          hint: `The model ${model} may not be meant for embedding. Choose another one.`,
        })
    }
    return vectors
  }

  /** Ids of the models that the server lists. */
  async models(signal: AbortSignal | undefined): Promise<string[]> {
    const page = await this.#client.models.list({ signal: signal ?? null })
    return page.data.map((model) => model.id)
  }
}

/** Little-endian float32 in base64, or numbers; a server's null stands for NaN. */
function vectorOf(embedding: string | readonly (number | null)[]): Float32Array {
  if (typeof embedding !== 'string') return Float32Array.from(embedding, (value) => value ?? NaN)
  const bytes = Uint8Array.from(Buffer.from(embedding, 'base64'))
  return new Float32Array(bytes.buffer, 0, Math.floor(bytes.byteLength / 4))
}

function badAnswer(server: string, what: string, cause?: unknown): StackroomError {
  return new StackroomError('bad-answer', `${server} cannot be understood: ${what}.`, {
    hint: 'Check that its address is that of an embeddings API like OpenAI’s, often ending in /v1.',
    cause,
  })
}
