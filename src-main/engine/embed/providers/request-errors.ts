/** What went wrong with a request to a model server: one code for each cause, and whether trying again may help. */
import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai'
import { StackroomError, type ErrorCode } from '#contract'
import { explainLostConnection } from './connection-errors.ts'
import { canEmbed } from './embedding-names.ts'
import type { Server } from './servers.ts'

export interface RequestTarget {
  readonly server: string
  readonly kind: Server['kind']
  readonly baseUrl: string
  /** Null: the server was asked for its models. */
  readonly model: string | null
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

interface Refused {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
  readonly retry?: boolean
  readonly split?: boolean
}

/** Returns null for a request that was cancelled. */
export function explainFailure(error: unknown, target: RequestTarget): FailedRequest | null {
  if (error instanceof APIUserAbortError) return null
  if (error instanceof StackroomError) return { error, retry: false, split: false }
  const explained = explain(error, target)
  const { code, message, hint, retry = false, split = false } = explained
  return {
    error: new StackroomError(code, message, { hint, cause: withoutKey(error, target.key) }),
    retry,
    split,
    ...(retry && isApiError(error) ? waitOf(error.headers) : {}),
  }
}

function explain(error: unknown, target: RequestTarget): Refused {
  if (error instanceof APIConnectionTimeoutError)
    return {
      code: 'time-limit',
      message: `${target.server} did not answer within ${Math.round(target.timeLimitMs / 1000)} seconds.`,
      hint: 'It may be loading the model or be overloaded. Try again later: what is done is kept.',
      retry: true,
    }
  if (error instanceof APIConnectionError || !isApiError(error) || error.status === undefined)
    return explainLostConnection(error, target)
  return explainRefusal(error.status, `${error.code} ${error.type}`, wordsOf(error, target.key), target)
}

const refusesToEmbed =
  /not? (an? )?(valid |supported )?(text )?embedding|(does|do)(n.t| not) support (the )?.?(text )?embed|embeddings? (api |endpoint |operation )?(is |are |does )?not (supported|available|enabled|implemented|work)|generate embeddings from this model|is an? (chat|completion|generative|language) model|does not work with the specified model/i
const saysTooLong = /context length|context window|too long|too large|maximum.{0,30}tokens/i
const saysTooMany =
  /batch.?size|too many (inputs|texts|items)|number of (inputs|texts|items)|array.{0,20}too/i
const saysNoQuota = /insufficient_quota|exceeded your (current )?quota|billing|credit balance|out of credits/i
const saysNoModel =
  /model.{0,120}(not (found|exist|supported|available|loaded)|(doesn.t|does not) exist|unknown|invalid)|(unknown|invalid|no such) model|no models loaded|deployment.{0,60}(does not|doesn.t) exist/i

/** From the surest sign to the vaguest. */
function explainRefusal(status: number, codes: string, said: string, target: RequestTarget): Refused {
  const { server, model, key, keyName } = target
  const inItsWords = said === '' ? '.' : `: ${said}`
  const enterKey = `Enter the key of ${server} again${keyName ? `, or set ${keyName}` : ''}.`
  if (model !== null && (refusesToEmbed.test(said) || status === 501))
    return {
      code: 'no-such-model',
      message: `${model} at ${server} cannot embed${inItsWords}`,
      hint: `It is a model of another kind, such as a chat model, or ${server} was started without embedding. Choose an embedding model, for example nomic-embed-text.`,
    }
  if (status === 401)
    return {
      code: key === null ? 'no-key' : 'wrong-key',
      message: key === null ? `${server} asks for a key.` : `${server} does not accept the key.`,
      hint: enterKey,
    }
  if (status === 402 || saysNoQuota.test(`${codes} ${said}`))
    return {
      code: 'no-quota',
      message: `The account at ${server} has no quota left.`,
      hint: 'Look at its plan and billing, then start again: what is done is kept.',
    }
  if (status === 403)
    return {
      code: key === null ? 'no-key' : 'wrong-key',
      message: `${server} does not allow this ${key === null ? 'without a key' : 'with the key it was given'}${inItsWords}`,
      hint: `The account may not have the right to use ${model ?? 'its models'}. ${enterKey}`,
    }
  if (status === 429)
    return {
      code: 'rate-limited',
      message: `${server} asks for a pause: too many requests.`,
      hint: 'Try again later: what is done is kept.',
      retry: true,
    }
  if (status === 413 || saysTooLong.test(said) || (status < 500 && /exceed/i.test(said)))
    return {
      code: 'text-too-long',
      message: `A text is longer than ${model ?? 'the model'} at ${server} reads${inItsWords}`,
      hint: 'Index with a smaller chunk size, or choose a model with a larger window.',
      split: true,
    }
  if (status === 404 || status === 405 || (status < 500 && saysNoModel.test(said)))
    return explainNotFound(said, target)
  if (/unsupported value: NaN/.test(said))
    return {
      code: 'invalid-vector',
      message: `${server} made a vector that is not a number.`,
      hint: `Some text of this folder is what ${model ?? 'the model'} cannot do. Update ${server}, or choose another model.`,
      split: true,
    }
  if (status >= 500 || [408, 409, 425].includes(status)) {
    const isEmbedModel = model === null || canEmbed(model) === true
    return {
      code: 'server-error',
      message: `${server} answered with an error (${status})${inItsWords}`,
      hint: isEmbedModel
        ? 'Try again later: what is done is kept.'
        : `If ${model} is a chat model it cannot embed: choose an embedding model, for example nomic-embed-text. Otherwise try again later: what is done is kept.`,
      retry: true,
    }
  }
  return {
    code: 'server-error',
    message: `${server} answered with an error (${status})${inItsWords}`,
    hint: `Check that ${model ?? 'it'} is an embedding model of ${server}, and its settings.`,
    split: status === 422 || saysTooMany.test(said),
  }
}

function explainNotFound(said: string, { server, kind, baseUrl, model }: RequestTarget): Refused {
  if (kind === 'azure')
    return {
      code: 'no-such-model',
      message: `${server} has no deployment named ${model} at ${baseUrl}${said === '' ? '.' : `: ${said}`}`,
      hint: 'Write the name of the deployment as the Azure portal has it, and check the address of the resource.',
    }
  const versioned = /\/v\d+\w*\/?$/.test(new URL(baseUrl).pathname)
  const address = versioned
    ? 'check its address'
    : `check its address, which often ends in /v1 (it is ${baseUrl})`
  if (model === null)
    return {
      code: 'not-found',
      message: `${server} does not list its models at ${baseUrl}.`,
      hint: `Name the model yourself, or ${address}.`,
    }
  const pull = /try pulling|ollama pull/i.test(said) ? ` Get it with \`ollama pull ${model}\`.` : ''
  return {
    code: 'no-such-model',
    message: `${server} has no embedding model named ${model} at ${baseUrl}${said === '' ? '.' : `: ${said}`}`,
    hint: `Choose one of the models that ${server} lists, or ${address}.${pull}`,
  }
}

function isApiError(error: unknown): error is APIError {
  return error instanceof APIError
}

function wordsOf(error: APIError, key: string | null): string {
  const words = error.message.replace(/^\d{3} (status code \(no body\))?/, '').replaceAll(/\s+/g, ' ')
  return (key ? words.replaceAll(key, '…') : words).trim().slice(0, 300)
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
