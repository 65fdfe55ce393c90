/** Search: the question, the hits and why they are hits, the source of a hit and what stands beside it. */
import { z } from 'zod'
import { errorShapeSchema } from './errors.ts'
import { metadataFiltersSchema } from './metadata-filters.ts'

/** Any JSON value, as LlamaIndex's metadata may hold. */
export const jsonValueSchema = z.json()
export type JsonValue = z.infer<typeof jsonValueSchema>

export const metadataSchema = z.record(z.string(), jsonValueSchema)
export type Metadata = z.infer<typeof metadataSchema>

/** `vector`: by meaning; `keyword`: by the words themselves; `hybrid`: both, fused by rank. */
export const searchModeSchema = z.enum(['vector', 'keyword', 'hybrid'])
export type SearchMode = z.infer<typeof searchModeSchema>

/** How the lists of several retrievers become one: QueryFusionRetriever's `reciprocal_rerank` and `relative_score`. */
export const fusionSchema = z.enum(['reciprocal-rank', 'relative-score'])
export type Fusion = z.infer<typeof fusionSchema>

/** How a question is answered; the same for the window and the command line. */
export const searchOptionsSchema = z.object({
  /** similarity_top_k; of documents with `group`. */
  topK: z.number().int().min(1).max(1000).default(10),
  mode: searchModeSchema.default('hybrid'),
  fusion: fusionSchema.default('reciprocal-rank'),
  /** MMR: from 0, as different from each other as can be, to 1, as near to the query as can be; null: by rank alone. */
  mmr: z.number().min(0).max(1).nullable().default(null),
  /** Whether passages with nearly the same text become one hit, with the others named in its `duplicates`. */
  collapse: z.boolean().default(false),
  /** `document`: the best passages of each document together, documents in the order of their best passage. */
  group: z.enum(['document']).nullable().default(null),
  /** Besides those that are written in the query. */
  filters: metadataFiltersSchema.nullable().default(null),
  /** The query is words only: nothing in it is a filter, a phrase or an exclusion. */
  literal: z.boolean().default(false),
})
export type SearchOptions = z.infer<typeof searchOptionsSchema>

export const searchQuerySchema = searchOptionsSchema.extend({
  knowledgeBaseId: z.string(),
  /** More knowledge bases to search at the same time, each with its own model; fused by rank. */
  alsoIn: z.array(z.string()).max(100).default([]),
  /** In the language of search-query.ts. */
  query: z.string().max(100_000),
})
export type SearchQuery = z.infer<typeof searchQuerySchema>

/** Where something stands in a text, in UTF-16 code units. */
export const textRangeSchema = z.object({ start: z.number().int(), end: z.number().int() })
export type TextRange = z.infer<typeof textRangeSchema>

/** Where one retriever had the hit. */
export const retrievedSchema = z.object({
  retriever: z.enum(['vector', 'keyword']),
  /** From 1; null when the hit was not among this retriever's best, but its score is known. */
  rank: z.number().int().nullable(),
  /** Cosine similarity, or bm25 (higher is better). */
  score: z.number(),
})
export type Retrieved = z.infer<typeof retrievedSchema>

export const searchHitSchema = z.object({
  /** Cosine similarity, as LlamaIndex's simple vector store scores; without a query vector, bm25. */
  score: z.number(),
  /** What the hits are ordered by before MMR and grouping: the fused score, or `score` of a single retriever. */
  fusedScore: z.number(),
  /** Null on the command line, which has no library. */
  knowledgeBaseId: z.string().nullable(),
  persistDir: z.string(),
  nodeId: z.string(),
  refDocId: z.string().nullable(),
  text: z.string(),
  metadata: metadataSchema,
  /** Path of the file that the node comes from, or null when it is not known. */
  source: z.string().nullable(),
  retrieved: z.array(retrievedSchema),
  /** Words and phrases of the query that stand in the text, as the query has them. */
  matchedWords: z.array(z.string()),
  /** Where they stand in `text`; `word` is a place in `matchedWords`. In the order of the text, without overlaps. */
  matches: z.array(textRangeSchema.extend({ word: z.number().int() })),
  previousNodeId: z.string().nullable(),
  nextNodeId: z.string().nullable(),
  /** Hits with nearly the same text that this one stands for. */
  duplicates: z.array(
    z.object({
      knowledgeBaseId: z.string().nullable(),
      persistDir: z.string(),
      nodeId: z.string(),
      source: z.string().nullable(),
    }),
  ),
})
export type SearchHit = z.infer<typeof searchHitSchema>

