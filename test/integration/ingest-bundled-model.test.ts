/** Files to vectors with the model that comes with the app: what is found is what was asked for. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { nodeParserSettingsFor } from '#engine/ingest/node-parser-settings.ts'
import { ingest } from '#engine/ingest/pipeline.ts'
import { ReaderPool } from '#engine/ingest/reader-pool.ts'
import type { DocumentWithVectors } from '#engine/storage/storage-folder.ts'

const root = join(import.meta.dirname, '../..')
const fixtures = join(root, 'test/fixtures/documents')

test('a question finds the page that answers it', { timeout: 60_000 }, async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'stackroom-model-'))
  try {
    await using registry = new EmbedModelRegistry({ resourcesFolder: join(root, 'resources'), dataFolder })
    await using pool = new ReaderPool({ size: 1 })
    const model = await registry.open(BUNDLED_MODEL_ID)
    const documents: DocumentWithVectors[] = []
    const report = await ingest({
      storage: {
        manifest: async () => [],
        change: async ({ insert = [] }) => {
          documents.push(...insert)
        },
      },
      model,
      paths: ['two-pages.pdf', 'notes.txt', 'page.html'].map((name) => join(fixtures, name)),
      nodeParserSettings: nodeParserSettingsFor(model.maximumTokens, {
        kind: 'model',
        folder: registry.bundledModelFolder,
      }),
      readerPool: pool,
    })
    expect(report).toMatchObject({ documents: 4, nodes: 4, failed: [] })
    const query = await model.embedQuery('How humid should it be where paper is kept?')
    const best = documents.toSorted((a, b) => similarity(b, query) - similarity(a, query))[0]
    expect(best?.document.id).toBe(join(fixtures, 'two-pages.pdf_part_1'))
  } finally {
    await rm(dataFolder, { recursive: true, force: true })
  }
})

function similarity({ vectors }: DocumentWithVectors, query: Float32Array): number {
  const vector = vectors[0] ?? new Float32Array()
  return vector.reduce((sum, value, index) => sum + value * (query[index] ?? 0), 0)
}
