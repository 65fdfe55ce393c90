/** A question as it is asked of each folder. */
import {
  parseQuery,
  type Fusion,
  type MetadataFilters,
  type ParsedQuery,
  type SearchMode,
  type SearchOptions,
} from '#contract'
import { queryTerms, type QueryTerm } from '#engine/retrieve/keyword/query-terms.ts'
import { matchesTypes } from '#engine/retrieve/file-types.ts'
import { fitsTerms } from '#engine/retrieve/keyword/find-matches.ts'
import type { StoredNode } from '#engine/storage/storage-folder.ts'

export interface SearchRequest {
  readonly mode: SearchMode
  readonly fusion: Fusion
  /** For the embed model; empty: only filters. */
  readonly text: string
  readonly terms: readonly QueryTerm[]
  readonly filters: MetadataFilters | undefined
  /** Whether a node that the filters let pass is what was asked for: what no store can be asked. */
  readonly fits: (node: StoredNode) => boolean
  /** Whether `fits` asks anything. */
  readonly isStrict: boolean
  /** Nodes that each retriever is asked for. */
  readonly depth: number
}

/** Fusion needs more of each list than is shown of both. */
const leastDepth = 100

export function searchRequest(query: string, options: SearchOptions, keys: readonly string[]): SearchRequest {
  const parsed = parseQuery(query, { keys, literal: options.literal })
  const terms = queryTerms(parsed.parts)
  const filters = bothFilters(parsed.filters, options.filters)
  return {
    mode: options.mode,
    fusion: options.fusion,
    text: parsed.text,
    terms,
    filters,
    fits: ({ text, metadata }) => matchesTypes(metadata, parsed.types) && fitsTerms(text, terms),
    isStrict: hasTypes(parsed) || terms.some(({ required, excluded }) => required || excluded),
    depth: Math.max(leastDepth, options.topK * 3),
  }
}

/** Whether nothing was asked. */
export function isEmpty({ text, filters, isStrict }: SearchRequest): boolean {
  return text === '' && filters === undefined && !isStrict
}

function hasTypes({ types }: ParsedQuery): boolean {
  return types.only.length + types.not.length > 0
}

function bothFilters(
  ofQuery: MetadataFilters | null,
  given: MetadataFilters | null,
): MetadataFilters | undefined {
  if (ofQuery && given) return { condition: 'and', filters: [ofQuery, given] }
  return ofQuery ?? given ?? undefined
}
