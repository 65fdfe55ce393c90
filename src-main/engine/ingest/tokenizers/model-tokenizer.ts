/** Counts tokens as an embed model does, from the `tokenizer.json` that comes with it. */
import { readFile } from 'node:fs/promises'
import { Tokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import type { TokenCounter } from './token-counter.ts'

export async function readModelTokenizer(path: string): Promise<TokenCounter> {
  const definition = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(path, 'utf8')))
  const tokenizer = new Tokenizer(definition, {})
  return {
    count: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids.length,
  }
}
