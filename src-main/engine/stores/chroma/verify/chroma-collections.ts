/** The collections of a Chroma folder with what each was made with, over all versions of its tables since 0.4. */
import { z } from 'zod'
import type { ChromaReader } from './chroma-database.ts'
import { seqIdOf } from './seq-ids.ts'

export const chromaMetrics = ['l2', 'cosine', 'ip'] as const
export type ChromaMetric = (typeof chromaMetrics)[number]

export interface ChromaEmbeddingFunction {
  /** `default`, `openai`, `sentence_transformer`, `ollama` …; `legacy` where the collection does not say. */
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
}

export interface ChromaSegment {
  readonly id: string
  /** The last change that it has; null when none is recorded. */
  readonly maxSeqId: number | null
}

export interface ChromaCollection {
  readonly id: string
  readonly name: string
  readonly tenant: string
  readonly database: string
  /** Null until the first record is added. */
  readonly dimension: number | null
  readonly metric: ChromaMetric
  readonly maxNeighbours: number
  /** Null where the collection does not say: those before Chroma 1.0. */
  readonly embeddingFunction: ChromaEmbeddingFunction | null
  readonly metadata: Readonly<Record<string, string | number | boolean | null>>
  readonly records: number
  readonly vectorSegment: ChromaSegment | null
  readonly metadataSegment: ChromaSegment | null
  /** Where its changes wait in embeddings_queue; null where none ever did. */
  readonly topic: string | null
}

/** A value of metadata, in the column of its type. */
export const scalarRowSchema = z.object({
  key: z.string(),
  str_value: z.string().nullable(),
  int_value: z.number().nullable(),
  float_value: z.number().nullable(),
  bool_value: z.number().nullable(),
})
export type ScalarRow = z.infer<typeof scalarRowSchema>

const collectionRowsSchema = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    dimension: z.number().nullable(),
    tenant: z.string().nullable(),
    database: z.string().nullable(),
    config: z.string().nullable(),
    schema: z.string().nullable(),
  }),
)

const segmentRowsSchema = z.array(z.object({ id: z.string(), scope: z.string(), seq_id: z.unknown() }))

const embeddingFunctionSchema = z.object({
  name: z.string().optional(),
  type: z.string().optional(),
  config: z.record(z.string(), z.unknown()).optional(),
})
const hnswSchema = z.object({ space: z.string().optional(), max_neighbors: z.number().optional() })
const vectorIndexSchema = z.object({
  config: z.object({
    space: z.string().nullish(),
    hnsw: hnswSchema.nullish(),
    embedding_function: embeddingFunctionSchema.nullish(),
  }),
})
/** Newer than sysdb 10. */
const schemaSchema = z.object({
  keys: z.object({ '#embedding': z.object({ float_list: z.object({ vector_index: vectorIndexSchema }) }) }),
})
const configurationSchema = z.object({
  vector_index: z.object({ hnsw: hnswSchema.nullish() }).nullish(),
  embedding_function: embeddingFunctionSchema.nullish(),
  /** Before 1.0; the collection's metadata counts more. */
  hnsw_configuration: z.object({ space: z.string().optional(), M: z.number().optional() }).nullish(),
})

export function readCollections(database: ChromaReader): ChromaCollection[] {
  const column = (name: string): string => (database.hasColumn('collections', name) ? `c.${name}` : 'NULL')
  // Folders of 0.4 before 0.4.15 have no tenants and databases.
  const hasDatabases = database.hasTable('databases') && database.hasColumn('collections', 'database_id')
  const rows = collectionRowsSchema.parse(
    database.rows(
      `SELECT c.id, c.name, c.dimension, ${hasDatabases ? 'd.tenant_id' : 'NULL'} AS tenant,
         ${hasDatabases ? 'd.name' : 'NULL'} AS database,
         ${column('config_json_str')} AS config, ${column('schema_str')} AS schema
       FROM collections c ${hasDatabases ? 'LEFT JOIN databases d ON d.id = c.database_id' : ''}
       ORDER BY tenant, database, c.name`,
    ),
  )
  const topics = z
    .array(z.object({ topic: z.string() }))
    .parse(database.rows('SELECT DISTINCT topic FROM embeddings_queue'))
  return rows.map((row) => {
    const segments = segmentRowsSchema.parse(
      database.rows(
        `SELECT s.id, s.scope, m.seq_id FROM segments s LEFT JOIN max_seq_id m ON m.segment_id = s.id
         WHERE s.collection = ?`,
        row.id,
      ),
    )
    const segmentOf = (scope: string): ChromaSegment | null => {
      const segment = segments.find((each) => each.scope === scope)
      return segment ? { id: segment.id, maxSeqId: seqIdOf(segment.seq_id) } : null
    }
    const metadata = readMetadata(database, row.id)
    const metadataSegment = segmentOf('METADATA')
    return {
      id: row.id,
      name: row.name,
      tenant: row.tenant ?? 'default_tenant',
      database: row.database ?? 'default_database',
      dimension: row.dimension,
      ...settingsOf(parsed(row.schema), parsed(row.config), metadata),
      metadata,
      records: metadataSegment
        ? database.number('SELECT count(*) FROM embeddings WHERE segment_id = ?', metadataSegment.id)
        : 0,
      vectorSegment: segmentOf('VECTOR'),
      metadataSegment,
      topic: topics.find(({ topic }) => topic.endsWith(`/${row.id}`))?.topic ?? null,
    }
  })
}

function readMetadata(database: ChromaReader, collection: string): ChromaCollection['metadata'] {
  const bool = database.hasColumn('collection_metadata', 'bool_value') ? 'bool_value' : 'NULL'
  const rows = z.array(scalarRowSchema).parse(
    database.rows(
      `SELECT key, str_value, int_value, float_value, ${bool} AS bool_value FROM collection_metadata
         WHERE collection_id = ?`,
      collection,
    ),
  )
  return Object.fromEntries(rows.map((row) => [row.key, scalarOf(row)]))
}

export function scalarOf(row: Omit<ScalarRow, 'key'>): string | number | boolean | null {
  if (row.bool_value !== null) return row.bool_value !== 0
  return row.str_value ?? row.int_value ?? row.float_value
}

function settingsOf(
  schema: unknown,
  configuration: unknown,
  metadata: ChromaCollection['metadata'],
): Pick<ChromaCollection, 'metric' | 'maxNeighbours' | 'embeddingFunction'> {
  const index = schemaSchema.safeParse(schema).data?.keys['#embedding'].float_list.vector_index.config
  const config = configurationSchema.safeParse(configuration).data
  const hnsw = config?.vector_index?.hnsw
  const old = config?.hnsw_configuration
  const told = index?.embedding_function ?? config?.embedding_function
  const space = [index?.space, hnsw?.space, metadata['hnsw:space'], old?.space].find(isMetric)
  const neighbours = [index?.hnsw?.max_neighbors, hnsw?.max_neighbors, metadata['hnsw:M'], old?.M]
  return {
    metric: space ?? 'l2',
    maxNeighbours: neighbours.find((value) => typeof value === 'number') ?? 16,
    embeddingFunction: told ? { name: told.name ?? told.type ?? 'unknown', config: told.config ?? {} } : null,
  }
}

function isMetric(value: unknown): value is ChromaMetric {
  return chromaMetrics.some((metric) => metric === value)
}

function parsed(text: string | null): unknown {
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
