/** How documents are cut into nodes: what the reader workers get, and what `stackroom.json` keeps of it. */
import { z } from 'zod'
import { sentenceSplitterDefaults } from './node-parsers/sentence-splitter.ts'

/** What chunks are measured with. */
export const tokenizerSettingsSchema = z.discriminatedUnion('kind', [
  /** LlamaIndex's default: tiktoken's encoding for gpt-3.5-turbo. */
  z.object({ kind: z.literal('cl100k_base') }),
  /** The embed model's own, from the folder of the model. */
  z.object({ kind: z.literal('model'), folder: z.string() }),
])
export type TokenizerSettings = z.infer<typeof tokenizerSettingsSchema>

export const nodeParserSettingsSchema = z.object({
  className: z.literal('SentenceSplitter'),
  chunkSize: z.number().int().positive(),
  chunkOverlap: z.number().int().nonnegative(),
  separator: z.string().min(1),
  paragraphSeparator: z.string().min(1),
  secondaryChunkingRegex: z.string().nullable(),
  tokenizer: tokenizerSettingsSchema,
})
export type NodeParserSettings = z.infer<typeof nodeParserSettingsSchema>

/** `SentenceSplitter()` of LlamaIndex. */
export const defaultNodeParserSettings: NodeParserSettings = {
  className: 'SentenceSplitter',
  ...sentenceSplitterDefaults,
  tokenizer: { kind: 'cl100k_base' },
}

/** The settings as `stackroom.json` keeps them: without paths of this machine, the tokenizer by its name. */
export function toTransformation(
  { tokenizer, ...settings }: NodeParserSettings,
  modelId: string,
): { className: string } & Record<string, unknown> {
  return { ...settings, tokenizer: tokenizer.kind === 'model' ? modelId : tokenizer.kind }
}

/** Tokens that a model's tokenizer puts around every text: `[CLS]` and `[SEP]`. */
const specialTokens = 2

/**
 * Settings for a model that reads `maximumTokens` at once. A window that holds LlamaIndex's default chunks gets the
 * defaults. A smaller one gets chunks that fit into it with their metadata, counted with the model's own tokenizer, and
 * an overlap in the same proportion.
 */
export function nodeParserSettingsFor(
  maximumTokens: number,
  tokenizer: TokenizerSettings,
): NodeParserSettings {
  const { chunkSize, chunkOverlap } = sentenceSplitterDefaults
  if (maximumTokens >= chunkSize) return defaultNodeParserSettings
  const smaller = Math.max(1, maximumTokens - specialTokens)
  return {
    ...defaultNodeParserSettings,
    chunkSize: smaller,
    chunkOverlap: Math.round((smaller * chunkOverlap) / chunkSize),
    tokenizer,
  }
}
