/** An embed model in front of which stands the embedding cache. */
import { abortable } from '#platform/abortable.ts'
import { LruMap } from './lru-map.ts'
import type { EmbedModel, EmbedOptions } from '../embed-model.ts'
import { keyOfText, type EmbeddingCache } from './embedding-cache.ts'

export interface CacheCounters {
  /** Texts that callers asked for. */
  readonly asked: number
  /** Texts that the model was asked for; the rest came from the cache, or from an equal text. */
  readonly sent: number
}

export interface CachedEmbedModel extends EmbedModel {
  readonly counters: CacheCounters
  /** Of each text of a document, whether its vector is in the cache; asks no model. */
  areCached(texts: readonly string[]): Promise<boolean[]>
}

const QUERIES_IN_MEMORY = 500
/** Texts that are looked up at once. */
const LOOK_UP = 1000

/**
 * Texts embedded once are never sent to the model again, equal texts are sent once, and each part that the model
 * finishes is stored before it starts the next. Disposing closes the model, not the cache.
 */
export function cachedEmbedModel(model: EmbedModel, cache: EmbeddingCache): CachedEmbedModel {
  const { identity } = model
  const counters = { asked: 0, sent: 0 }
  const queries = new LruMap<string, Float32Array>(QUERIES_IN_MEMORY)
  /** Keys that are with the model now, for whichever caller. */
  const underWay = new Map<string, Promise<Float32Array | null>>()

  async function embedDocuments(
    texts: readonly string[],
    options: EmbedOptions = {},
  ): Promise<Float32Array[]> {
    const { signal } = options
    counters.asked += texts.length
    const vectors: Float32Array[] = Array.from({ length: texts.length })
    const missing = new Map<string, number[]>()
    texts.forEach((text, index) => {
      const key = keyOfText('document', text)
      const places = missing.get(key)
      if (places) places.push(index)
      else missing.set(key, [index])
    })

    const arrived = async (keys: readonly string[], found: readonly Float32Array[]): Promise<void> => {
      const indices: number[] = []
      keys.forEach((key, i) => {
        for (const [nth, index] of (missing.get(key) ?? []).entries()) {
          // equal texts get copies, so that each caller may move its vectors to another thread
          vectors[index] = nth === 0 ? found[i]! : found[i]!.slice()
          indices.push(index)
        }
        missing.delete(key)
      })
      if (indices.length > 0)
        await options.onVectors?.(
          indices,
          indices.map((index) => vectors[index]!),
        )
    }

    while (missing.size > 0) {
      const others = [...missing.keys()].flatMap((key) => {
        const vector = underWay.get(key)
        return vector ? [{ key, vector }] : []
      })
      const own = [...missing.keys()].filter((key) => !underWay.has(key))
      await fetchOwn(own, (key) => texts[missing.get(key)![0]!]!, arrived, signal)
      const waited = await abortable(Promise.all(others.map((other) => other.vector)), signal)
      // null: the caller that had the text failed or cancelled, and it is ours in the next round
      const found = waited.flatMap((vector, i) => (vector ? [{ key: others[i]!.key, vector }] : []))
      await arrived(
        found.map(({ key }) => key),
        found.map(({ vector }) => vector.slice()),
      )
    }
    return vectors
  }

  /** From the cache, or else from the model. Claims the keys first, so that nobody else asks for them meanwhile. */
  async function fetchOwn(
    keys: readonly string[],
    textOf: (key: string) => string,
    arrived: (keys: readonly string[], vectors: readonly Float32Array[]) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const settle = new Map<string, (vector: Float32Array | null) => void>()
    for (const key of keys) underWay.set(key, new Promise((resolve) => settle.set(key, resolve)))
    const finish = async (done: readonly string[], made: readonly Float32Array[]): Promise<void> => {
      done.forEach((key, i) => {
        // a copy for who waits: the first caller may move its own to another thread
        settle.get(key)?.(made[i]!.slice())
        settle.delete(key)
      })
      await arrived(done, made)
    }
    try {
      for (let start = 0; start < keys.length; start += LOOK_UP) {
        signal?.throwIfAborted()
        const part = keys.slice(start, start + LOOK_UP)
        const found = await cache.read(identity, part)
        const hits = part.flatMap((key, i) => (found[i] ? [{ key, vector: found[i] }] : []))
        await finish(
          hits.map((hit) => hit.key),
          hits.map((hit) => hit.vector),
        )
      }
      const misses = keys.filter((key) => settle.has(key))
      if (misses.length === 0) return
      counters.sent += misses.length
      const store = async (indices: readonly number[], made: readonly Float32Array[]): Promise<void> => {
        const done = indices.map((index) => misses[index]!)
        await cache.write(identity, done, made)
        await finish(done, made)
      }
      const all = await model.embedDocuments(misses.map(textOf), { signal, onVectors: store })
      const unreported = misses.flatMap((key, index) => (settle.has(key) ? [index] : []))
      if (unreported.length > 0)
        await store(
          unreported,
          unreported.map((index) => all[index]!),
        )
    } finally {
      for (const resolve of settle.values()) resolve(null)
      for (const key of keys) underWay.delete(key)
    }
  }

  async function embedQuery(text: string, options: EmbedOptions = {}): Promise<Float32Array> {
    counters.asked++
    const key = keyOfText('query', text)
    const known = queries.get(key) ?? (await cache.read(identity, [key]))[0]
    if (known) {
      queries.set(key, known)
      return known.slice()
    }
    counters.sent++
    const vector = await model.embedQuery(text, options)
    queries.set(key, vector)
    await cache.write(identity, [key], [vector])
    return vector.slice()
  }

  return {
    identity,
    maximumTokens: model.maximumTokens,
    offline: model.offline,
    counters,
    areCached: async (texts) => {
      const vectors = await cache.read(
        identity,
        texts.map((text) => keyOfText('document', text)),
      )
      return vectors.map((vector) => vector !== null)
    },
    embedDocuments,
    embedQuery,
    ...(model.vary && { vary: (settings) => cachedEmbedModel(model.vary!(settings), cache) }),
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  }
}
