/** Files into a real storage folder with the model that comes with the app: what is found is what was asked for. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sourceSettingsSchema } from '#contract'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { toTransformation } from '#engine/ingest/node-parser-record.ts'
import { nodeParserSettingsFor } from '#engine/ingest/node-parser-settings.ts'
import { ingest } from '#engine/ingest/pipeline.ts'
import { ReaderPool } from '#engine/ingest/reader-pool.ts'
import { createStorageFolder, openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'

const root = join(import.meta.dirname, '../..')
const fixtures = join(root, 'test/fixtures/documents')
const names = ['two-pages.pdf', 'notes.txt', 'page.html']

test('a question finds the page that answers it; a second run after reopening reads only what changed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-model-'))
  try {
    const source = join(folder, 'documents')
    const persistDir = join(folder, 'storage')
    const dataFolder = join(folder, 'data')
    await mkdir(source)
    for (const name of names) await cp(join(fixtures, name), join(source, name))

    await using registry = new EmbedModelRegistry({ resourcesFolder: join(root, 'resources'), dataFolder })
    await using pool = new ReaderPool({ size: 1 })
    const model = await registry.open(BUNDLED_MODEL_ID)
    const nodeParserSettings = nodeParserSettingsFor(model.maximumTokens, {
      kind: 'model',
      folder: registry.bundledModelFolder,
    })
    const run = (storage: StorageFolder) =>
      ingest({ storage, model, sources: [source], nodeParserSettings, readerPool: pool })
    const best = async (storage: StorageFolder, question: string) => {
      const [hit] = await storage.query(await model.embedQuery(question), 1)
      return (await storage.nodes([hit?.nodeId ?? '']))[0]
    }

    {
      await using storage = await createStorageFolder({
        persistDir,
        dataFolder,
        settings: {
          version: 1,
          name: 'Handbook',
          created: new Date().toISOString(),
          lastIndexed: null,
          embedModel: { ...model.identity, metadataMode: 'embed' },
          transformations: [toTransformation(nodeParserSettings, model.identity.id)],
          vectorStore: { kind: 'simple' },
          sources: [sourceSettingsSchema.parse({ path: source })],
        },
      })
      expect(await run(storage)).toMatchObject({ documents: 4, nodes: 4, unchanged: 0, failed: [] })
      expect(await best(storage, 'How humid should it be where paper is kept?')).toMatchObject({
        refDocId: join(source, 'two-pages.pdf_part_1'),
      })
    }

    await using storage = await openStorageFolder({ persistDir, dataFolder })
    expect(await run(storage)).toMatchObject({ documents: 0, nodes: 0, unchanged: 3 })
    await writeFile(join(source, 'notes.txt'), 'The cat of the library sleeps on the warm radiator.')
    expect(await run(storage)).toMatchObject({ documents: 1, nodes: 1, unchanged: 2 })
    expect(await storage.summary()).toMatchObject({ documents: 4, nodes: 4, vectors: 4 })
    expect(await best(storage, 'Where does the animal rest?')).toMatchObject({
      refDocId: join(source, 'notes.txt'),
      text: 'The cat of the library sleeps on the warm radiator.',
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
