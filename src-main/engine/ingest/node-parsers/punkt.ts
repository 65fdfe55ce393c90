/**
 * NLTK's Punkt sentence tokenizer as LlamaIndex's SentenceSplitter uses it. LlamaIndex builds `PunktSentenceTokenizer()`
 * without a trained model, so there are no known abbreviations, collocations, sentence starters or orthographic contexts;
 * what is left of the algorithm (Kiss and Strunk 2006) is here. Loading the English model would cut other sentences than
 * Python does.
 */
import { isPythonWhitespace, pythonStrip } from '#engine/schema/python-text.ts'

// NLTK matches with the `regex` package, whose \s is Unicode's White_Space.
const s = '\\p{White_Space}'
const nonWord = `[)";}\\]*:@'({[\u2018\u2019\u201c\u201d\\xab\\xbb?!]`
const multiCharacter = `(?:-{2,}|\\.{2,}|(?:\\.${s}){2,}\\.)`
const wordEnd = `${s}|$|${nonWord}|${multiCharacter}`

const wordTokens = new RegExp(
  `${multiCharacter}|(?=[^("\`{[:;&#*@)}\\]\\-,])[^${s}]+?(?=${wordEnd}|,(?=${wordEnd}))|[^${s}]`,
  'gu',
)
const potentialEnds = new RegExp(`[.?!](?=${nonWord}|(${s}+)([^${s}]+))`, 'gu')
const closing = `"')]}\u2018\u2019\u201c\u201d\xab\xbb`
const boundaryRealignment = new RegExp(
  `["')\\]}\u2018\u2019\u201c\u201d\\xab\\xbb]+?(?:${s}+|(?=--)|$)`,
  'myu',
)
const numeric = /^-?[.,]?\p{Nd}[\p{Nd},.-]*\.?$/u
const initial = /^(?!\p{Nd})[\p{Alphabetic}\p{M}\p{Pc}]\.$/u
const plainWord = /^[A-Za-z]{2,}$/

/**
 * Where the sentences begin, as `span_tokenize` gives them; empty for a text without any. LlamaIndex lets each sentence
 * reach to the beginning of the next.
 */
export function sentenceStarts(text: string): number[] {
  const starts: number[] = []
  const slices = sentenceSlices(text)
  let realign = 0
  slices.forEach((slice, index) => {
    const start = slice.start + realign
    const following = slices[index + 1]
    realign = following ? closingPunctuation(text, following) : 0
    if (realign > 0 || start < slice.end) starts.push(start)
  })
  return starts
}

/** `split_by_sentence_tokenizer` */
export function splitBySentenceTokenizer(text: string): string[] {
  const starts = sentenceStarts(text)
  return starts.map((start, index) => text.slice(start, starts[index + 1] ?? text.length))
}

interface Slice {
  readonly start: number
  readonly end: number
}

/** Quotes and brackets that stand at the beginning of a sentence but close the one before, with the space after them. */
function closingPunctuation(text: string, slice: Slice): number {
  if (!closing.includes(text.charAt(slice.start))) return 0
  boundaryRealignment.lastIndex = 0
  return boundaryRealignment.exec(text.slice(slice.start, slice.end))?.[0].length ?? 0
}

/** `_slices_from_text` */
function sentenceSlices(text: string): Slice[] {
  const slices: Slice[] = []
  let lastBreak = 0
  for (const { end, nextToken, context } of potentialEndContexts(text)) {
    if (!containsSentenceBreak(context)) continue
    slices.push({ start: lastBreak, end })
    lastBreak = nextToken
  }
  let textEnd = text.length
  while (textEnd > 0 && isPythonWhitespace(text.charCodeAt(textEnd - 1))) textEnd--
  slices.push({ start: lastBreak, end: textEnd })
  return slices
}

interface Context {
  /** After the mark that may end a sentence. */
  readonly end: number
  /** Where the next sentence would begin. */
  readonly nextToken: number
  /** The word before the mark, the mark, and what follows. */
  readonly context: string
}

/** `_match_potential_end_contexts`: overlapping candidates count as the last of them. */
function* potentialEndContexts(text: string): Generator<Context> {
  let wordStart = 0
  let previousMark = 0
  let previous: Context | undefined
  for (const match of text.matchAll(potentialEnds)) {
    const mark = match.index
    const lastSpace = lastAsciiSpace(text, previousMark, mark)
    const start = lastSpace > previousMark ? lastSpace + 1 : wordStart
    if (previous && previousMark <= start) yield previous
    const space = match[1] ?? ''
    const token = match[2]
    const after = token === undefined ? text.charAt(mark + 1) : space + token
    previous = {
      end: mark + 1,
      nextToken: mark + 1 + space.length,
      context: text.slice(start, mark + 1) + after,
    }
    previousMark = mark
    wordStart = start
  }
  if (previous) yield previous
}

/** The last of Python's `string.whitespace` within the range, or -1. */
function lastAsciiSpace(text: string, from: number, to: number): number {
  for (let index = to - 1; index >= from; index--) {
    const code = text.charCodeAt(index)
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) return index
  }
  return -1
}

/** `text_contains_sentbreak`: whether any token but the last ends a sentence. */
function containsSentenceBreak(context: string): boolean {
  const tokens: string[] = []
  for (const line of context.split('\n')) {
    if (pythonStrip(line) !== '') tokens.push(...(line.match(wordTokens) ?? []))
  }
  for (let index = 0; index < tokens.length - 1; index++) {
    if (endsSentence(tokens[index] ?? '', tokens[index + 1] ?? '')) return true
  }
  return false
}

/** Both passes of annotation, for a token and the one after it. */
function endsSentence(token: string, next: string): boolean {
  if (token === '?' || token === '!') return true
  if (!token.endsWith('.') || token.endsWith('..')) return false
  if (plainWord.test(token.slice(0, -1))) return true
  const isInitial = initial.test(token)
  if (isInitial || numeric.test(token.toLowerCase())) {
    if (next.length === 1 && ';:,.!?'.includes(next)) return false
    const first = String.fromCodePoint(next.codePointAt(0) ?? 0)
    if (/\p{Lowercase}/u.test(first)) return false
    if (isInitial && /\p{Uppercase}/u.test(first)) return false
  }
  return true
}
