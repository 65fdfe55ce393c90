/** The part of a node's text that shows best why it was found. */
import type { SearchHit, TextRange } from '#contract'
import { tellingMatches } from './telling-matches.ts'

export interface Snippet {
  readonly text: string
  /** Where the words that matched stand in `text`. */
  readonly marks: readonly TextRange[]
  /** Whether text was left out before and after. */
  readonly cutBefore: boolean
  readonly cutAfter: boolean
}

type Match = SearchHit['matches'][number]

/** How far before the best passage's first word the snippet may begin, to begin with its sentence. */
const leadLength = 90

/** About `length` UTF-16 code units around the densest group of the words that matched; the head when none did. */
export function makeSnippet(
  hit: Pick<SearchHit, 'text' | 'matches' | 'matchedWords'>,
  length: number,
): Snippet {
  const { text, matchedWords } = hit
  const { plain, found } = withoutLineBreaks(text, tellingMatches(hit))
  const window = bestWindow(found, matchedWords, length - leadLength)
  const start = window === null ? 0 : beginning(plain, window, length)
  const end = start + length >= plain.length ? plain.length : backToSpace(plain, start + length, start)
  const inside = found.filter((range) => range.start >= start && range.end <= end)
  return {
    text: plain.slice(start, end),
    marks: inside.map((range) => ({ start: range.start - start, end: range.end - start })),
    cutBefore: start > 0,
    cutAfter: end < plain.length,
  }
}

/** The text with single spaces for white space, and where the matches stand in it. */
function withoutLineBreaks(text: string, matches: readonly Match[]): { plain: string; found: Match[] } {
  const places = new Uint32Array(text.length + 1)
  let plain = ''
  for (const { 0: piece, index } of text.matchAll(/\s+|\S+/g)) {
    const isSpace = /^\s/.test(piece)
    for (let at = 0; at < piece.length; at += 1) places[index + at] = plain.length + (isSpace ? 0 : at)
    plain += isSpace ? (plain === '' ? '' : ' ') : piece
  }
  places[text.length] = plain.length
  const found = matches.map((match) => {
    const start = places[match.start] ?? plain.length
    return { ...match, start, end: Math.max(start, (places[match.end - 1] ?? plain.length) + 1) }
  })
  return { plain: plain.trimEnd(), found }
}

/** The first word of the window that holds most different words, longer words counting more; ties go to the first. */
function bestWindow(found: readonly Match[], words: readonly string[], length: number): number | null {
  let best: { start: number; weight: number } | null = null
  const counts = new Map<number, number>()
  let last = 0
  let weight = 0
  for (const first of found) {
    for (
      let next = found[last];
      next !== undefined && next.end - first.start <= length;
      next = found[++last]
    ) {
      const count = counts.get(next.word) ?? 0
      counts.set(next.word, count + 1)
      weight += gain(words[next.word], count)
    }
    if (best === null || weight > best.weight + 1e-9) best = { start: first.start, weight }
    const count = counts.get(first.word) ?? 0
    if (count > 0) {
      counts.set(first.word, count - 1)
      weight -= gain(words[first.word], count - 1)
    }
  }
  return best?.start ?? null
}

/** A word's first occurrence says the most, its repetitions little. */
function gain(word: string | undefined, occurrencesBefore: number): number {
  const letters = Math.min(word?.length ?? 0, 10)
  return occurrencesBefore === 0 ? letters : letters / (10 * occurrencesBefore)
}

function beginning(text: string, firstWord: number, length: number): number {
  const latest = Math.max(0, text.length - length)
  const earliest = Math.max(0, Math.min(firstWord - leadLength, latest))
  if (earliest === 0) return 0
  const lead = text.slice(earliest, firstWord)
  const sentence = /[.!?。！？:] ?(?=\S)[^.!?。！？:]*$/.exec(lead)
  if (sentence !== null) return earliest + sentence.index + (lead[sentence.index + 1] === ' ' ? 2 : 1)
  const space = lead.indexOf(' ')
  return space < 0 ? earliest : earliest + space + 1
}

function backToSpace(text: string, end: number, start: number): number {
  const space = text.lastIndexOf(' ', end)
  return space > start + (end - start) * 0.8 ? space : end
}
