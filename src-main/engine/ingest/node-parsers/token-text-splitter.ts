/**
 * LlamaIndex's TokenTextSplitter: chunks of at most `chunkSize` tokens, cut between words wherever they are full. The
 * algorithm is `llama_index.core.node_parser.text.token`, step by step.
 */
import type { TokenTextSplitterOptions } from '#contract'
import type { NodeSplit, SourceDocument } from '#engine/schema/node.ts'
import { pythonStrip } from '#engine/schema/python-text.ts'
import type { TokenCounter } from '../tokenizers/token-counter.ts'
import { longestMetadataString, type NodeParser } from './node-parser.ts'
import { splitByCharacter, splitBySeparator, type SplitFunction } from './split-functions.ts'

/** `DEFAULT_METADATA_FORMAT_LEN` */
const metadataFormatTokens = 2

interface Split {
  readonly text: string
  readonly tokens: number
}

export class TokenTextSplitter implements NodeParser {
  readonly className = 'TokenTextSplitter'
  readonly #options: TokenTextSplitterOptions
  readonly #counter: TokenCounter
  readonly #splitFunctions: readonly SplitFunction[]

  constructor(counter: TokenCounter, options: TokenTextSplitterOptions) {
    this.#counter = counter
    this.#options = options
    this.#splitFunctions = [
      ...[options.separator, ...options.backupSeparators].map(splitBySeparator),
      splitByCharacter,
    ]
  }

  split(document: SourceDocument): NodeSplit[] {
    const { chunkSize } = this.#options
    const metadata = this.#counter.count(longestMetadataString(document)) + metadataFormatTokens
    // LlamaIndex raises where the metadata leaves no room
    const room = chunkSize > metadata ? chunkSize - metadata : Math.min(50, chunkSize)
    return this.splitText(document.text, room).map((text) => ({ text }))
  }

  /** `split_text` */
  splitText(text: string, chunkSize: number = this.#options.chunkSize): string[] {
    if (text === '') return [text]
    const splits: Split[] = []
    this.#split(text, chunkSize, splits)
    return this.#merge(splits, chunkSize)
  }

  #countUpTo(text: string, limit: number): number {
    return this.#counter.countUpTo?.(text, limit) ?? this.#counter.count(text)
  }

  /** `_split`; the tokens of what cannot be split any further are more than a chunk has. */
  #split(text: string, chunkSize: number, into: Split[]): void {
    const tokens = this.#countUpTo(text, chunkSize)
    if (tokens <= chunkSize) {
      into.push({ text, tokens })
      return
    }
    let parts: string[] = []
    for (const splitFunction of this.#splitFunctions) {
      parts = splitFunction(text)
      if (parts.length > 1) break
    }
    for (const part of parts) {
      if (parts.length === 1) into.push({ text: part, tokens })
      else this.#split(part, chunkSize, into)
    }
  }

  /** `_merge` */
  #merge(splits: readonly Split[], chunkSize: number): string[] {
    const { chunkOverlap, keepWhitespaces } = this.#options
    const chunks: string[] = []
    // the current chunk: splits from `first` up to the one that is looked at
    let first = 0
    let length = 0
    const close = (end: number): void => {
      const text = splits
        .slice(first, end)
        .map((split) => split.text)
        .join('')
      const chunk = keepWhitespaces ? text : pythonStrip(text)
      if (chunk !== '') chunks.push(chunk)
    }
    splits.forEach(({ tokens }, index) => {
      if (length + tokens > chunkSize) {
        close(index)
        while (first < index && (length > chunkOverlap || length + tokens > chunkSize)) {
          length -= splits[first]?.tokens ?? 0
          first++
        }
      }
      length += tokens
    })
    close(splits.length)
    return chunks
  }
}
