/** Why no answer came from a model server: what the network or its encryption said, in words. */
import { connectionFailure } from '#platform/connection-failure.ts'
import type { RequestTarget } from './request-errors.ts'

interface LostConnection {
  readonly code: 'server-down'
  readonly message: string
  readonly hint: string
  readonly retry: boolean
}

export function explainLostConnection(
  error: unknown,
  { server, baseUrl }: Pick<RequestTarget, 'server' | 'baseUrl'>,
): LostConnection {
  const { hostname, host, protocol } = new URL(baseUrl)
  const failure = connectionFailure(error)
  if (failure === 'unknown-host')
    return {
      code: 'server-down',
      message: `${server} cannot be reached: the name ${hostname} is not known on the network.`,
      hint: 'Check its address, and that this computer is connected.',
      // a network that was lost for a moment comes back
      retry: true,
    }
  if (failure === 'untrusted-certificate')
    return {
      code: 'server-down',
      message: `The certificate of ${host} is not one that this computer trusts, so nothing was sent to ${server}.`,
      hint: 'Check its address. If it is a server of your own, let NODE_EXTRA_CA_CERTS name the file of its certificate authority.',
      retry: false,
    }
  if (failure === 'no-encryption')
    return {
      code: 'server-down',
      message: `${server} at ${host} does not speak ${protocol.replace(':', '')}.`,
      hint: 'Check whether its address has to begin with http:// or with https://.',
      retry: false,
    }
  return {
    code: 'server-down',
    message: `${server} cannot be reached at ${baseUrl}, or broke off its answer.`,
    hint: 'Check that the server runs, that its address is right, and the network.',
    retry: true,
  }
}
