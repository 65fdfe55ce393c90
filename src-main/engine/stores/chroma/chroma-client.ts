/**
 * Chroma's HTTP interface, version 2: what a store needs of it. Chroma's own client cannot be cancelled, knows no addresses
 * with a path, and packs vectors byte by byte.
 */
import { z } from 'zod'
import { jsonValueSchema, StackroomError } from '#contract'
import type { VectorMetric } from '../vector-store.ts'
import type { ChromaServer } from './chroma-server.ts'
import { connectionError, refusal } from './request-errors.ts'
import { sendRequest, type Answer } from './send-request.ts'

export interface ChromaDatabase {
  readonly tenant: string
  readonly database: string
}

export const defaultDatabase: ChromaDatabase = { tenant: 'default_tenant', database: 'default_database' }

const metadataSchema = z.record(z.string(), jsonValueSchema)
const spaceSchema = z.enum(['cosine', 'l2', 'ip'])
const defaultSpace = 'l2'
const indexSchema = z.looseObject({ space: spaceSchema.nullish() })

export const collectionSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  tenant: z.string(),
  database: z.string(),
  metadata: metadataSchema.nullish(),
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

const recordsSchema = z.object({
  ids: z.array(z.string()),
  documents: list(z.string()),
  metadatas: list(metadataSchema),
  embeddings: list(vectorSchema),
})
export type ChromaRecords = z.infer<typeof recordsSchema>

const answerSchema = z.object({
  ids: z.array(z.array(z.string())),
  distances: z.array(z.array(z.number().nullable())).nullish(),
  documents: z.array(list(z.string())).nullish(),
  metadatas: z.array(list(metadataSchema)).nullish(),
  embeddings: z.array(list(vectorSchema)).nullish(),
})

export type Include = 'documents' | 'metadatas' | 'embeddings' | 'distances'
/** Chroma's filter language. */
export type Where = Readonly<Record<string, unknown>>

export interface RecordSelection {
  readonly ids?: readonly string[] | undefined
  readonly where?: Where | undefined
}

export interface NewRecords {
  readonly ids: readonly string[]
  readonly vectors: readonly Float32Array[]
  readonly documents: readonly string[]
  readonly metadatas: readonly Readonly<Record<string, unknown>>[]
}

export interface NewCollection {
  readonly name: string
  readonly configuration: Readonly<Record<string, unknown>>
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
}

export interface RankedRecords extends ChromaRecords {
  readonly distances: readonly number[]
}

interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

const checksSchema = z.looseObject({
  max_batch_size: z.number().int().positive(),
  supports_base64_encoding: z.boolean().default(false),
})
export type ServerChecks = z.infer<typeof checksSchema>

const collectionsPerPage = 1000

export class ChromaClient {
  readonly #server: ChromaServer
  readonly #database: ChromaDatabase
  #checks: ServerChecks | undefined

  constructor(server: ChromaServer, database: ChromaDatabase = defaultDatabase) {
    this.#server = server
    this.#database = database
  }

  /** What the server takes at once. */
  async checks(signal?: AbortSignal): Promise<ServerChecks> {
    this.#checks ??= await this.#request('/pre-flight-checks', checksSchema, { signal })
    return this.#checks
  }

  /** Databases of the tenant. */
  async listDatabases(signal?: AbortSignal): Promise<string[]> {
    const path = `/tenants/${encodeURIComponent(this.#database.tenant)}/databases`
    const databases = await this.#request(path, z.array(z.looseObject({ name: z.string() })), { signal })
    return databases.map(({ name }) => name)
  }