/** A document and its hits, which stand one after the other in `hits`. */
export const hitGroupSchema = z.object({
  knowledgeBaseId: z.string().nullable(),
  persistDir: z.string(),
  refDocId: z.string().nullable(),
  source: z.string().nullable(),
  /** Place of its first hit in `hits`, and how many there are. */
  firstHit: z.number().int(),
  hits: z.number().int(),
  /** How many more passages of it were found. */
  more: z.number().int(),
})
export type HitGroup = z.infer<typeof hitGroupSchema>

export const searchTimingsSchema = z.object({
  embedMs: z.number(),
  /** All after embedding the query: the steps below, of which the first two run side by side. */
  retrieveMs: z.number(),
  totalMs: z.number(),
  vectorMs: z.number(),
  keywordMs: z.number(),
  /** Fusion, MMR, collapsing and grouping. */
  fuseMs: z.number(),
  /** Reading the nodes of the hits and finding the words in them. */
  hydrateMs: z.number(),
})
export type SearchTimings = z.infer<typeof searchTimingsSchema>

/** What a part of the search was done without, so that nothing is left out silently. */
export const searchNoticeSchema = z.object({
  /**
   * `no-vectors`: no vectors to search; `model-failed`: the query could not be embedded, `error` says why;
   * `keywords-building`: the keyword index is not ready yet; `keywords-failed`: it cannot be used.
   */
  reason: z.enum(['no-vectors', 'model-failed', 'keywords-building', 'keywords-failed']),
  /** What was left out. */
  without: z.enum(['vector', 'keyword']),
  knowledgeBaseId: z.string().nullable(),
  persistDir: z.string(),
  /** A sentence. */
  message: z.string(),
  error: errorShapeSchema.nullable(),
  /** Of `keywords-building`: from 0 to 1. */
  progress: z.number().nullable(),
})
export type SearchNotice = z.infer<typeof searchNoticeSchema>

/** `stackroom search`. The shape of its JSON output is fixed; keys may be added. */
export const searchAnswerSchema = z.object({
  hits: z.array(searchHitSchema),
  /** With `group`, in the order of the hits; else empty. */
  groups: z.array(hitGroupSchema),
  /** What was done: `filter` when the query has filters and no words, so that whatever matches them is listed. */
  mode: z.enum(['vector', 'keyword', 'hybrid', 'filter']),
  notices: z.array(searchNoticeSchema),
  timings: searchTimingsSchema,
})
export type SearchAnswer = z.infer<typeof searchAnswerSchema>

/** A metadata key that nodes have, for completion. */
export const searchKeySchema = z.object({
  key: z.string(),
  /** Some of its values as text, the most frequent first. */
  values: z.array(z.string()),
})
export type SearchKey = z.infer<typeof searchKeySchema>

/** A node that stands before or after a hit in its document. */
export const neighbourSchema = z.object({
  nodeId: z.string(),
  refDocId: z.string().nullable(),
  text: z.string(),
  metadata: metadataSchema,
  source: z.string().nullable(),
})
export type Neighbour = z.infer<typeof neighbourSchema>

/** The source of a node: its document's text around the node, and whether the file is still there. */
export const nodeSourceSchema = z.object({
  nodeId: z.string(),
  path: z.string().nullable(),
  /** Whether the file still exists at its path. */
  fileExists: z.boolean(),
  pageLabel: z.string().nullable(),
  /** The line of the file that the node begins in, from 1; null where the file is no text, or does not have it any more. */
  line: z.number().int().nullable(),
  metadata: metadataSchema,
  /** The text of the document the node was cut from, or the node's own where the document is not kept. */
  text: z.string(),
  /** Where the node stands in `text`, in UTF-16 code units. */
  start: z.number().int(),
  end: z.number().int(),
  /** With `whole`, of a file that is read page by page: where each page begins in `text`. */
  pages: z.array(z.object({ label: z.string(), start: z.number().int() })),
})
export type NodeSource = z.infer<typeof nodeSourceSchema>
