/** What there is to open on a Chroma server. Of a folder it is read without an engine: verify/chroma-collections.ts. */
import type { Metadata } from '#contract'
import type { StoreCallOptions, VectorMetric } from '../vector-store.ts'
import { ChromaClient, defaultDatabase, metricOf, type ChromaDatabase } from './chroma-client.ts'
import type { ChromaServer } from './chroma-server.ts'

export interface ListedCollection extends ChromaDatabase {
  readonly name: string
  readonly records: number
  /** Null until the first record is added. */
  readonly dimension: number | null
  readonly metric: VectorMetric
  /** What it says that it is embedded with (`default`, `openai` …); null where it does not say. */
  readonly embeddingFunction: string | null
  readonly metadata: Metadata
}

/** All collections of all databases of a tenant. */
export async function listCollections(
  server: ChromaServer,
  tenant = defaultDatabase.tenant,
  { signal }: StoreCallOptions = {},
): Promise<ListedCollection[]> {
  const databases = await new ChromaClient(server, { tenant, database: '' }).listDatabases(signal)
  const listed: ListedCollection[] = []
  for (const database of databases) {
    const client = new ChromaClient(server, { tenant, database })
    for (const collection of await client.listCollections(signal))
      listed.push({
        tenant,
        database,
        name: collection.name,
        records: await client.count(collection.id, signal),
        dimension: collection.dimension ?? null,
        metric: metricOf(collection),
        embeddingFunction: collection.configuration_json.embedding_function?.name ?? null,
        metadata: collection.metadata ?? {},
      })
  }
  return listed
}
