/** Counts tokens as an embed model does, by its own tokenizer. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { createBundledTokenizer } from '#engine/embed/tokenizer.ts'
import type { TokenCounter } from './token-counter.ts'
import { WordCachedCounter } from './word-cached-counter.ts'

const wordPieceSchema = z.looseObject({
  normalizer: z.looseObject({ type: z.literal('BertNormalizer') }),
  pre_tokenizer: z.looseObject({ type: z.literal('BertPreTokenizer') }),
  model: z.looseObject({ type: z.literal('WordPiece') }),
})

export function loadModelCounter(folder: string): TokenCounter {
  const tokenizer = createBundledTokenizer(folder)
  const description: unknown = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8'))
  // Tokenizers of BERT's kind never look across a space; of others that is not known.
  return wordPieceSchema.safeParse(description).success ? new WordCachedCounter(tokenizer) : tokenizer
}
