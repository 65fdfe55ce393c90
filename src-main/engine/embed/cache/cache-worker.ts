/** What the embedding cache's worker answers: see embedding-cache.ts for the side that asks. */
import { transferring } from '#platform/worker-server.ts'
import { CacheStore, type CacheStoreOptions } from './cache-store.ts'

export interface CacheRead {
  readonly model: Uint8Array
  readonly texts: readonly Uint8Array[]
}

export interface CacheWrite extends CacheRead {
  readonly vectors: readonly Float32Array[]
}

export type CacheWorkerMethods = ReturnType<typeof cacheWorkerMethods>

export function cacheWorkerMethods(options: CacheStoreOptions) {
  let store: CacheStore | undefined
  const opened = (): CacheStore => (store ??= new CacheStore(options))
  return {
    read: ({ model, texts }: CacheRead): (Float32Array<ArrayBuffer> | null)[] => {
      const vectors = opened().read(model, texts)
      return transferring(
        vectors,
        vectors.flatMap((vector) => (vector ? [vector.buffer] : [])),
      )
    },
    write: ({ model, texts, vectors }: CacheWrite): void => opened().write(model, texts, vectors),
    bytes: (): number => opened().bytes(),
    close: (): void => {
      store?.[Symbol.dispose]()
      store = undefined
    },
  }
}
