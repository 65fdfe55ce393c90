/**
 * Chroma's HTTP interface, version 2: what a store needs of it. Chroma's own client cannot be cancelled, knows no addresses
 * with a path, and packs vectors byte by byte; ARCHITECTURE.md has the whole account.
 */
import { z } from 'zod'
import { StackroomError } from '#contract'
import type { ChromaServer } from './chroma-server.ts'
import {
  answerSchema,
  checksSchema,
  collectionSchema,
  identitySchema,
  recordsSchema,
  type ChromaCollection,
  type ChromaRecords,
  type Include,
  type NewCollection,
  type NewRecords,
  type RankedRecords,
  type RecordRequest,
  type RecordSelection,
  type ServerChecks,
  type ServerIdentity,
} from './chroma-shapes.ts'
import { connectionError, noChroma, refusal, tooOld } from './request-errors.ts'
import { sendRequest, type Answer } from './send-request.ts'

export interface ChromaDatabase {
  readonly tenant: string
  readonly database: string
}

export const defaultDatabase: ChromaDatabase = { tenant: 'default_tenant', database: 'default_database' }

interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

const collectionsPerPage = 1000
/** Names of collections in an error's hint. */
const namesTold = 10

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

  /** Throws `not-found`, which names those that are there. */
  async collection(name: string, signal?: AbortSignal): Promise<ChromaCollection> {
    try {
      return await this.#request(`${this.#collections}/${encodeURIComponent(name)}`, collectionSchema, {
        signal,
      })
    } catch (error) {
      if (!(error instanceof StackroomError) || error.code !== 'not-found') throw error
      // Of a tenant or a database that is not there, this throws the same again.
      const there = (await this.listCollections(signal)).map((collection) => collection.name).toSorted()
      const some = there.slice(0, namesTold).join(', ')
      throw new StackroomError('not-found', `There is no collection “${name}” in this database.`, {
        hint:
          there.length === 0
            ? 'The database has no collections at all.'
            : `It has ${some}${there.length > namesTold ? ` and ${there.length - namesTold} more` : ''}.`,
        cause: error,
      })
    }
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
