/**
 * Node parsers: how documents are cut into nodes. The classes, their options and defaults are LlamaIndex's; the options
 * are spelled as in TypeScript, `chunkSize` for `chunk_size`.
 */
import { z } from 'zod'
import { metadataSchema } from './search.ts'

const size = z.number().int().min(1).max(10_000_000)
const overlap = z.number().int().min(0).max(10_000_000)
const text = z.string().min(1).max(10_000)

export const sentenceSplitterSchema = z.object({
  className: z.literal('SentenceSplitter'),
  /** In tokens, with the metadata that stands before the text. */
  chunkSize: size,
  chunkOverlap: overlap,
  separator: text,
  paragraphSeparator: text,
  secondaryChunkingRegex: text.nullable(),
})
export type SentenceSplitterOptions = z.infer<typeof sentenceSplitterSchema>

export const tokenTextSplitterSchema = z.object({
  className: z.literal('TokenTextSplitter'),
  chunkSize: size,
  chunkOverlap: overlap,
  separator: text,
  backupSeparators: z.array(text).max(100),
  keepWhitespaces: z.boolean(),
})
export type TokenTextSplitterOptions = z.infer<typeof tokenTextSplitterSchema>

/** Each sentence is a node, with the sentences around it in its metadata. */
export const sentenceWindowSchema = z.object({
  className: z.literal('SentenceWindowNodeParser'),
  /** Sentences on each side. */
  windowSize: z.number().int().min(1).max(1000),
  windowMetadataKey: text,
  originalTextMetadataKey: text,
})
export type SentenceWindowOptions = z.infer<typeof sentenceWindowSchema>

/** Parsers of one kind of file; files of any other kind are cut by this SentenceSplitter. */
const otherFiles = { otherFiles: sentenceSplitterSchema }

/** Markdown files: a node for each section. */
export const markdownNodeParserSchema = z.object({
  className: z.literal('MarkdownNodeParser'),
  headerPathSeparator: text,
  ...otherFiles,
})
export type MarkdownNodeParserOptions = z.infer<typeof markdownNodeParserSchema>

/** JSON files: a node for the object, or for each element of the array. */
export const jsonNodeParserSchema = z.object({ className: z.literal('JSONNodeParser'), ...otherFiles })
export type JSONNodeParserOptions = z.infer<typeof jsonNodeParserSchema>

/** HTML files: nodes by their tags, of the source instead of the main content alone. */
export const htmlNodeParserSchema = z.object({
  className: z.literal('HTMLNodeParser'),
  tags: z.array(z.string().min(1).max(100)).min(1).max(1000),
  ...otherFiles,
})
export type HTMLNodeParserOptions = z.infer<typeof htmlNodeParserSchema>

/** Source code: nodes along its structure. */
export const codeSplitterSchema = z.object({
  className: z.literal('CodeSplitter'),
  /** Of all files. Null, which LlamaIndex does not have: of each file by its name. */
  language: text.nullable(),
  chunkLines: size,
  chunkLinesOverlap: size,
  maxChars: size,
  countMode: z.enum(['token', 'char']),
  maxTokens: size,
  ...otherFiles,
})
export type CodeSplitterOptions = z.infer<typeof codeSplitterSchema>

/** A node parser with all of its options. */
export const nodeParserOptionsSchema = z.discriminatedUnion('className', [
  sentenceSplitterSchema,
  tokenTextSplitterSchema,
  sentenceWindowSchema,
  markdownNodeParserSchema,
  codeSplitterSchema,
  htmlNodeParserSchema,
  jsonNodeParserSchema,
])
export type NodeParserOptions = z.infer<typeof nodeParserOptionsSchema>

export const nodeParserNameSchema = z.enum([
  'SentenceSplitter',
  'TokenTextSplitter',
  'SentenceWindowNodeParser',
  'MarkdownNodeParser',
  'CodeSplitter',
  'HTMLNodeParser',
  'JSONNodeParser',
])
export type NodeParserName = z.infer<typeof nodeParserNameSchema>

const named = { className: true } as const
const chosen = { otherFiles: sentenceSplitterSchema.omit(named).partial().optional() }

/**
 * A node parser as it is chosen. What is left out is as the index was built, else LlamaIndex's default, or what fits into
 * a model that reads fewer tokens at once.
 */
export const nodeParserInputSchema = z.discriminatedUnion('className', [
  sentenceSplitterSchema.partial().required(named),
  tokenTextSplitterSchema.partial().required(named),
  sentenceWindowSchema.partial().required(named),
  markdownNodeParserSchema.partial().required(named).extend(chosen),
  codeSplitterSchema.partial().required(named).extend(chosen),
  htmlNodeParserSchema.partial().required(named).extend(chosen),
  jsonNodeParserSchema.partial().required(named).extend(chosen),
])
export type NodeParserInput = z.infer<typeof nodeParserInputSchema>

export const previewedNodeSchema = z.object({
  text: z.string(),
  /** Whether `text` is only the beginning. */
  truncated: z.boolean(),
  /** Where it stands in its document, in Unicode code points; null when it does not stand there as it is. */
  startCharIdx: z.number().int().nullable(),
  endCharIdx: z.number().int().nullable(),
  /** Of the text alone, and with the metadata that the embed model gets with it. */
  tokens: z.number().int(),
  embedTokens: z.number().int(),
  /** What the node has besides, or otherwise than, its document. */
  metadata: metadataSchema,
})
export type PreviewedNode = z.infer<typeof previewedNodeSchema>

export const previewedDocumentSchema = z.object({
  id: z.string(),
  metadata: metadataSchema,
  /** Length of its text in Unicode code points. */
  characters: z.number().int(),
  /** All of its nodes; `nodes` has the first of them. */
  totalNodes: z.number().int(),
  nodes: z.array(previewedNodeSchema),
})
export type PreviewedDocument = z.infer<typeof previewedDocumentSchema>

/** How one file would be cut. Nothing of it is embedded or kept. */
export const chunkPreviewSchema = z.object({
  path: z.string(),
  bytes: z.number(),
  nodeParser: nodeParserOptionsSchema,
  /** What cut this file: that parser, or the one for files of other kinds. */
  cutBy: nodeParserNameSchema,
  /** What tokens are counted with: `cl100k_base`, or the embed model by its id. */
  tokenizer: z.string(),
  /** The embed model that the chunks are made for, and the tokens it reads at once. */
  model: z.string(),
  maximumTokens: z.number().int(),
  totalDocuments: z.number().int(),
  totalNodes: z.number().int(),
  /** Of all nodes' texts; null when there are no nodes. */
  tokensPerNode: z.object({ minimum: z.number(), median: z.number(), maximum: z.number() }).nullable(),
  documents: z.array(previewedDocumentSchema),
  /** Whether documents, nodes or text were left out to keep the answer small. */
  truncated: z.boolean(),
})
export type ChunkPreview = z.infer<typeof chunkPreviewSchema>
