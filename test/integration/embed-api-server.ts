/** A real HTTP server that speaks OpenAI's embeddings API with the vectors of a model, and fails on demand. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { EmbedModel } from '#engine/embed/embed-model.ts'

export const bodySchema = z.object({
  model: z.string(),
  input: z.array(z.string()),
  encoding_format: z.enum(['float', 'base64']).optional(),
  dimensions: z.number().optional(),
})
export type EmbeddingsRequest = z.infer<typeof bodySchema>

/** Answers instead of the model; false: the model answers. */
export type Trouble = (
  request: EmbeddingsRequest,
  response: ServerResponse,
  incoming: IncomingMessage,
) => boolean | Promise<boolean>

export class ApiServer implements AsyncDisposable {
  readonly requests: EmbeddingsRequest[] = []
  readonly headers: IncomingMessage['headers'][] = []
  readonly paths: string[] = []
  atOnce = 0
  mostAtOnce = 0
  trouble: Trouble = () => false
  /** Asked for in every request; null: no key is needed. */
  key: string | null = null
  /** The name of its one deployment: then it speaks Azure's addresses and header, and only those. */
  deployment: string | null = null
  listsModels = true
  /** Texts come back in this order. */
  order: <Item>(items: Item[]) => Item[] = (items) => items
  readonly #model: EmbedModel
  readonly #server = createServer((incoming, response) => void this.#answer(incoming, response))

  private constructor(model: EmbedModel) {
    this.#model = model
  }

  static async start(model: EmbedModel): Promise<ApiServer> {
    const server = new ApiServer(model)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** An address of the same server that is not written as one of this machine's. */
  get remoteUrl(): string {
    return this.url.replace('127.0.0.1', '0.0.0.0')
  }

  get texts(): string[] {
    return this.requests.flatMap((request) => request.input)
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    this.paths.push(incoming.url ?? '')
    this.headers.push(incoming.headers)
    if (this.deployment !== null && refusedAsAzure(incoming, response, this.deployment, this.key)) return
    if (
      this.deployment === null &&
      this.key !== null &&
      incoming.headers.authorization !== `Bearer ${this.key}`
    ) {
      sendError(response, 401, 'Incorrect API key provided.', 'invalid_api_key')
      return
    }
    if (incoming.url?.endsWith('/models')) {
      if (!this.listsModels) return void response.writeHead(404).end('404 page not found')
      const ids = ['llama3.2:3b', 'nomic-embed-text:latest', 'whisper-1']
      return sendJson(response, 200, { object: 'list', data: ids.map((id) => ({ id, object: 'model' })) })
    }
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const request = bodySchema.parse(JSON.parse(Buffer.concat(chunks).toString()))
    this.requests.push(request)
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce)
    try {
      if (await this.trouble(request, response, incoming)) return
      const vectors = await this.#model.embedDocuments(request.input)
      const data = vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding:
          request.encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector],
      }))
      sendJson(response, 200, { object: 'list', model: request.model, data: this.order(data) })
    } finally {
      this.atOnce--
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** As Azure answers: without an API version, with a key in the wrong place, or for a deployment that is not there. */
function refusedAsAzure(
  { url = '', headers }: IncomingMessage,
  response: ServerResponse,
  deployment: string,
  key: string | null,
): boolean {
  const { pathname, searchParams } = new URL(url, 'http://azure')
  if (key !== null && headers['api-key'] !== key)
    return sendError(
      response,
      401,
      'Access denied due to invalid subscription key or wrong API endpoint.',
      '401',
    )
  const asked = /^\/openai\/deployments\/([^/]+)\/embeddings$/.exec(pathname)?.[1]
  if (asked === undefined || !searchParams.has('api-version'))
    return sendError(response, 404, 'Resource not found', '404')
  if (asked !== deployment)
    return sendError(
      response,
      404,
      'The API deployment for this resource does not exist.',
      'DeploymentNotFound',
    )
  return false
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}

export function sendError(
  response: ServerResponse,
  status: number,
  message: string,
  code: string | null = null,
  headers: Record<string, string> = {},
): true {
  sendJson(response, status, { error: { message, type: 'error', code } }, headers)
  return true
}
