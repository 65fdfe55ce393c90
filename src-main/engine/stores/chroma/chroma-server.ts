/** Where a Chroma server is: an engine of our own (chroma-engine.ts), or one that somebody else runs. */
import { StackroomError } from '#contract'

export interface ChromaServer {
  /** What the requests carry besides: the token. */
  readonly headers?: Readonly<Record<string, string>>
  /** Does `work` with the server's address, without a slash at its end. */
  use<Value>(work: (address: string) => Promise<Value>, signal?: AbortSignal): Promise<Value>
}

export interface RemoteServerOptions {
  /** May have a path, as servers behind others do. */
  readonly url: string
  readonly token?: string | undefined
}

/** Of Chroma Cloud. */
export const chromaCloudUrl = 'https://api.trychroma.com'

/** Throws `invalid-input` for what is no address. */
export function remoteServer({ url, token }: RemoteServerOptions): ChromaServer {
  const parsed = URL.parse(url)
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw new StackroomError('invalid-input', `${url} is no address of a server.`, {
      hint: 'It looks like http://localhost:8000.',
    })
  const address = `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`
  return {
    // Chroma Cloud reads the first, servers with token authentication either, as they are set up.
    headers: token === undefined ? {} : { 'x-chroma-token': token, authorization: `Bearer ${token}` },
    use: (work) => work(address),
  }
}
