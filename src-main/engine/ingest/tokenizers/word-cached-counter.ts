/**
 * Counts word by word for a tokenizer whose tokens never reach across white space, and remembers each word's count: most
 * words of a text have been met before.
 *
 * A WordPiece model takes a word of more than 100 characters for a single unknown token, however long it is. Counted like
 * that, a megabyte of base64 would be one small chunk; here such a word counts one token for 32 characters.
 */
import type { TokenCounter } from './token-counter.ts'

const longestKnownWord = 100
const charactersOfUnknownToken = 32
const largestCache = 200_000

export class WordCachedCounter implements TokenCounter {
  readonly #inner: TokenCounter
  readonly #counts = new Map<string, number>()

  constructor(inner: TokenCounter) {
    this.#inner = inner
  }

  count(text: string): number {
    return this.countUpTo(text, Infinity)
  }

  countUpTo(text: string, limit: number): number {
    let total = 0
    let start = 0
    for (let index = 0; index <= text.length && total <= limit; index++) {
      const code = index < text.length ? text.charCodeAt(index) : 0x20
      if (code !== 0x20 && code !== 0x0a && code !== 0x09 && code !== 0x0d) continue
      if (index > start) total += this.#countWord(text.slice(start, index))
      start = index + 1
    }
    return total
  }

  #countWord(word: string): number {
    const cached = this.#counts.get(word)
    if (cached !== undefined) return cached
    const own = this.#inner.count(word)
    if (word.length > longestKnownWord)
      return Math.max(own, Math.ceil(word.length / charactersOfUnknownToken))
    if (this.#counts.size >= largestCache) this.#counts.clear()
    this.#counts.set(word, own)
    return own
  }
}
