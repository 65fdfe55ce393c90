/**
 * A FAISS index of LlamaIndex as a vector store that is searched, exactly, and copied from. It is not changed: FAISS itself forgets
 * no vectors, and one that LlamaIndex has in memory would be written over ours.
 */
import { StackroomError } from '#contract'
import { membersOf, textOf } from '#engine/storage/llamaindex/json-members.ts'
import { readNode } from '#engine/storage/read-node.ts'
import type { StoredNode } from '#engine/storage/storage-folder.ts'
import { checkQuery } from '../check-calls.ts'
import { filterOperators, hasFilter, matchesFilters } from '../metadata-filters.ts'
import type {
  GetRequest,
  NodeSelection,
  StoreCallOptions,
  StoreEntry,
  VectorMetric,
  VectorStore,
  VectorStoreCapabilities,
  VectorStoreHit,
  VectorStoreQuery,
} from '../vector-store.ts'
import type { FaissFolder } from './faiss-folder.ts'
import { vectorAt } from './faiss-index.ts'

export class FaissVectorStore implements VectorStore {
  readonly kind = 'faiss'
  readonly metric: VectorMetric
  readonly capabilities: VectorStoreCapabilities = {
    queryModes: ['default'],
    nativeOperators: filterOperators,
    storesText: false,
    approximate: false,
    shared: false,
  }
  readonly #folder: FaissFolder
  /** Places of the vectors, by their nodes, in the order of the index. */
  readonly #places: ReadonlyMap<string, number>

  constructor(folder: FaissFolder) {
    this.#folder = folder
    this.metric = folder.index.metric
    this.#places = new Map(
      folder.nodeIds.flatMap((nodeId, place) => (nodeId === null ? [] : [[nodeId, place]])),
    )
  }

  add(): Promise<void> {
    return Promise.reject(readOnly())
  }

  delete(): Promise<void> {
    return Promise.reject(readOnly())
  }

  deleteNodes(): Promise<void> {
    return Promise.reject(readOnly())
  }

  get(request: GetRequest, { signal }: StoreCallOptions = {}): Promise<StoreEntry[]> {
    return this.#answer(signal, () => {
      const { offset = 0, limit, vectors = false, contents = false } = request
      const end = limit === undefined ? undefined : offset + limit
      return this.#chosen(request)
        .slice(offset, end)
        .map(([nodeId, place]) => ({
          nodeId,
          node: this.#node(nodeId),
          vector: vectors ? vectorAt(this.#folder.index, place).slice() : null,
          ...(contents && { content: contentIn(this.#folder.entryOf(nodeId)) }),
        }))
    })
  }

  /** Scores as FAISS gives them; distances with a minus, so that higher is nearer. */
  query(query: VectorStoreQuery, { signal }: StoreCallOptions = {}): Promise<VectorStoreHit[]> {
    return this.#answer(signal, () => {
      const { vector, topK, mode = 'default' } = query
      if (mode !== 'default')
        throw new StackroomError('invalid-input', `A FAISS index has no queries of the mode ${mode}.`)
      checkQuery(query, this.#folder.index.dimensions)
      const score = this.metric === 'ip' ? innerProduct : minusDistance
      return this.#chosen(query)
        .map(([nodeId, place]) => ({ nodeId, score: score(vector, vectorAt(this.#folder.index, place)) }))
        .sort((a, b) => b.score - a.score)
        .slice(0, topK)
        .map((hit) => ({ ...hit, node: this.#node(hit.nodeId) }))
    })
  }

  count({ signal }: StoreCallOptions = {}): Promise<number> {
    return this.#answer(signal, () => this.#places.size)
  }

  dimensions({ signal }: StoreCallOptions = {}): Promise<number | null> {
    return this.#answer(signal, () => (this.#places.size === 0 ? null : this.#folder.index.dimensions))
  }

  listNamespaces(): Promise<string[]> {
    return Promise.resolve(['default'])
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Everything is in memory; errors and an aborted signal reject all the same. */
  #answer<Value>(signal: AbortSignal | undefined, work: () => Value): Promise<Value> {
    return Promise.resolve().then(() => {
      signal?.throwIfAborted()
      return work()
    })
  }

  #node(nodeId: string): StoredNode | null {
    const entry = this.#folder.entryOf(nodeId)
    return entry === null ? null : readNode(nodeId, entry, 'docstore.json')
  }

  #chosen({ nodeIds, filters }: NodeSelection): [string, number][] {
    const chosen = nodeIds
      ? [...new Set(nodeIds)].flatMap((nodeId): [string, number][] => {
          const place = this.#places.get(nodeId)
          return place === undefined ? [] : [[nodeId, place]]
        })
      : [...this.#places]
    if (!filters || !hasFilter(filters)) return chosen
    return chosen.filter(([nodeId]) => {
      const node = this.#node(nodeId)
      const ids = {
        ref_doc_id: node?.refDocId ?? null,
        doc_id: node?.refDocId ?? null,
        document_id: node?.refDocId ?? null,
      }
      return matchesFilters({ ...ids, ...node?.metadata }, filters)
    })
  }
}

function contentIn(entry: string | null): string | null {
  if (entry === null) return null
  const bytes = Buffer.from(entry)
  const data = membersOf(bytes)?.find(({ key }) => key === '__data__')
  return data ? (textOf(bytes, data) ?? bytes.toString('utf8', data.start, data.end)) : null
}

function innerProduct(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!
  return sum
}

function minusDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let index = 0; index < a.length; index++) sum -= (a[index]! - b[index]!) ** 2
  return sum
}

function readOnly(): StackroomError {
  return new StackroomError('read-only', 'A FAISS index is searched and copied, not changed.', {
    hint: 'Copy it first: stackroom copy faiss:<folder> --to <new folder>.',
  })
}
