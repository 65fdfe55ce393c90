/** The words of a question for `to_tsquery`, any of which may match: `_build_sparse_query` of LlamaIndex's PGVectorStore. */

const word = '[\\p{L}\\p{N}_]'
/** `(?!\b\.\b)\W+`: all but words, and single periods in them. */
const between = new RegExp(`(?!(?<=${word})\\.(?=${word}))[^\\p{L}\\p{N}_]+`, 'gu')

/** Empty: there are no words in it. */
export function textSearchQuery(text: string): string {
  return text.replace(between, ' ').trim().replaceAll(' ', '|')
}