  async listCollections(signal?: AbortSignal): Promise<ChromaCollection[]> {
    const collections: ChromaCollection[] = []
    for (;;) {
      const page = await this.#request(
        `${this.#collections}?limit=${collectionsPerPage}&offset=${collections.length}`,
        z.array(collectionSchema),
        { signal },
      )
      collections.push(...page)
      if (page.length < collectionsPerPage) return collections
    }
  }

  /** Throws `not-found`. */
  collection(name: string, signal?: AbortSignal): Promise<ChromaCollection> {
    return this.#request(`${this.#collections}/${encodeURIComponent(name)}`, collectionSchema, { signal })
  }

  getOrCreateCollection(collection: NewCollection, signal?: AbortSignal): Promise<ChromaCollection> {
    const body = { ...collection, get_or_create: true }
    return this.#request(this.#collections, collectionSchema, { method: 'POST', body, signal })
  }

  async deleteCollection(name: string, signal?: AbortSignal): Promise<void> {
    const path = `${this.#collections}/${encodeURIComponent(name)}`
    await this.#request(path, z.unknown(), { method: 'DELETE', signal })
  }

  count(collectionId: string, signal?: AbortSignal): Promise<number> {
    return this.#request(this.#records(collectionId, 'count'), z.number().int(), { signal })
  }

  /** Records whose ids are there are replaced. */
  async upsert(
    collectionId: string,
    { ids, vectors, documents, metadatas }: NewRecords,
    signal?: AbortSignal,
  ): Promise<void> {
    const { supports_base64_encoding: asBase64 } = await this.checks(signal)
    const embeddings = vectors.map((vector) => (asBase64 ? base64(vector) : Array.from(vector)))
    const body = { ids, embeddings, documents, metadatas }
    await this.#request(this.#records(collectionId, 'upsert'), z.unknown(), { method: 'POST', body, signal })
  }

  get(
    collectionId: string,
    request: RecordSelection & { include: readonly Include[]; limit?: number; offset?: number },
    signal?: AbortSignal,
  ): Promise<ChromaRecords> {
    const path = this.#records(collectionId, 'get')
    return this.#request(path, recordsSchema, { method: 'POST', body: request, signal })
  }

  /** Nearest first. Every id of the selection must be there. */
  async query(
    collectionId: string,
    request: RecordSelection & { vector: Float32Array; topK: number; include: readonly Include[] },
    signal?: AbortSignal,
  ): Promise<RankedRecords> {
    const { vector, topK, ...rest } = request
    const body = { ...rest, query_embeddings: [Array.from(vector)], n_results: topK }
    const path = this.#records(collectionId, 'query')
    const answer = await this.#request(path, answerSchema, { method: 'POST', body, signal })
    return {
      ids: answer.ids[0] ?? [],
      documents: answer.documents?.[0],
      metadatas: answer.metadatas?.[0],
      embeddings: answer.embeddings?.[0],
      distances: (answer.distances?.[0] ?? []).map((distance) => distance ?? Number.POSITIVE_INFINITY),
    }
  }

  async delete(collectionId: string, selection: RecordSelection, signal?: AbortSignal): Promise<void> {
    const path = this.#records(collectionId, 'delete')
    await this.#request(path, z.unknown(), { method: 'POST', body: selection, signal })
  }

  get #collections(): string {
    const { tenant, database } = this.#database
    return `/tenants/${encodeURIComponent(tenant)}/databases/${encodeURIComponent(database)}/collections`
  }

  #records(collectionId: string, verb: string): string {
    return `${this.#collections}/${encodeURIComponent(collectionId)}/${verb}`
  }

  #request<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    { method = 'GET', body, signal }: CallOptions,
  ): Promise<z.infer<Schema>> {
    return this.#server.use(async (address) => {
      const { status, text } = await this.#send(address, `/api/v2${path}`, { method, body, signal })
      if (status >= 300) throw refusal(address, status, text)
      const answer = schema.safeParse(parseAnswer(text))
      if (answer.success) return answer.data
      throw new StackroomError('bad-answer', `What answers at ${address} is no Chroma server.`, {
        hint: 'Check the address.',
        cause: answer.error,
      })
    }, signal)
  }

  async #send(address: string, path: string, { method, body, signal }: CallOptions): Promise<Answer> {
    try {
      return await sendRequest(address + path, {
        method: method ?? 'GET',
        headers: this.#server.headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
      })
    } catch (error) {
      signal?.throwIfAborted()
      throw connectionError(address, error)
    }
  }
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

/** Undefined for what is no JSON. */
function parseAnswer(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Little-endian float32. */
function base64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
}
