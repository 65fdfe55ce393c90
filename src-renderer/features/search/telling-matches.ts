/** What of a hit's matches is worth marking: words that stand in every text say nothing, beside others. */
import type { SearchHit } from '#contract'

const emptyWords = new Set(
  (
    'a an and are as at be by can do does for from has have how i if in into is it its me my of on or so that the ' +
    'their them then there this to was were what when where which who why will with you your'
  ).split(' '),
)

function isTelling(word: string): boolean {
  return !emptyWords.has(word.toLowerCase())
}

export function tellingWords({ matchedWords }: Pick<SearchHit, 'matchedWords'>): readonly string[] {
  const telling = matchedWords.filter(isTelling)
  return telling.length > 0 ? telling : matchedWords
}

export function tellingMatches(hit: Pick<SearchHit, 'matchedWords' | 'matches'>): SearchHit['matches'] {
  const { matchedWords, matches } = hit
  if (!matchedWords.some(isTelling)) return matches
  return matches.filter(({ word }) => isTelling(matchedWords[word] ?? ''))
}
