/** How alike two texts are in their words: the share of runs of three words that both have. */
import { wordsOf } from './keyword/words.ts'

const runLength = 3

export type TextPrint = ReadonlySet<string>

export function textPrint(text: string): TextPrint {
  const words = wordsOf(text).map((word) => word.text)
  if (words.length < runLength) return new Set([words.join(' ')])
  return new Set(
    words.slice(runLength - 1).map((_, index) => words.slice(index, index + runLength).join(' ')),
  )
}

/** Jaccard's index: 0 for nothing in common, 1 for the same. */
export function likeness(a: TextPrint, b: TextPrint): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a]
  let both = 0
  for (const run of small) if (large.has(run)) both++
  const either = a.size + b.size - both
  return either === 0 ? 0 : both / either
}
