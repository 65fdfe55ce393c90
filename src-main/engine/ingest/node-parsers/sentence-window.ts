/**
 * LlamaIndex's SentenceWindowNodeParser: each sentence is a node, and the sentences around it stand in its metadata, where
 * `MetadataReplacementPostProcessor` looks for them.
 */
import type { SentenceWindowOptions } from '#contract'
import type { NodeSplit, SourceDocument } from '#engine/schema/node.ts'
import type { NodeParser } from './node-parser.ts'
import { splitBySentenceTokenizer } from './punkt.ts'

export class SentenceWindowNodeParser implements NodeParser {
  readonly className = 'SentenceWindowNodeParser'
  readonly #options: SentenceWindowOptions

  constructor(options: SentenceWindowOptions) {
    this.#options = options
  }

  split({ text }: SourceDocument): NodeSplit[] {
    const { windowSize, windowMetadataKey, originalTextMetadataKey } = this.#options
    const sentences = splitBySentenceTokenizer(text)
    const excludedMetadataKeys = [windowMetadataKey, originalTextMetadataKey]
    return sentences.map((sentence, index) => {
      const window = sentences.slice(Math.max(0, index - windowSize), index + windowSize + 1).join(' ')
      return {
        text: sentence,
        metadata: { [windowMetadataKey]: window, [originalTextMetadataKey]: sentence },
        excludedMetadataKeys,
      }
    })
  }
}
