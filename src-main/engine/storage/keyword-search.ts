/** Search by words in one open folder. */
import type { SearchKey } from '#contract'
import type { QueryTerm } from '#engine/retrieve/keyword/query-terms.ts'
import type { MetadataFilters } from '#engine/stores/metadata-filters.ts'
import type { ScoredNode } from './storage-folder.ts'

export interface KeywordQuery {
  readonly terms: readonly QueryTerm[]
  readonly topK: number
  readonly filters?: MetadataFilters | undefined
}

/** Nodes that are in the keyword index, of how many. */
export interface KeywordProgress {
  readonly done: number
  readonly total: number
  readonly ready: boolean
}

export interface PrepareOptions {
  readonly signal?: AbortSignal | undefined
  /** Nobody waits for it: it leaves half of the time to others. */
  readonly inBackground?: boolean | undefined
}

export interface KeywordSearch {
  /** Brings the index in step; resolves when it is. Who cancels stops waiting, and the work goes on. */
  prepare(options?: PrepareOptions): Promise<void>
  /** Of the preparation under way, or the last one. */
  progress(): KeywordProgress
  /** By bm25, best first; null while the index is not in step, which this begins. */
  query(query: KeywordQuery, signal?: AbortSignal): Promise<ScoredNode[] | null>
  /** Metadata keys of the nodes and their most frequent values, as far as the index has them. */
  keys(signal?: AbortSignal): Promise<SearchKey[]>
}
