/**
 * Chroma's HTTP interface, version 2: what a store needs of it. Chroma's own client cannot be cancelled, knows no addresses
 * with a path, and packs vectors byte by byte.
 */
import { z } from 'zod'
import { parsedObjectSchema } from '#platform/parsed-object.ts'
import type { VectorMetric } from '../vector-store.ts'
import type { ChromaServer } from './chroma-server.ts'
import { connectionError, noChroma, refusal, tooOld } from './request-errors.ts'
import { sendRequest, type Answer } from './send-request.ts'

export interface ChromaDatabase {
  readonly tenant: string
  readonly database: string
}

export const defaultDatabase: ChromaDatabase = { tenant: 'default_tenant', database: 'default_database' }

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

const recordsSchema = z.object({
  ids: z.array(z.string()),
  documents: list(z.string()),
  uris: list(z.string()),
  metadatas: list(parsedObjectSchema),
  embeddings: list(vectorSchema),
})
export type ChromaRecords = z.infer<typeof recordsSchema>

const answerSchema = z.object({
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

const identitySchema = z.looseObject({ tenant: z.string(), databases: z.array(z.string()) })
export interface ServerIdentity {
  /** Null: any. */
  readonly tenant: string | null
  /** Those that the token may see; null: any. */
  readonly databases: readonly string[] | null
}

const collectionsPerPage = 1000

export class ChromaClient {
  readonly #server: ChromaServer
  readonly #database: ChromaDatabase
  #checks: ServerChecks | undefined
  #isKnown = false

  constructor(server: ChromaServer, database: ChromaDatabase = defaultDatabase) {
    this.#server = server
    this.#database = database
  }

  /** What the server takes at once. */
  async checks(signal?: AbortSignal): Promise<ServerChecks> {
    this.#checks ??= await this.#request('/pre-flight-checks', checksSchema, { signal })
    return this.#checks
  }

  /** Where the token leads: Chroma Cloud knows the tenant by it. A server that does not go by tokens names its default. */
  async identity(signal?: AbortSignal): Promise<ServerIdentity> {
    const { tenant, databases } = await this.#request('/auth/identity', identitySchema, { signal })
    const isAny = (name: string): boolean => name === '*'
    return { tenant: isAny(tenant) ? null : tenant, databases: databases.some(isAny) ? null : databases }
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

  getOrCreateCollection(
    { name, metric, embeddingFunction }: NewCollection,
    signal?: AbortSignal,
  ): Promise<ChromaCollection> {
    const configuration = {
      hnsw: { space: metric },
      embedding_function: embeddingFunction && { type: 'known', name: embeddingFunction, config: {} },
    }
    const body = { name, configuration, get_or_create: true }
    return this.#request(this.#collections, collectionSchema, { method: 'POST', body, signal })
  }

  async deleteCollection(name: string, signal?: AbortSignal): Promise<void> {
    const path = `${this.#collections}/${encodeURIComponent(name)}`
    await this.#request(path, z.unknown(), { method: 'DELETE', signal })
  }

  count(collectionId: string, signal?: AbortSignal): Promise<number> {
    return this.#request(this.#records(collectionId, 'count'), z.number().int(), { signal })
  }

  /** `add` leaves records whose ids are there as they are; `upsert` replaces them, and takes longer. */
  async write(
    verb: 'add' | 'upsert',
    collectionId: string,
    { ids, vectors, documents, metadatas }: NewRecords,
    signal?: AbortSignal,
  ): Promise<void> {
    const { supports_base64_encoding: asBase64 } = await this.checks(signal)
    const embeddings = vectors.map((vector) => (asBase64 ? base64(vector) : Array.from(vector)))
    const body = { ids, embeddings, documents, metadatas }
    await this.#request(this.#records(collectionId, verb), z.unknown(), { method: 'POST', body, signal })
  }

  get(collectionId: string, request: RecordRequest, signal?: AbortSignal): Promise<ChromaRecords> {
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
      uris: answer.uris?.[0],
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
    options: CallOptions,
  ): Promise<z.infer<Schema>> {
    return this.#server.use(async (address) => {
      if (!this.#isKnown) await this.#requireVersion(address, options.signal)
      return this.#ask(address, path, schema, options)
    }, options.signal)
  }

  /** Servers before 1.0 pass over the ids of a query, and answer with other records. */
  async #requireVersion(address: string, signal?: AbortSignal): Promise<void> {
    const version = await this.#ask(address, '/version', z.string(), { signal })
    if (version.startsWith('0.')) throw tooOld(address, `version ${version}`)
    this.#isKnown = true
  }

  async #ask<Schema extends z.ZodType>(
    address: string,
    path: string,
    schema: Schema,
    options: CallOptions,
  ): Promise<z.infer<Schema>> {
    const { status, text } = await this.#send(address, `/api/v2${path}`, options)
    if (status >= 300) throw refusal(address, status, text)
    const answer = schema.safeParse(parseAnswer(text))
    if (answer.success) return answer.data
    throw noChroma(address, answer.error)
  }

  async #send(address: string, path: string, { method = 'GET', body, signal }: CallOptions): Promise<Answer> {
    try {
      return await sendRequest(address + path, {
        method,
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
