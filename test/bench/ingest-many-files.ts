/**
 * One process that indexes many small files (in `sources` of the folder it is given) with a model that costs nothing, twice.
 * Prints a line of JSON for each run, with the most memory that the process had, worker threads and all.
 */
import { join } from 'node:path'
import { emptySettings } from '#app/new-settings.ts'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { defaultNodeParserSettings } from '#engine/ingest/node-parser-settings.ts'
import { ingest } from '#engine/ingest/pipeline.ts'
import { ReaderPool } from '#engine/ingest/reader-pool.ts'
import { createStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { keepNurserySmall } from '#platform/small-nursery.ts'

const [folder = ''] = process.argv.slice(2)
// As the hosts do.
keepNurserySmall()

/** A vector that depends on the text, so that none is zero. */
const model: EmbedModel = {
  identity: {
    id: 'bench:nothing',
    dimensions: 384,
    pooling: 'mean',
    normalized: false,
    queryPrefix: '',
    documentPrefix: '',
    longText: 'cut',
    lineBreaks: 'kept',
    revision: '1',
  },
  maximumTokens: 8192,
  offline: true,
  embedDocuments: (texts) => Promise.resolve(texts.map(vectorOf)),
  embedQuery: (text) => Promise.resolve(vectorOf(text)),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}

function vectorOf(text: string): Float32Array {
  return new Float32Array(384).fill(1 + (text.length % 7))
}

let peak = 0
const sampling = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 20)
const storage = await createStorageFolder({
  persistDir: join(folder, 'storage'),
  dataFolder: join(folder, 'data'),
  settings: emptySettings(folder),
})
const readerPool = new ReaderPool()
for (let run = 0; run < 2; run++) {
  peak = 0
  const report = await ingest({
    storage,
    model,
    sources: [join(folder, 'sources')],
    nodeParserSettings: defaultNodeParserSettings,
    readerPool,
    isRefresh: run > 0,
  })
  const { seconds, added, unchanged } = report
  console.log(JSON.stringify({ seconds, added, unchanged, peakMb: Math.round(peak / 1e6) }))
}
clearInterval(sampling)
await storage.close()
await readerPool.close()
