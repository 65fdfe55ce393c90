/**
 * A Chroma collection as a vector store: LlamaIndex's ChromaVectorStore (llama-index-vector-stores-chroma), with the same
 * entries, so that `VectorStoreIndex.from_vector_store` in Python sees our nodes, and we see its. Otherwise than there, a
 * node whose id is there is replaced (Chroma's `add` keeps the old one and says nothing), and filters that Chroma does not
 * know are evaluated here.
 */
import { StackroomError, type Metadata } from '#contract'
import { checkDeletion, checkQuery, checkVectors } from '../check-calls.ts'
import { matchesFilters } from '../metadata-filters.ts'
import { mmrOrder } from '../mmr.ts'
import type {
  GetRequest,
  NodeSelection,
  NodeWithVector,
  StoreCallOptions,
  StoreEntry,
  VectorMetric,
  VectorStore,
  VectorStoreCapabilities,
  VectorStoreHit,
  VectorStoreQuery,
} from '../vector-store.ts'
import type { ChromaClient } from './chroma-client.ts'
import {
  metricOf,
  type ChromaCollection,
  type ChromaRecords,
  type Include,
  type NewRecords,
  type RankedRecords,
  type RecordSelection,
} from './chroma-shapes.ts'
import { getRecords } from './get-records.ts'
import { chromaWhere, nativeOperators } from './chroma-filters.ts'
import { batches, entriesOf, filterMetadata, hitsOf, type RecordShape } from './chroma-records.ts'

/** Ids that are asked for at once, and records of a page. */
const pageSize = 1000
/** Of a record, what makes its node. */
const nodeParts: readonly Include[] = ['documents', 'uris', 'metadatas']
/** LlamaIndex's DEFAULT_MMR_PREFETCH_FACTOR. */
const mmrPrefetch = 4

export interface ChromaVectorStoreOptions {
  readonly client: ChromaClient
  readonly collection: ChromaCollection
  /** Whether other processes may use the server at the same time. */
  readonly shared: boolean
  /** Of what is added. Default: as LlamaIndex writes it. */
  readonly shape?: RecordShape | undefined
}

export class ChromaVectorStore implements VectorStore {
  readonly kind = 'chroma'
  readonly capabilities: VectorStoreCapabilities
  readonly metric: VectorMetric
  readonly #client: ChromaClient
  readonly #id: string
  readonly #name: string
  readonly #shape: RecordShape | undefined
  #dimensions: number | null

  constructor({ client, collection, shared, shape }: ChromaVectorStoreOptions) {
    this.#shape = shape
    this.#client = client
    this.#id = collection.id
    this.#name = collection.name
    this.#dimensions = collection.dimension ?? null
    this.metric = metricOf(collection)
    this.capabilities = {
      queryModes: ['default', 'mmr'],
      nativeOperators,
      storesText: true,
      approximate: true,
      shared,
    }
  }

  async add(nodes: readonly NodeWithVector[], { signal }: StoreCallOptions = {}): Promise<void> {
    checkVectors(nodes, await this.dimensions({ signal }))
    const { max_batch_size: maximum } = await this.#client.checks(signal)
    for (const batch of batches(nodes, maximum, this.#shape)) {
      const there = await this.#there(batch, signal)
      if (there.size === 0) await this.#client.write('add', this.#id, batch, signal)
      else await this.#client.write('upsert', this.#id, replacing(batch, there), signal)
    }
  }

  /** The metadata of those records that are there already. */
  async #there(batch: NewRecords, signal?: AbortSignal): Promise<Map<string, Metadata>> {
    const there = new Map<string, Metadata>()
    for (const ids of pages(batch.ids)) {
      const known = await this.#client.get(this.#id, { ids, include: ['metadatas'] }, signal)
      for (const [index, id] of known.ids.entries()) there.set(id, known.metadatas?.[index] ?? {})
    }
    return there
  }

  async delete(refDocId: string, { signal }: StoreCallOptions = {}): Promise<void> {
    await this.#client.delete(this.#id, { where: { document_id: { $eq: refDocId } } }, signal)
  }

  async deleteNodes(selection: NodeSelection, { signal }: StoreCallOptions = {}): Promise<void> {
    checkDeletion(selection)
    const { ids, where } = await this.#resolve(selection, signal)
    // One of several groups is empty: it matches everything.
    if (!ids && !where)
      throw new StackroomError('invalid-input', 'The filters say that all nodes are to be deleted.')
    if (!ids) return this.#client.delete(this.#id, { where }, signal)
    for (const page of pages(ids)) await this.#client.delete(this.#id, { ids: page, where }, signal)
  }

