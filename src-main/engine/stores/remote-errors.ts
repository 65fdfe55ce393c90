/**
 * What goes wrong with a store on a server, whatever the store: each cause as a sentence and a way out. An adapter tells the
 * causes apart that only it can know, and asks here for the words.
 */
import { isCancelled, StackroomError } from '#contract'
import { connectionFailure, type ConnectionFailure } from '#platform/connection-failure.ts'

export interface RemotePlace {
  /** As in a sentence: `PostgreSQL`, `Qdrant`. */
  readonly name: string
  /** Host and port, nothing secret. */
  readonly address: string
}

/** What a server refuses, beyond the network. */
export type Refusal =
  'wrong-key' | 'not-permitted' | 'no-quota' | 'disk-full' | 'too-many-requests' | 'too-old' | 'failed'

/** An error of the connection as a sentence; null when it is another kind of error. Cancelling stays what it is. */
export function explainConnection(error: unknown, place: RemotePlace): unknown {
  if (error instanceof StackroomError || isCancelled(error)) return error
  const failure = connectionFailure(error)
  return failure && connectionError(failure, place, error)
}

export function connectionError(
  failure: ConnectionFailure,
  { name, address }: RemotePlace,
  cause?: unknown,
): StackroomError {
  const [message, hint] = connectionWords(failure, name, address)
  return new StackroomError('server-down', message, { hint, cause })
}

function connectionWords(failure: ConnectionFailure, name: string, address: string): [string, string] {
  switch (failure) {
    case 'unknown-host':
      return [
        `${name} cannot be reached: the name in ${address} is not known on the network.`,
        'Check the address, and that this computer is connected.',
      ]
    case 'untrusted-certificate':
      return [
        `The certificate of ${address} is not one that this computer trusts, so nothing was sent to ${name}.`,
        'Check the address. If it is a server of your own, let NODE_EXTRA_CA_CERTS name the file of its certificate authority.',
      ]
    case 'no-encryption':
      return [
        `${name} at ${address} and this computer do not agree on encryption.`,
        'Check whether the address asks for encryption that the server does not have, or the other way round.',
      ]
    case 'refused':
      return [
        `${name} does not answer at ${address}.`,
        'Check that the server runs, and that its host and port are right.',
      ]
    case 'no-answer':
      return [
        `${name} at ${address} did not answer in time.`,
        'Check the network and whether a firewall is between; a server that is busy may answer later.',
      ]
    case 'broken-off':
      return [
        `The connection to ${name} at ${address} broke off.`,
        'Try again: what was written before is kept, and nothing is written twice.',
      ]
  }
}

export function refusalError(
  refusal: Refusal,
  { name, address }: RemotePlace,
  cause: unknown,
): StackroomError {
  switch (refusal) {
    case 'wrong-key':
      return new StackroomError('wrong-key', `${name} at ${address} does not accept the key or password.`, {
        hint: 'Check the user and the key or password.',
        cause,
      })
    case 'not-permitted':
      return new StackroomError(
        'permission-denied',
        `${name} at ${address} does not permit this user to do that.`,
        {
          hint: 'Ask whoever runs the server for the right to read and write there.',
          cause,
        },
      )
    case 'no-quota':
      return new StackroomError('no-quota', `${name} at ${address} takes no more: its quota is used up.`, {
        hint: 'Free some space there or get a larger plan. What was written before is kept.',
        cause,
      })
    case 'disk-full':
      return new StackroomError('disk-full', `The disk of ${name} at ${address} is full.`, {
        hint: 'Free some space on the server and try again. What was written before is kept.',
        cause,
      })
    case 'too-many-requests':
      return new StackroomError('rate-limited', `${name} at ${address} has too much to do at the moment.`, {
        hint: 'Try again in a minute.',
        cause,
      })
    case 'too-old':
      return new StackroomError('engine-unavailable', `${name} at ${address} is too old for Stackroom.`, {
        hint: 'Bring the server to a newer version.',
        cause,
      })
    case 'failed':
      return new StackroomError('server-error', `${name} at ${address} failed: ${wordsOf(cause)}`, {
        hint: 'Try again. If it stays, the log of the server says more.',
        cause,
      })
  }
}

export function noSuchCollection(what: string, name: string, { address }: RemotePlace): StackroomError {
  return new StackroomError('not-found', `There is no ${what} “${name.slice(0, 200)}” at ${address}.`, {
    hint: 'Check the name. `stackroom info <address>` lists what is there.',
  })
}

/** What a server said, short enough for a sentence. */
function wordsOf(cause: unknown): string {
  const words = cause instanceof Error ? cause.message : String(cause)
  return words.length > 300 ? `${words.slice(0, 300)}…` : words
}
