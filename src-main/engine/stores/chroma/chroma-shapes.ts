/** What goes to a Chroma server and comes from it, in version 2 of its interface. */
import { z } from 'zod'
import { parsedObjectSchema } from '#platform/parsed-object.ts'
import type { VectorMetric } from '../vector-store.ts'

const spaceSchema = z.enum(['cosine', 'l2', 'ip'])
const defaultSpace = 'l2'
const indexSchema = z.looseObject({ space: spaceSchema.nullish() })

export const collectionSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  tenant: z.string(),
  database: z.string(),
  metadata: parsedObjectSchema.nullish(),
  dimension: z.number().int().nullish(),
  configuration_json: z.looseObject({
    hnsw: indexSchema.nullish(),
    spann: indexSchema.nullish(),
    embedding_function: z.looseObject({ type: z.string(), name: z.string().optional() }).nullish(),
  }),
})
export type ChromaCollection = z.infer<typeof collectionSchema>

const list = <Item extends z.ZodType>(item: Item) => z.array(item.nullable()).nullish()
const vectorSchema = z.array(z.number())

export const recordsSchema = z.object({
  ids: z.array(z.string()),
  documents: list(z.string()),
  uris: list(z.string()),
  metadatas: list(parsedObjectSchema),
  embeddings: list(vectorSchema),
})
export type ChromaRecords = z.infer<typeof recordsSchema>

export const answerSchema = z.object({
  ids: z.array(z.array(z.string())),
  distances: z.array(z.array(z.number().nullable())).nullish(),
  documents: z.array(list(z.string())).nullish(),
  uris: z.array(list(z.string())).nullish(),
  metadatas: z.array(list(parsedObjectSchema)).nullish(),
  embeddings: z.array(list(vectorSchema)).nullish(),
})

export type Include = 'documents' | 'uris' | 'metadatas' | 'embeddings' | 'distances'
/** Chroma's filter language. */
export type Where = Readonly<Record<string, unknown>>

export interface RecordSelection {
  readonly ids?: readonly string[] | undefined
  readonly where?: Where | undefined
}

export interface RecordRequest extends RecordSelection {
  readonly include: readonly Include[]
  readonly limit?: number
  readonly offset?: number
}

export interface NewRecords {
  readonly ids: readonly string[]
  readonly vectors: readonly Float32Array[]
  readonly documents: readonly string[]
  readonly metadatas: readonly Readonly<Record<string, unknown>>[]
}

export interface NewCollection {
  readonly name: string
  readonly metric: VectorMetric
  /** What it says that it is embedded with. */
  readonly embeddingFunction: string | null
}

export interface RankedRecords extends ChromaRecords {
  readonly distances: readonly number[]
}

export const checksSchema = z.looseObject({
  max_batch_size: z.number().int().positive(),
  supports_base64_encoding: z.boolean().default(false),
})
export type ServerChecks = z.infer<typeof checksSchema>

export const identitySchema = z.looseObject({ tenant: z.string(), databases: z.array(z.string()) })
export interface ServerIdentity {
  /** Null: any. */
  readonly tenant: string | null
  /** Those that the token may see; null: any. */
  readonly databases: readonly string[] | null
}

/**
 * What the engine ranks with. Collections made before 1.0 say it in their metadata, while their configuration has the default:
 * the engine goes by the metadata then.
 */
export function metricOf({ configuration_json, metadata }: ChromaCollection): VectorMetric {
  const configured = configuration_json.hnsw?.space ?? configuration_json.spann?.space ?? defaultSpace
  if (configured !== defaultSpace) return configured
  return spaceSchema.safeParse(metadata?.['hnsw:space']).data ?? defaultSpace
}
