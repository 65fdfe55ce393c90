/**
 * What every vector store is to the rest of the engine: LlamaIndex's BasePydanticVectorStore, with cancellation. One folder
 * beside this file for each engine; one conformance suite (test/integration/store-conformance.ts) that all of them pass.
 */
import type { TextNode } from '#engine/schema/node.ts'
import type { StoredNode } from '#engine/storage/storage-folder.ts'
import type { FilterOperator, MetadataFilters } from './metadata-filters.ts'

/** As the engine ranks: `l2` is the squared distance, `ip` one minus the inner product, as Chroma has them. */
export type VectorMetric = 'cosine' | 'l2' | 'ip'

/** `VectorStoreQueryMode`. */
export type QueryMode = 'default' | 'text_search' | 'hybrid' | 'mmr'

/** What the engine itself can do. */
export interface VectorStoreCapabilities {
  /** Modes that `query` takes; another one is refused with `invalid-input`. */
  readonly queryModes: readonly QueryMode[]
  /** Operators that the engine evaluates. The others are evaluated here, over the metadata of all nodes. */
  readonly nativeOperators: readonly FilterOperator[]
  /** `stores_text`: whether nodes come with their text, or a docstore has it. */
  readonly storesText: boolean
  /** Whether it may miss nodes that are nearer than those it finds. */
  readonly approximate: boolean
  /** Whether several processes may work on it at once. */
  readonly shared: boolean
}

export interface NodeWithVector {
  readonly node: TextNode
  readonly vector: Float32Array
  /** The node as JSON text where it comes out of another store: kept as it is, whatever its class and its numbers. */
  readonly content?: string | undefined
}

/** Both: nodes of these ids that match the filters. Neither: all. No ids and no filters at all are two things. */
export interface NodeSelection {
  readonly nodeIds?: readonly string[] | undefined
  readonly filters?: MetadataFilters | undefined
}

/** `VectorStoreQuery`. */
export interface VectorStoreQuery extends NodeSelection {
  readonly vector: Float32Array
  /** `query_str`, of the modes `text_search` and `hybrid`. */
  readonly text?: string | undefined
  /** `similarity_top_k` */
  readonly topK: number
  /** Omitted: `default`. */
  readonly mode?: QueryMode | undefined
  /** Of the mode `mmr`: from 0, as different as can be, to 1, as near as can be. Omitted: 0.5. */
  readonly mmrThreshold?: number | undefined
}

export interface VectorStoreHit {
  readonly nodeId: string
  /** As LlamaIndex's integration of this store gives it: higher is nearer. */
  readonly score: number
  /** Null where the store keeps no text. */
  readonly node: StoredNode | null
}

export interface GetRequest extends NodeSelection {
  readonly limit?: number | undefined
  readonly offset?: number | undefined
  /** Whether the vectors come along. */
  readonly vectors?: boolean | undefined
  /** Whether the nodes come along as JSON text, too. */
  readonly contents?: boolean | undefined
}

export interface StoreEntry {
  readonly nodeId: string
  readonly node: StoredNode | null
  /** As it was added, but for the last bit: an engine may keep a unit vector and its length. */
  readonly vector: Float32Array | null
  /** `node.to_dict()` as JSON text, its own text included; null where it was not asked for, or is not known. */
  readonly content?: string | null | undefined
}

export interface StoreCallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface VectorStore extends AsyncDisposable {
  readonly kind: string
  readonly capabilities: VectorStoreCapabilities
  readonly metric: VectorMetric
  /** Replaces nodes of the same id. Throws `dimension-mismatch` and `invalid-vector`; then nothing of the call was added. */
  add(nodes: readonly NodeWithVector[], options?: StoreCallOptions): Promise<void>
  /** All nodes of a document; no error when there are none. */
  delete(refDocId: string, options?: StoreCallOptions): Promise<void>
  /** Throws `invalid-input` when neither ids nor filters are given. */
  deleteNodes(selection: NodeSelection, options?: StoreCallOptions): Promise<void>
  /** With ids: in their order, without those that are not there. */
  get(request: GetRequest, options?: StoreCallOptions): Promise<StoreEntry[]>
  /** Best first. Throws `dimension-mismatch` and `invalid-input`. */
  query(query: VectorStoreQuery, options?: StoreCallOptions): Promise<VectorStoreHit[]>
  count(options?: StoreCallOptions): Promise<number>
  /** Length of the vectors; null as long as there are none. */
  dimensions(options?: StoreCallOptions): Promise<number | null>
  /** What lies beside this in the same place: collections, tables, namespaces; this one among them. */
  listNamespaces(options?: StoreCallOptions): Promise<string[]>
  close(): Promise<void>
}
