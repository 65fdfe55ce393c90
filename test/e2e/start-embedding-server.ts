/** Starts the specs' server of embed models, and keeps what it was sent. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'

const entry = resolve(import.meta.dirname, 'embedding-server.ts')
const lineSchema = z.union([
  z.object({ url: z.string(), remoteUrl: z.string() }),
  z.object({ texts: z.array(z.string()) }),
])

export interface EmbeddingServer extends AsyncDisposable {
  readonly url: string
  /** The same server, at an address that is not written as one of this machine's: it counts as one elsewhere. */
  readonly remoteUrl: string
  /** Every text that it was sent. */
  readonly texts: readonly string[]
}

export async function startEmbeddingServer(key: string, dataFolder: string): Promise<EmbeddingServer> {
  const server = spawn(process.execPath, [entry, key, dataFolder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const texts: string[] = []
  const addresses = await new Promise<{ url: string; remoteUrl: string }>((found, failed) => {
    createInterface({ input: server.stdout }).on('line', (line) => {
      const said = lineSchema.parse(JSON.parse(line))
      if ('texts' in said) texts.push(...said.texts)
      else found(said)
    })
    server.once('exit', () => failed(new Error('The embedding server ended before it printed its address.')))
  })
  return {
    ...addresses,
    texts,
    async [Symbol.asyncDispose]() {
      const ended = server.exitCode === null ? once(server, 'exit') : Promise.resolve()
      server.kill('SIGTERM')
      await ended
    },
  }
}
