/**
 * The words of a query and where they stand in a text. Words are found as people write them: by their beginning in
 * languages with spaces (“index” finds “indexes” and “Indexing”), anywhere in those without; case and accents do not
 * matter.
 */

export interface Range {
  readonly start: number
  readonly end: number
}

export interface WordRange extends Range {
  /** Which of the query's words it is. */
  readonly word: number
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' })

/** Words that stand in every text and so say nothing about a passage. */
const emptyWords = new Set(
  (
    'a an and are as at be by can do does for from has have how i if in into is it its me my of on or so that the ' +
    'their them then there this to was were what when where which who why will with you your'
  ).split(' '),
)

/** Lower case without accents, letter for letter: positions in the result are positions in the text. */
export function fold(text: string): string {
  let folded = ''
  for (const letter of text) {
    const plain = letter.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
    folded += plain.length === letter.length ? plain : letter
  }
  return folded
}

export function queryWords(query: string): string[] {
  const words = new Set<string>()
  for (const { segment, isWordLike } of segmenter.segment(fold(query))) {
    if (isWordLike) words.add(segment)
  }
  const telling = [...words].filter((word) => !emptyWords.has(word))
  return [...new Set((telling.length > 0 ? telling : [...words]).map(stem))]
}

/** Endings that English adds to a word, taken off long words only; what is left still begins the other forms. */
function stem(word: string): string {
  if (word.length < 6) return word.length > 4 && /[^s]s$/.test(word) ? word.slice(0, -1) : word
  return word.replace(/(?:ings?|ed|es|s|e)$/, '')
}

export function findWords(text: string, words: readonly string[]): WordRange[] {
  if (words.length === 0) return []
  const folded = fold(text)
  const found: WordRange[] = []
  words.forEach((word, index) => {
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) {
      if (startsInsideWord(folded, at)) continue
      found.push({ word: index, start: at, end: endOfWord(folded, at + word.length) })
    }
  })
  return found.sort((a, b) => a.start - b.start)
}

const spaced = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Nd}_]/u

function startsInsideWord(text: string, at: number): boolean {
  const before = text[at - 1]
  const first = text[at]
  return before !== undefined && first !== undefined && spaced.test(before) && spaced.test(first)
}

/** The whole word is marked, not only its beginning. */
function endOfWord(text: string, end: number): number {
  const last = text[end - 1]
  if (last === undefined || !spaced.test(last)) return end
  let wordEnd = end
  for (let next = text[wordEnd]; next !== undefined && spaced.test(next); next = text[wordEnd]) wordEnd += 1
  return wordEnd
}

/** Ranges without overlaps, in order. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: { start: number; end: number }[] = []
  for (const { start, end } of ranges) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}
