/**
 * A process with an embedding cache: embeds `<name> 0` to `<name> <count - 1>` in batches of 50 with a model that costs nothing, and
 * writes down what the model is sent. `dataFolder sentFile name count`
 */
import { appendFileSync } from 'node:fs'
import { cachedEmbedModel } from '#engine/embed/cache/cached-model.ts'
import { EmbeddingCache } from '#engine/embed/cache/embedding-cache.ts'
import type { EmbedModel } from '#engine/embed/embed-model.ts'

const [dataFolder = '', sentFile = '', name = '', count = '0'] = process.argv.slice(2)
const batch = 50

const vectorOf = (text: string): Float32Array => Float32Array.of(text.length, 1)
const model: EmbedModel = {
  identity: {
    id: 'test:counting',
    dimensions: 2,
    pooling: 'provider',
    normalized: false,
    queryPrefix: '',
    documentPrefix: '',
    longText: 'provider',
    lineBreaks: 'kept',
    revision: '1',
  },
  maximumTokens: 100,
  offline: false,
  async embedDocuments(texts, options = {}) {
    for (let start = 0; start < texts.length; start += batch) {
      const part = texts.slice(start, start + batch)
      appendFileSync(sentFile, part.map((text) => `${text}\n`).join(''))
      await options.onVectors?.(
        part.map((_, index) => start + index),
        part.map(vectorOf),
      )
    }
    return texts.map(vectorOf)
  },
  embedQuery: (text) => Promise.resolve(vectorOf(text)),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}

await using cache = new EmbeddingCache({ dataFolder })
const texts = Array.from({ length: Number(count) }, (_, index) => `${name} ${index}`)
const vectors = await cachedEmbedModel(model, cache).embedDocuments(texts)
if (!vectors.every((vector, index) => vector[0] === texts[index]?.length))
  throw new Error('A vector is another text’s.')
