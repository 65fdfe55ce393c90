/** What PostgreSQL refuses, as sentences: its five-character codes are stable, its words are of the server's language. */
import { DatabaseError } from 'pg'
import { StackroomError } from '#contract'
import { connectionFailure } from '#platform/connection-failure.ts'
import {
  connectionError,
  explainConnection,
  refusalError,
  type Refusal,
  type RemotePlace,
} from '../remote-errors.ts'

const refusals: Readonly<Record<string, Refusal>> = {
  '28000': 'wrong-key',
  '28P01': 'wrong-key',
  '42501': 'not-permitted',
  '25006': 'not-permitted',
  '53100': 'disk-full',
  '53400': 'no-quota',
  '53300': 'too-many-requests',
  '53200': 'too-many-requests',
  '55P03': 'too-many-requests',
  '57014': 'too-many-requests',
}

/** Without a code: what `pg` says of a connection that ended, and of one that was not made in time. */
const ended = /^(Connection terminated|Client has encountered a connection error|Connection ended)/
const tooSlow = /^(timeout exceeded when trying to connect|Connection terminated due to connection timeout)/

/** Whether the same work may succeed on another connection. */
export function isLostConnection(error: unknown): boolean {
  if (error instanceof DatabaseError)
    // Connection exceptions, a server that shuts down or starts, a deadlock, a serialisation failure.
    return /^(08|57P0[123]|40001|40P01)/.test(error.code ?? '')
  if (error instanceof Error && (ended.test(error.message) || tooSlow.test(error.message))) return true
  const failure = connectionFailure(error)
  return failure === 'broken-off' || failure === 'refused'
}

export function explainPostgresError(error: unknown, place: RemotePlace): unknown {
  if (error instanceof DatabaseError) return explainDatabaseError(error, place)
  if (error instanceof Error && tooSlow.test(error.message)) return connectionError('no-answer', place, error)
  if (error instanceof Error && ended.test(error.message)) return connectionError('broken-off', place, error)
  if (error instanceof Error && /server does not support SSL/i.test(error.message))
    return connectionError('no-encryption', place, error)
  if (error instanceof Error && /password must be a string|SASL/.test(error.message))
    return refusalError('wrong-key', place, error)
  return explainConnection(error, place) ?? error
}

function explainDatabaseError(error: DatabaseError, place: RemotePlace): StackroomError {
  const { code = '' } = error
  const refusal = refusals[code]
  if (refusal) return refusalError(refusal, place, error)
  if (isLostConnection(error)) return connectionError('broken-off', place, error)
  const dimensions = /expected (\d+) dimensions, not (\d+)|different \w+ dimensions (\d+) and (\d+)/.exec(
    error.message,
  )
  if (dimensions)
    return new StackroomError(
      'dimension-mismatch',
      `The table has vectors of ${dimensions[1] ?? dimensions[3]} dimensions, not of ${dimensions[2] ?? dimensions[4]}.`,
      { hint: 'Use the embed model that the table was built with.', cause: error },
    )
  if (code === '3D000')
    return new StackroomError('not-found', `There is no such database at ${place.address}.`, {
      hint: 'Check the name of the database at the end of the address.',
      cause: error,
    })
  if (code === '42P01' || code === '3F000')
    return new StackroomError('not-found', `The table is not, or no longer, at ${place.address}.`, {
      hint: 'Check the names of table and schema.',
      cause: error,
    })
  if (code === '0A000' || code === '58P01' || /extension "vector"/.test(error.message))
    return new StackroomError(
      'engine-unavailable',
      `The server at ${place.address} does not have pgvector.`,
      {
        hint: 'Install pgvector on the server, and let CREATE EXTENSION vector run once in the database.',
        cause: error,
      },
    )
  return refusalError('failed', place, error)
}
