/** What went wrong with a request to a model server: one code for each cause, and whether trying again may help. */
import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai'
import { StackroomError, type ErrorCode } from '#contract'

export interface RequestTarget {
  readonly server: string
  readonly baseUrl: string
  readonly model: string
  readonly keyName: string | undefined
  /** Taken out of everything that a server says. */
  readonly key: string | null
  readonly timeLimitMs: number
}

export interface FailedRequest {
  readonly error: StackroomError
  readonly retry: boolean
  /** What the server asked for; absent when it did not. */
  readonly waitMs?: number
  /** Whether fewer texts in one request may help. */
  readonly split: boolean
}

/** Returns null for a request that was cancelled. */
export function explainFailure(error: unknown, target: RequestTarget): FailedRequest | null {
  if (error instanceof APIUserAbortError) return null
  if (error instanceof StackroomError) return { error, retry: error.code === 'bad-answer', split: false }
  const because = (code: ErrorCode, message: string, hint: string): StackroomError =>
    new StackroomError(code, message, { hint, cause: withoutKey(error, target.key) })
  const { server, baseUrl, model } = target
  if (error instanceof APIConnectionTimeoutError)
    return {
      error: because(
        'time-limit',
        `${server} did not answer within ${Math.round(target.timeLimitMs / 1000)} seconds.`,
        'It may be loading the model or be overloaded. Try again later.',
      ),
      retry: true,
      split: false,
    }
  if (error instanceof APIConnectionError || !isApiError(error) || error.status === undefined)
    return {
      error: because(
        'server-down',
        `${server} cannot be reached at ${baseUrl}, or broke off its answer.`,
        'Check that the server runs, that its address is right, and the network.',
      ),
      retry: true,
      split: false,
    }
  const { status } = error
  const said = wordsOf(error, target.key)
  const final = { retry: false, split: false }
  if (status === 401 || status === 403)
    return {
      error: because(
        target.key === null ? 'no-key' : 'wrong-key',
        target.key === null ? `${server} asks for a key.` : `${server} does not accept the key.`,
        `Enter the key of ${server} again${target.keyName ? `, or set ${target.keyName}` : ''}.`,
      ),
      ...final,
    }
  if (status === 402 || /insufficient_quota|billing/.test(`${error.code} ${error.type} ${said}`))
    return {
      error: because(
        'no-quota',
        `The account at ${server} has no quota left.`,
        'Look at its plan and billing, then start again: what is done is kept.',
      ),
      ...final,
    }
  if (status === 404)
    return {
      error: because(
        'no-such-model',
        `${server} has no embed model named ${model} at ${baseUrl}.`,
        `Choose one of the models that ${server} lists, and check its address.`,
      ),
      ...final,
    }
  if (status === 429)
    return {
      error: because(
        'rate-limited',
        `${server} asks for a pause: too many requests.`,
        'Try again later: what is done is kept.',
      ),
      retry: true,
      split: false,
      ...waitOf(error.headers),
    }
  const tooLong = /context length|context window|too long|too large|maximum.{0,30}tokens|exceed/i.test(said)
  if (status === 413 || (status < 500 && tooLong))
    return {
      error: because(
        'text-too-long',
        `A text is longer than ${model} at ${server} reads${said && `: ${said}`}`,
        'Index with a smaller chunk size, or choose a model with a larger window.',
      ),
      retry: false,
      split: true,
    }
  if (
    /not? (an? )?(text )?embedding|(does|do) not support embed|embeddings? (is |are )?not supported/i.test(
      said,
    )
  )
    return {
      error: because(
        'no-such-model',
        `${model} at ${server} cannot embed: it is a model of another kind${said && `: ${said}`}`,
        'Choose an embed model, for example nomic-embed-text.',
      ),
      ...final,
    }
  const busy = status >= 500 || status === 408 || status === 409
  return {
    error: because(
      'server-error',
      `${server} answered with an error (${status})${said && `: ${said}`}`,
      busy ? 'Try again later: what is done is kept.' : `Check that ${model} is an embed model of ${server}.`,
    ),
    retry: busy,
    split: status === 422,
    ...(busy ? waitOf(error.headers) : {}),
  }
}

function isApiError(error: unknown): error is APIError {
  return error instanceof APIError
}

function wordsOf(error: APIError, key: string | null): string {
  const words = error.message.replace(/^\d{3} /, '').replaceAll(/\s+/g, ' ')
  return (key ? words.replaceAll(key, '…') : words).slice(0, 300)
}

function withoutKey(error: unknown, key: string | null): unknown {
  if (!(error instanceof Error)) return undefined
  const text = error.stack ?? error.message
  return key ? text.replaceAll(key, '…') : text
}

/** `Retry-After` in seconds or as a date, and OpenAI's `retry-after-ms`. */
function waitOf(headers: Headers | undefined): { waitMs?: number } {
  const milliseconds = Number(headers?.get('retry-after-ms') ?? NaN)
  if (Number.isFinite(milliseconds)) return { waitMs: Math.max(0, milliseconds) }
  const after = headers?.get('retry-after')
  if (!after) return {}
  const waitMs = /^[\d.]+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now()
  return Number.isFinite(waitMs) ? { waitMs: Math.max(0, waitMs) } : {}
}
