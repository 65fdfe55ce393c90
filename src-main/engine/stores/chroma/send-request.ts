/**
 * One HTTP request and its whole answer. With Node's own client: a query takes a few milliseconds, of which `fetch` would be
 * one. Redirects are not followed, as the token would go along.
 */
import { request as httpRequest, type ClientRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { errorCodeOf } from '#platform/file-errors.ts'

export interface RequestOptions {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** JSON. */
  readonly body?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Answer {
  readonly status: number
  readonly text: string
}

/** Rejects with what the connection says, and with an AbortError. */
export async function sendRequest(url: string, options: RequestOptions): Promise<Answer> {
  const { answer, request } = send(url, options)
  try {
    return await answer
  } catch (error) {
    // A connection that was kept open, and that the server closed just now.
    if (!request.reusedSocket || errorCodeOf(error) !== 'ECONNRESET') throw error
    return send(url, options).answer
  }
}

function send(
  url: string,
  { method, headers, body, signal }: RequestOptions,
): { answer: Promise<Answer>; request: ClientRequest } {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
  const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, {
    method,
    headers: { 'content-type': 'application/json', ...length, ...headers },
    ...(signal && { signal }),
  })
  const answer = new Promise<Answer>((resolve, reject) => {
    request.once('error', reject)
    request.once('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
      )
    })
  })
  request.end(body)
  return { answer, request }
}
