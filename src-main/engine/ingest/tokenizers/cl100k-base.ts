/**
 * Counts tokens of the cl100k_base encoding, LlamaIndex's default tokenizer (tiktoken's for gpt-3.5-turbo, all special
 * tokens allowed). The merge ranks are gpt-tokenizer's; the counting is our own, because it must be linear for any text:
 * a megabyte without a space is a single piece.
 */
import ranksOfTokens from 'gpt-tokenizer/bpeRanks/cl100k_base'
import { endOfPiece } from './cl100k-pieces.ts'
import { countMergedPairs } from './byte-pair-merge.ts'
import { PieceCounts } from './piece-counts.ts'
import type { TokenCounter } from './token-counter.ts'

const specialTokens = /<\|(?:endoftext|fim_prefix|fim_middle|fim_suffix|endofprompt)\|>/g
const longestCachedPiece = 96
const largestCache = 1 << 17

/** Ranks by the token's bytes, written as a string of one character for each byte. */
function readRanks(): Map<string, number> {
  const ranks = new Map<string, number>()
  ranksOfTokens.forEach((token, rank) => {
    if (token !== undefined) ranks.set(byteString(token), rank)
  })
  return ranks
}

function byteString(token: string | readonly number[]): string {
  return (typeof token === 'string' ? Buffer.from(token, 'utf8') : Buffer.from(token)).toString('latin1')
}

export class Cl100kBase implements TokenCounter {
  readonly #ranks = readRanks()
  readonly #counts = new PieceCounts(largestCache)

  count(text: string): number {
    return this.countUpTo(text, Infinity)
  }

  countUpTo(text: string, limit: number): number {
    if (!text.includes('<|')) return this.#countOrdinary(text, limit)
    let total = 0
    let start = 0
    for (const match of text.matchAll(specialTokens)) {
      total += this.#countOrdinary(text.slice(start, match.index), limit) + 1
      if (total > limit) return total
      start = match.index + match[0].length
    }
    return total + this.#countOrdinary(text.slice(start), limit)
  }

  #countOrdinary(text: string, limit: number): number {
    let total = 0
    for (let start = 0; start < text.length && total <= limit;) {
      const end = endOfPiece(text, start)
      total += this.#countPiece(text, start, end)
      start = end
    }
    return total
  }

  #countPiece(text: string, start: number, end: number): number {
    const length = end - start
    if (length === 1 && text.charCodeAt(start) < 0x80) return 1
    if (length > longestCachedPiece) return this.#merge(text.slice(start, end))
    const slot = this.#counts.find(text, start, end)
    const known = this.#counts.at(slot)
    if (known > 0) return known
    const count = this.#merge(text.slice(start, end))
    this.#counts.set(slot, text, start, end, count)
    return count
  }

  #merge(piece: string): number {
    const bytes = byteString(piece)
    return this.#ranks.has(bytes) ? 1 : countMergedPairs(bytes, this.#ranks)
  }
}
