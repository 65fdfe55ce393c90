/** Search: the question, the hits, the source of a hit. */
import { z } from 'zod'

/** Any JSON value, as LlamaIndex's metadata may hold. */
export const jsonValueSchema = z.json()
export type JsonValue = z.infer<typeof jsonValueSchema>

export const metadataSchema = z.record(z.string(), jsonValueSchema)
export type Metadata = z.infer<typeof metadataSchema>

export const searchQuerySchema = z.object({
  knowledgeBaseId: z.string(),
  query: z.string().max(100_000),
  /** similarity_top_k */
  topK: z.number().int().min(1).max(1000).default(10),
})
export type SearchQuery = z.infer<typeof searchQuerySchema>

export const searchHitSchema = z.object({
  /** Cosine similarity, as LlamaIndex's simple vector store scores. */
  score: z.number(),
  nodeId: z.string(),
  refDocId: z.string().nullable(),
  text: z.string(),
  metadata: metadataSchema,
  /** Path of the file that the node comes from, or null when it is not known. */
  source: z.string().nullable(),
})
export type SearchHit = z.infer<typeof searchHitSchema>

export const searchTimingsSchema = z.object({
  embedMs: z.number(),
  retrieveMs: z.number(),
  totalMs: z.number(),
})

/** `stackroom search`. The shape of its JSON output is fixed; keys may be added. */
export const searchAnswerSchema = z.object({
  hits: z.array(searchHitSchema),
  timings: searchTimingsSchema,
})
export type SearchAnswer = z.infer<typeof searchAnswerSchema>

/** The source of a node: its document's text around the node, and whether the file is still there. */
export const nodeSourceSchema = z.object({
  nodeId: z.string(),
  path: z.string().nullable(),
  /** Whether the file still exists at its path. */
  fileExists: z.boolean(),
  pageLabel: z.string().nullable(),
  metadata: metadataSchema,
  /** The text of the document the node was cut from, or the node's own where the document is not kept. */
  text: z.string(),
  /** Where the node stands in `text`, in UTF-16 code units. */
  start: z.number().int(),
  end: z.number().int(),
})
export type NodeSource = z.infer<typeof nodeSourceSchema>
