/** What of a query the keyword index is asked for: words, words that stand together, and beginnings of words. */
import type { QueryPart } from '#contract'
import { stem } from './stem.ts'
import { partsOf, wordsOf, type Word } from './words.ts'

export interface QueryTerm {
  /** As the query has it. */
  readonly text: string
  /** Folded; several stand one after the other in a text that has the term. */
  readonly words: readonly string[]
  /**
   * `stem`: any form of the one word; `exact`: the words as they are; `prefix`: as they are, the last of them begun.
   */
  readonly match: 'stem' | 'exact' | 'prefix'
  /** Whether a node without it is no hit at all. */
  readonly required: boolean
  /** Whether a node with it is no hit. */
  readonly excluded: boolean
  /** Whether it is the last word, which may not be typed to its end: where nothing has it, it is the beginning of words. */
  readonly begun: boolean
  /** What it means where nothing has all of it: an identifier's parts, the words of a path. */
  readonly instead: readonly string[]
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' })
/** A question has fewer; a pasted page has more words than a search can make use of. */
const mostTerms = 64
/** Fewer letters begin too many words. */
const leastBegun = 3

export function queryTerms(parts: readonly QueryPart[]): QueryTerm[] {
  const terms = parts.flatMap((part, index) => {
    if (part.kind === 'filter') return []
    if (part.kind === 'phrase' || part.excluded) return phraseTerm(part)
    return wordTerms(part, index === parts.length - 1)
  })
  const key = ({ match, words, excluded, required }: QueryTerm): string =>
    `${match} ${excluded} ${required} ${match === 'stem' ? stem(words[0] ?? '') : words.join(' ')}`
  return [...new Map(terms.map((term) => [key(term), term])).values()].slice(0, mostTerms)
}

function phraseTerm({ text, excluded, prefix }: QueryPart): QueryTerm[] {
  const words = wordsOf(text).map((word) => word.text)
  if (words.length === 0) return []
  return [
    {
      text,
      words,
      match: prefix ? 'prefix' : 'exact',
      required: !excluded,
      excluded,
      begun: false,
      instead: [],
    },
  ]
}

/** `std::move` is two words that stand together; 東京の天気 is three terms. */
function wordTerms({ text, prefix }: QueryPart, isLast: boolean): QueryTerm[] {
  const words = wordsOf(text)
  const groups: { words: Word[]; unspaced: boolean }[] = []
  const boundaries = words.some(({ unspaced }) => unspaced)
    ? new Set([...segmenter.segment(text)].map(({ index }) => index))
    : null
  for (const word of words) {
    const last = groups.at(-1)
    const goesOn =
      last?.unspaced === word.unspaced && (!word.unspaced || boundaries?.has(word.start) === false)
    if (last && goesOn) last.words.push(word)
    else groups.push({ words: [word], unspaced: word.unspaced })
  }
  return groups.map(({ words: ofGroup, unspaced }, index): QueryTerm => {
    const start = ofGroup[0]?.start ?? 0
    const end = ofGroup.at(-1)?.end ?? text.length
    const own = text.slice(start, end)
    const isBegun = prefix && index === groups.length - 1 && own.length >= leastBegun
    const single = ofGroup.length === 1 && !unspaced
    return {
      text: own,
      words: ofGroup.map((word) => word.text),
      match: isBegun ? 'prefix' : single ? 'stem' : 'exact',
      required: false,
      excluded: false,
      begun: isLast && single && index === groups.length - 1,
      instead: single ? partsOf(own) : unspaced ? [] : ofGroup.map((word) => word.text),
    }
  })
}

/** Whether it is the beginning of words where nothing has it. */
export function isBeginning({ match, begun, words: [word = ''] }: QueryTerm): boolean {
  return match === 'stem' && begun && word.length >= leastBegun
}

/** Whether a single word of a text is what the term asks for. */
export function isForm(run: string, folded: string, term: QueryTerm): boolean {
  const [word = ''] = term.words
  if (term.match === 'prefix') return folded.startsWith(word)
  if (term.match === 'exact') return folded === word
  const wanted = stem(word)
  return folded === wanted || stem(folded) === wanted || partsOf(run).some((part) => stem(part) === wanted)
}

/** The stem forms that a word of a text adds to the index, besides the word itself. */
export function formsOf(run: string, folded: string): string[] {
  const stemmed = stem(folded)
  const parts = partsOf(run).map(stem)
  return stemmed === folded ? parts : [stemmed, ...parts]
}
