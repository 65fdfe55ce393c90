/** What a Chroma server refuses, as sentences. */
import { z } from 'zod'
import { StackroomError } from '#contract'
import { explainConnection, refusalError, type RemotePlace } from '../remote-errors.ts'

const bodySchema = z.looseObject({
  error: z.string().optional(),
  message: z.string().optional(),
  detail: z.unknown().optional(),
})

/** A request that got no answer. */
export function connectionError(address: string, cause: unknown): unknown {
  return explainConnection(cause, placeOf(address)) ?? noChroma(address, cause)
}

export function noChroma(address: string, cause: unknown): StackroomError {
  return new StackroomError('bad-answer', `What answers at ${address} is no Chroma server.`, {
    hint: 'Check the address, and whether it begins with http or https.',
    cause,
  })
}

/** Than Chroma 1.0. */
export function tooOld(address: string, cause: unknown): StackroomError {
  return refusalError('too-old', placeOf(address), cause)
}

function placeOf(address: string): RemotePlace {
  return { name: 'The Chroma server', address }
}

/** An answer with a status that is an error. */
export function refusal(address: string, status: number, body: string): StackroomError {
  const answer = bodySchema.safeParse(tryParse(body)).data
  const { message = '', detail } = answer ?? {}
  const cause = `${status} ${message || body.slice(0, 1000)}`
  const dimensions = /dimension of (\d+), got (\d+)/.exec(message)
  if (dimensions)
    return new StackroomError(
      'dimension-mismatch',
      `The collection has vectors of ${dimensions[1]} dimensions, not of ${dimensions[2]}.`,
      { hint: 'Use the embed model that the collection was built with.', cause },
    )
  if (status < 400)
    return new StackroomError('bad-answer', `${address} leads to another address.`, {
      hint: 'Give that address instead. It is not followed, as the token would go along.',
      cause,
    })
  if (status === 401 || status === 403)
    return new StackroomError('wrong-key', `The Chroma server at ${address} does not accept the token.`, {
      hint: 'Check the token, and that it may use this tenant and database.',
      cause,
    })
  // What the first servers' framework says of an address that they do not have.
  if (detail === 'Not Found') return tooOld(address, cause)
  if (status === 404 && !answer) return noChroma(address, cause)
  if (status === 404 || /^(Tenant|Database) .*does not exist/.test(message))
    return new StackroomError('not-found', said('The Chroma server does not have this', message), {
      hint: 'Check the names of tenant, database and collection.',
      cause,
    })
  if (status === 429)
    return new StackroomError('rate-limited', 'The Chroma server asks for fewer requests.', {
      hint: 'Try again in a minute.',
      cause,
    })
  if (/quota|billing/i.test(message))
    return new StackroomError('no-quota', said('The Chroma server refuses more', message), { cause })
  if (status >= 500)
    return new StackroomError('server-error', said('The Chroma server failed', message), { cause })
  return new StackroomError('invalid-input', said('The Chroma server refused the request', message), {
    cause,
  })
}

function said(sentence: string, message: string): string {
  return message === '' ? `${sentence}.` : `${sentence}: ${message.slice(0, 300)}`
}

function tryParse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
