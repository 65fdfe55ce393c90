/**
 * LlamaIndex's SentenceSplitter: chunks of at most `chunkSize` tokens that prefer to end where sentences end, with an
 * overlap. The algorithm is `llama_index.core.node_parser.text.sentence`, step by step, so that the chunks are the same.
 */
import type { SentenceSplitterOptions } from '#contract'
import type { NodeSplit, SourceDocument } from '#engine/schema/node.ts'
import { pythonStrip } from '#engine/schema/python-text.ts'
import type { TokenCounter } from '../tokenizers/token-counter.ts'
import { longestMetadataString, type NodeParser } from './node-parser.ts'
import { splitBySentenceTokenizer } from './punkt.ts'
import { splitByCharacter, splitBySeparator, type SplitFunction } from './split-functions.ts'

interface Split {
  readonly text: string
  readonly isSentence: boolean
  readonly tokens: number
}

export class SentenceSplitter implements NodeParser {
  readonly className = 'SentenceSplitter'
  readonly #options: SentenceSplitterOptions
  readonly #counter: TokenCounter
  readonly #sentenceSplits: readonly SplitFunction[]
  readonly #subSentenceSplits: readonly SplitFunction[]

  constructor(counter: TokenCounter, options: SentenceSplitterOptions) {
    const { separator, paragraphSeparator, secondaryChunkingRegex } = options
    this.#counter = counter
    this.#options = options
    this.#sentenceSplits = [splitBySeparator(paragraphSeparator), splitBySentenceTokenizer]
    this.#subSentenceSplits = [
      ...(secondaryChunkingRegex === null ? [] : [splitByRegex(secondaryChunkingRegex)]),
      splitBySeparator(separator),
      splitByCharacter,
    ]
  }

  split(document: SourceDocument): NodeSplit[] {
    const splits = this.splitTextMetadataAware(document.text, longestMetadataString(document))
    return splits.map((text) => ({ text }))
  }

  /** `split_text` */
  splitText(text: string, chunkSize: number = this.#options.chunkSize): string[] {
    if (text === '') return [text]
    return this.#merge(this.#split(text, chunkSize), chunkSize)
  }

  /**
   * `split_text_metadata_aware`: leaves room for the metadata that stands before the text in every node. Where the
   * metadata would leave less than 50 tokens (LlamaIndex warns there, and fails where nothing is left) the chunks get
   * 50, so that a very long path does not make a file unreadable.
   */
  splitTextMetadataAware(text: string, metadata: string): string[] {
    const { chunkSize } = this.#options
    const room = chunkSize - this.#counter.count(metadata)
    return this.splitText(text, room > 0 ? room : Math.min(50, chunkSize))
  }

  /** The tokens of the text, or more than `limit` when it has more. */
  #countUpTo(text: string, limit: number): number {
    return this.#counter.countUpTo?.(text, limit) ?? this.#counter.count(text)
  }

  /** `_split` */
  #split(text: string, chunkSize: number): Split[] {
    const tokens = this.#countUpTo(text, chunkSize)
    if (tokens <= chunkSize) return [{ text, isSentence: true, tokens }]
    const splits: Split[] = []
    this.#splitLonger(text, chunkSize, splits)
    return splits
  }

  /** `_split` of a text that is known to be longer than a chunk. */
  #splitLonger(text: string, chunkSize: number, into: Split[]): void {
    const { texts, isSentence } = this.#splitByFunctions(text)
    for (const part of texts) {
      const tokens = this.#countUpTo(part, chunkSize)
      // What cannot be split any further stays as it is.
      if (tokens <= chunkSize || texts.length === 1) into.push({ text: part, isSentence, tokens })
      else this.#splitLonger(part, chunkSize, into)
    }
  }

  /** `_get_splits_by_fns` */
  #splitByFunctions(text: string): { texts: string[]; isSentence: boolean } {
    for (const split of this.#sentenceSplits) {
      const texts = split(text)
      if (texts.length > 1) return { texts, isSentence: true }
    }
    let texts: string[] = []
    for (const split of this.#subSentenceSplits) {
      texts = split(text)
      if (texts.length > 1) break
    }
    return { texts, isSentence: false }
  }

  /** `_merge`; a single character of more tokens than a chunk is a chunk of its own, where LlamaIndex raises. */
  #merge(splits: readonly Split[], chunkSize: number): string[] {
    const chunks: string[] = []
    let chunk: Split[] = []
    let length = 0
    let isNew = true

    const close = (): void => {
      chunks.push(chunk.map((split) => split.text).join(''))
      const last = chunk
      let from = last.length
      length = 0
      while (from > 0) {
        const tokens = last[from - 1]?.tokens ?? 0
        if (length + tokens > this.#options.chunkOverlap) break
        length += tokens
        from--
      }
      chunk = last.slice(from)
      isNew = true
    }

    for (let index = 0; index < splits.length;) {
      const split = splits[index]
      if (!split) break
      if (length + split.tokens > chunkSize && !isNew) {
        close()
        continue
      }
      // The overlap makes room where the next split would not fit behind it.
      let dropped = 0
      while (isNew && dropped < chunk.length && length + split.tokens > chunkSize) {
        length -= chunk[dropped]?.tokens ?? 0
        dropped++
      }
      if (dropped > 0) chunk = chunk.slice(dropped)
      if (split.isSentence || length + split.tokens <= chunkSize || isNew) {
        length += split.tokens
        chunk.push(split)
        index++
        isNew = false
      } else close()
    }
    if (!isNew) chunks.push(chunk.map((split) => split.text).join(''))
    return chunks.map(pythonStrip).filter((text) => text !== '')
  }
}

function splitByRegex(pattern: string): SplitFunction {
  const regex = new RegExp(pattern, 'gu')
  return (text) => text.match(regex) ?? []
}
