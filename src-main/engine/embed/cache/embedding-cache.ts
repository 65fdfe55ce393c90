/** The embedding cache, as the main process sees it: text that was embedded once with a model is never sent to it again. */
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { WorkerClient } from '#platform/worker-client.ts'
import type { EmbedModelIdentity } from '../embed-model.ts'
import type { CacheWorkerMethods } from './cache-worker.ts'
import type { CacheStoreOptions } from './cache-store.ts'

export type TextKind = 'document' | 'query'

export interface EmbeddingCacheOptions {
  readonly dataFolder: string
  /** Default 4 GB: about 2.5 million vectors of 384 dimensions. */
  readonly maximumBytes?: number
}

export class EmbeddingCache implements AsyncDisposable {
  readonly #data: CacheStoreOptions
  #worker: WorkerClient<CacheWorkerMethods> | undefined

  constructor(options: EmbeddingCacheOptions) {
    const { dataFolder, maximumBytes = 4e9 } = options
    mkdirSync(dataFolder, { recursive: true })
    this.#data = { path: join(dataFolder, 'embeddings.sqlite'), maximumBytes }
  }

  get #client(): WorkerClient<CacheWorkerMethods> {
    return (this.#worker ??= new WorkerClient<CacheWorkerMethods>('embed-cache', {
      data: this.#data,
      onExit: () => (this.#worker = undefined),
    }))
  }

  /** Vectors for the keys, in their order; null where there is none. */
  read(identity: EmbedModelIdentity, keys: readonly string[]): Promise<(Float32Array | null)[]> {
    return this.#client.call('read', { model: hashOfIdentity(identity), texts: keys.map(bytesOf) })
  }

  /** Durable when the promise resolves. */
  write(
    identity: EmbedModelIdentity,
    keys: readonly string[],
    vectors: readonly Float32Array[],
  ): Promise<void> {
    return this.#client.call('write', {
      model: hashOfIdentity(identity),
      texts: keys.map(bytesOf),
      vectors,
    })
  }

  /** Bytes of the vectors in the file. */
  bytes(): Promise<number> {
    return this.#client.call('bytes', undefined)
  }

  async close(): Promise<void> {
    const worker = this.#worker
    if (!worker) return
    await worker.call('close', undefined)
    await worker.close()
    this.#worker = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** The key of a text; queries and documents apart, since some models treat them differently. */
export function keyOfText(kind: TextKind, text: string): string {
  return createHash('sha256').update(kind).update('\0').update(text).digest('hex')
}

function hashOfIdentity(identity: EmbedModelIdentity): Uint8Array {
  // a field that came later is left out where it says what was always so: what was cached before stays found
  const { lineBreaks, ...rest } = identity
  const told = lineBreaks === 'kept' ? rest : identity
  const fields = Object.entries(told).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(fields)).digest()
}

const bytesOf = (key: string): Uint8Array => Buffer.from(key, 'hex')
