/** Why a server could not be reached, or broke off: what the network and its encryption say, as one of a few causes. */

export type ConnectionFailure =
  'unknown-host' | 'untrusted-certificate' | 'no-encryption' | 'refused' | 'no-answer' | 'broken-off'

const causes: readonly (readonly [RegExp, ConnectionFailure])[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'unknown-host'],
  [/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/, 'untrusted-certificate'],
  [/SSL|EPROTO|TLS/, 'no-encryption'],
  [/^ECONNREFUSED$/, 'refused'],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)$/, 'no-answer'],
  [/^(ECONNRESET|EPIPE|ECONNABORTED)$/, 'broken-off'],
]

/** Null for an error that the network did not cause. */
export function connectionFailure(error: unknown): ConnectionFailure | null {
  const codes = codesOf(error)
  for (const [pattern, failure] of causes) if (codes.some((code) => pattern.test(code))) return failure
  return null
}

/** Of an error and of those that caused it: clients wrap what the socket said. */
function codesOf(error: unknown): string[] {
  const codes: string[] = []
  for (let cause = error, depth = 0; cause instanceof Error && depth < 6; cause = cause.cause, depth++) {
    if ('code' in cause && typeof cause.code === 'string') codes.push(cause.code)
    if (cause instanceof AggregateError) codes.push(...cause.errors.flatMap(codesOf))
  }
  return codes
}