  async get(request: GetRequest, { signal }: StoreCallOptions = {}): Promise<StoreEntry[]> {
    const include = request.vectors ? [...nodeParts, 'embeddings' as const] : nodeParts
    const selection = await this.#resolve(request, signal)
    const { offset = 0, limit = Number.POSITIVE_INFINITY } = request
    const entries: StoreEntry[] = []
    if (selection.ids) {
      for (const page of pages(selection.ids)) {
        const records = await getRecords(this.#client, this.#id, { ...selection, ids: page, include }, signal)
        const found = new Map(entriesOf(records, request.contents).map((entry) => [entry.nodeId, entry]))
        entries.push(...page.flatMap((id) => found.get(id) ?? []))
        if (entries.length >= offset + limit) break
      }
      return entries.slice(offset, offset + limit)
    }
    while (entries.length < limit) {
      const next = Math.min(pageSize, limit - entries.length)
      const place = { limit: next, offset: offset + entries.length }
      const records = await getRecords(this.#client, this.#id, { ...selection, ...place, include }, signal)
      const page = entriesOf(records, request.contents)
      entries.push(...page)
      if (page.length < next) break
    }
    return entries
  }

  async query(query: VectorStoreQuery, { signal }: StoreCallOptions = {}): Promise<VectorStoreHit[]> {
    const { vector, topK, mode = 'default' } = query
    if (!this.capabilities.queryModes.includes(mode))
      throw new StackroomError('invalid-input', `Chroma has no queries of the mode ${mode}.`)
    checkQuery(query, await this.dimensions({ signal }))
    const selection = await this.#existing(await this.#resolve(query, signal), signal)
    if (selection.ids?.length === 0) return []
    const ask = (count: number, include: readonly Include[]): Promise<RankedRecords> =>
      this.#client.query(this.#id, { ...selection, vector, topK: count, include }, signal)
    if (mode === 'default') return hitsOf(await ask(topK, [...nodeParts, 'distances']))
    const found = await ask(topK * mmrPrefetch, [...nodeParts, 'distances', 'embeddings'])
    const vectors = (found.embeddings ?? []).map((values) => Float32Array.from(values ?? []))
    const hits = hitsOf(found)
    return mmrOrder(vector, vectors, topK, query.mmrThreshold).map((index) => hits[index]!)
  }

  count({ signal }: StoreCallOptions = {}): Promise<number> {
    return this.#client.count(this.#id, signal)
  }

  /** The first vectors decide; from then on it stays. */
  async dimensions({ signal }: StoreCallOptions = {}): Promise<number | null> {
    this.#dimensions ??= (await this.#client.collection(this.#name, signal)).dimension ?? null
    return this.#dimensions
  }

  async listNamespaces({ signal }: StoreCallOptions = {}): Promise<string[]> {
    return (await this.#client.listCollections(signal)).map(({ name }) => name)
  }

  /** Nothing is held: the server is closed by whoever opened it. */
  close(): Promise<void> {
    return Promise.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** As Chroma can say it; where it cannot, the ids of the nodes that match. */
  async #resolve({ nodeIds, filters }: NodeSelection, signal?: AbortSignal): Promise<RecordSelection> {
    const ids = nodeIds && [...new Set(nodeIds)]
    const where = filters ? chromaWhere(filters) : undefined
    if (!filters || where !== null) return { ids, where: where ?? undefined }
    const matching: string[] = []
    const visit = (records: ChromaRecords): void => {
      for (const [index, id] of records.ids.entries())
        if (matchesFilters(filterMetadata(id, records.metadatas?.[index]), filters)) matching.push(id)
    }
    if (ids)
      for (const page of pages(ids))
        visit(await this.#client.get(this.#id, { ids: page, include: ['metadatas'] }, signal))
    else
      for (let offset = 0; ; offset += pageSize) {
        const place = { limit: pageSize, offset }
        const records = await this.#client.get(this.#id, { ...place, include: ['metadatas'] }, signal)
        visit(records)
        if (records.ids.length < pageSize) break
      }
    return { ids: matching }
  }

  /** A query for an id that is not there is an error of the engine. */
  async #existing(selection: RecordSelection, signal?: AbortSignal): Promise<RecordSelection> {
    if (!selection.ids) return selection
    const ids: string[] = []
    for (const page of pages(selection.ids))
      ids.push(...(await this.#client.get(this.#id, { ...selection, ids: page, include: [] }, signal)).ids)
    return { ids }
  }
}

/** Chroma keeps what a record's metadata had before and the new ones have not, unless it is told that it is null. */
function replacing(batch: NewRecords, there: ReadonlyMap<string, Metadata>): NewRecords {
  const metadatas = batch.metadatas.map((metadata, index) => {
    const before = there.get(batch.ids[index] ?? '')
    if (!before) return metadata
    return { ...Object.fromEntries(Object.keys(before).map((key) => [key, null])), ...metadata }
  })
  return { ...batch, metadatas }
}

function* pages<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += pageSize) yield items.slice(start, start + pageSize)
}
