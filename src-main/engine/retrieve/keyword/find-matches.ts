/** Where the terms of a query stand in a text: what is marked in a hit, and what phrases and exclusions are checked with. */
import type { TextRange } from '#contract'
import { isBeginning, isForm, type QueryTerm } from './query-terms.ts'
import { wordsOf, type Word } from './words.ts'

export interface TermMatch {
  /** Place in the list of terms. */
  readonly term: number
  /** In UTF-16 code units. */
  readonly start: number
  readonly end: number
}

/** Words that stand in every text: marking them says nothing, where there are others. */
const emptyWords = new Set(
  (
    'a an and are as at be by can do does for from has have how i if in into is it its me my of on or so that the ' +
    'their them then there this to was were what when where which who why will with you your'
  ).split(' '),
)

/** In the order of the text, without overlaps: the longer of two counts. */
export function findMatches(text: string, terms: readonly QueryTerm[]): TermMatch[] {
  const words = wordsOf(text)
  const isTelling = ({ match, words: [word = ''] }: QueryTerm): boolean =>
    match !== 'stem' || !emptyWords.has(word)
  const hasTelling = terms.some((term) => !term.excluded && isTelling(term))
  const found = terms.flatMap((term, index) => {
    if (term.excluded || (hasTelling && !isTelling(term))) return []
    const whole = matchesOf(text, words, term)
    const ranges = whole.length > 0 ? whole : looserMatches(text, words, term)
    return ranges.map((range) => ({ ...range, term: index }))
  })
  found.sort((a, b) => a.start - b.start || b.end - a.end)
  const matches: TermMatch[] = []
  for (const match of found) if (match.start >= (matches.at(-1)?.end ?? 0)) matches.push(match)
  return matches
}

/** Whether the text has every phrase that is required, and nothing that is excluded. */
export function fitsTerms(text: string, terms: readonly QueryTerm[]): boolean {
  const strict = terms.filter(({ required, excluded }) => required || excluded)
  if (strict.length === 0) return true
  const words = wordsOf(text)
  return strict.every((term) => matchesOf(text, words, term).length > 0 === term.required)
}

/** As the index does where nothing has all of a term. */
function looserMatches(text: string, words: readonly Word[], term: QueryTerm): TextRange[] {
  if (isBeginning(term)) {
    const begun = matchesOf(text, words, { ...term, match: 'prefix' })
    if (begun.length > 0) return begun
  }
  return term.instead.flatMap((word) => matchesOf(text, words, { ...term, words: [word], match: 'stem' }))
}

function matchesOf(text: string, words: readonly Word[], term: QueryTerm): TextRange[] {
  const { length } = term.words
  const found: TextRange[] = []
  for (let at = 0; at + length <= words.length; at++) {
    const first = words[at]!
    const last = words[at + length - 1]!
    const fits =
      length === 1
        ? isForm(text.slice(first.start, first.end), first.text, term)
        : term.words.every((wanted, index) => {
            const own = words[at + index]!.text
            return term.match === 'prefix' && index === length - 1 ? own.startsWith(wanted) : own === wanted
          })
    if (!fits) continue
    found.push({ start: first.start, end: last.end })
    at += length - 1
  }
  return found
}
