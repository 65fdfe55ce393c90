/** Chroma folders made fresh for a test, with an engine of their own: what other programs would have put into them. */
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { ChromaClient } from '#engine/stores/chroma/chroma-client.ts'
import type { ChromaRecords } from '#engine/stores/chroma/chroma-shapes.ts'
import { openChromaEngine } from '#engine/stores/chroma/open-chroma-store.ts'

/** The changed copy of the engine is made once for all tests. */
export const engineCache = join(tmpdir(), 'stackroom-test-cache')

export interface PlainRecord {
  readonly id: string
  readonly document: string
  readonly metadata: Readonly<Record<string, string | number | boolean>>
  readonly vector?: Float32Array
}

/** Does work with the folder open; nobody else may have it open meanwhile. */
export async function inChroma<Value>(
  folder: string,
  work: (client: ChromaClient) => Promise<Value>,
): Promise<Value> {
  await using engine = openChromaEngine({ folder, cacheFolder: engineCache, migrate: false })
  return await work(new ChromaClient(engine))
}

/** As Chroma's own client adds them with its default function, or LangChain's, which gives vectors along. */
export async function fillCollection(
  folder: string,
  name: string,
  records: readonly PlainRecord[],
  embeddingFunction: 'default' | null,
): Promise<void> {
  const vectors = await embedded(records.map(({ document }) => document))
  await inChroma(folder, async (client) => {
    const { id } = await client.getOrCreateCollection({ name, metric: 'l2', embeddingFunction })
    await client.write('add', id, {
      ids: records.map((record) => record.id),
      documents: records.map(({ document }) => document),
      metadatas: records.map(({ metadata }) => metadata),
      vectors: records.map((record, index) => record.vector ?? vectors[index] ?? new Float32Array()),
    })
  })
}

export async function recordsIn(folder: string, name: string): Promise<ChromaRecords> {
  return inChroma(folder, async (client) => {
    const { id } = await client.collection(name)
    return client.get(id, { include: ['documents', 'metadatas'] })
  })
}

async function embedded(texts: readonly string[]): Promise<Float32Array[]> {
  const resourcesFolder = resolve(import.meta.dirname, '../../resources')
  await using models = new EmbedModelRegistry({ resourcesFolder, dataFolder: engineCache })
  return await (await models.open(BUNDLED_MODEL_ID)).embedDocuments([...texts])
}
