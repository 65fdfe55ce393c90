/** Indexes a folder with the embedding cache before a model that notes what it made, until it is killed or done. */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { EmbeddingCache } from '#engine/embed/cache/embedding-cache.ts'
import { cachedEmbedModel } from '#engine/embed/cache/cached-model.ts'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { defaultNodeParserSettings } from '#engine/ingest/node-parser-settings.ts'
import { ingest } from '#engine/ingest/pipeline.ts'
import { ReaderPool } from '#engine/ingest/reader-pool.ts'
import { createStorageFolder, openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { CountingModel } from './ingest-test-folder.ts'
import { settings } from './storage-settings.ts'

const [home = '', mode = ''] = process.argv.slice(2)
const counting = new CountingModel()
/** Texts of one request; a text is noted when its vector is kept. */
const atOnce = 4
const model: EmbedModel = {
  ...counting,
  identity: counting.identity,
  async embedDocuments(texts, { onVectors } = {}) {
    const vectors: Float32Array[] = []
    for (let start = 0; start < texts.length; start += atOnce) {
      const part = texts.slice(start, start + atOnce)
      const made = await counting.embedDocuments(part)
      await onVectors?.(
        part.map((_, index) => start + index),
        made,
      )
      appendFileSync(join(home, 'embedded.txt'), part.map((text) => `${JSON.stringify(text)}\n`).join(''))
      vectors.push(...made)
    }
    return vectors
  },
  embedQuery: (text) => counting.embedQuery(text),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}

const folder = { persistDir: join(home, 'storage'), dataFolder: join(home, 'data') }
const storage =
  mode === 'new' ? await createStorageFolder({ ...folder, settings }) : await openStorageFolder(folder)
const cache = new EmbeddingCache({ dataFolder: folder.dataFolder })
const readerPool = new ReaderPool({ size: 1 })
const report = await ingest({
  storage,
  model: cachedEmbedModel(model, cache),
  sources: [join(home, 'sources')],
  nodeParserSettings: defaultNodeParserSettings,
  readerPool,
})
await storage.close()
await readerPool.close()
await cache.close()
process.stdout.write(JSON.stringify(report))
