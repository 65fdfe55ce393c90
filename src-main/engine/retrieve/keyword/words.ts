/**
 * The words of a text, for the keyword index, for queries and for marking what was found: all three cut alike. A word is a
 * run of letters and digits, so that an identifier or a path is its parts one after the other; in scripts without spaces
 * each letter is a word, and what is searched there are letters that follow each other.
 */
import { fold, isAscii } from './fold.ts'

export interface Word {
  /** Folded. */
  readonly text: string
  /** Where it stands, in UTF-16 code units. */
  readonly start: number
  readonly end: number
  /** Whether it is one letter of a script without spaces. */
  readonly unspaced: boolean
}

const asciiRuns = /[a-zA-Z0-9]+/g
const runs = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu
const unspacedScripts =
  '[\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Hangul}\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmer}\\p{scx=Myanmar}]'
const hasUnspaced = new RegExp(`(?=\\p{L})${unspacedScripts}`, 'u')
/** A letter of a script without spaces with its marks, or what stands between such letters. */
const pieces = new RegExp(
  `(?:(?=\\p{L})${unspacedScripts})\\p{M}*|(?:(?!(?=\\p{L})${unspacedScripts})[^])+`,
  'gu',
)

export function wordsOf(text: string): Word[] {
  const words: Word[] = []
  const ascii = isAscii(text)
  for (const { 0: run, index } of text.matchAll(ascii ? asciiRuns : runs)) {
    if (ascii || !hasUnspaced.test(run)) add(words, run, index, false)
    else
      for (const { 0: piece, index: within } of run.matchAll(pieces))
        add(words, piece, index + within, hasUnspaced.test(piece))
  }
  return words
}

function add(words: Word[], run: string, start: number, unspaced: boolean): void {
  const text = fold(run)
  if (text !== '') words.push({ text, start, end: start + run.length, unspaced })
}

/** Of `getElementById` and `HTTPServer` the words in them; of other words nothing. */
export function partsOf(run: string): string[] {
  if (run.length > 100 || !/\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}/u.test(run)) return []
  const parts = run.split(/(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u).map(fold)
  return parts.length > 1 ? parts : []
}
