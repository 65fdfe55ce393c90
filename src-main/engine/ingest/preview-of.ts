/** What a user is shown of a parsed file before it is indexed: its nodes with their sizes, bounded. Runs in a reader worker. */
import type { ChunkPreview, Metadata, PreviewedDocument, PreviewedNode } from '#contract'
import { codePointLength } from '#engine/schema/code-points.ts'
import type { ParsedDocument, ParsedNode } from '#engine/schema/node.ts'
import type { ParsedFile } from './parse-file.ts'
import type { TokenCounter } from './tokenizers/token-counter.ts'

/** What is shown at most; everything is counted. */
export interface PreviewLimits {
  readonly documents: number
  readonly nodes: number
  /** Characters of one text, of a node or in its metadata; and of all nodes together. */
  readonly textCharacters: number
  readonly allCharacters: number
}

export type FilePreview = Omit<ChunkPreview, 'nodeParser' | 'tokenizer' | 'model' | 'maximumTokens'>

export function previewOf(file: ParsedFile, counter: TokenCounter, limits: PreviewLimits): FilePreview {
  const all = file.documents ?? []
  const preview = new Preview(counter, limits)
  const documents = all.slice(0, limits.documents).map((document) => preview.document(document))
  const tokens = all
    .flatMap(({ nodes }) => nodes.map(({ node }) => counter.count(node.text)))
    .sort((a, b) => a - b)
  return {
    path: file.path,
    bytes: file.bytes,
    cutBy: file.nodeParser,
    totalDocuments: all.length,
    totalNodes: tokens.length,
    tokensPerNode:
      tokens.length === 0
        ? null
        : {
            minimum: tokens[0] ?? 0,
            median: tokens[tokens.length >> 1] ?? 0,
            maximum: tokens.at(-1) ?? 0,
          },
    documents,
    truncated: preview.truncated || all.length > documents.length,
  }
}

class Preview {
  truncated = false
  readonly #counter: TokenCounter
  readonly #limits: PreviewLimits
  #nodes: number
  #characters: number

  constructor(counter: TokenCounter, limits: PreviewLimits) {
    this.#counter = counter
    this.#limits = limits
    this.#nodes = limits.nodes
    this.#characters = limits.allCharacters
  }

  document({ document, nodes }: ParsedDocument): PreviewedDocument {
    const shown: PreviewedNode[] = []
    for (const node of nodes) {
      if (this.#nodes === 0 || this.#characters <= 0) {
        this.truncated = true
        break
      }
      this.#nodes--
      shown.push(this.#node(node, document.metadata))
    }
    return {
      id: document.id,
      metadata: this.#metadata(document.metadata),
      characters: codePointLength(document.text),
      totalNodes: nodes.length,
      nodes: shown,
    }
  }

  #node({ node, embedText }: ParsedNode, common: Metadata): PreviewedNode {
    const text = this.#take(node.text)
    const own = Object.entries(node.metadata).filter(([key, value]) => common[key] !== value)
    const metadata = this.#metadata(Object.fromEntries(own))
    return {
      text,
      truncated: text.length < node.text.length,
      startCharIdx: node.start_char_idx,
      endCharIdx: node.end_char_idx,
      tokens: this.#counter.count(node.text),
      embedTokens: this.#counter.count(embedText),
      metadata,
    }
  }

  #metadata(metadata: Metadata): Metadata {
    return Object.fromEntries(
      Object.entries(metadata).map(([key, value]) => [
        key,
        typeof value === 'string' ? this.#take(value) : value,
      ]),
    )
  }

  /** Metadata count, too: the sentences of a window are shown as often as there are nodes. */
  #take(value: string): string {
    const { textCharacters } = this.#limits
    const isLong = value.length > textCharacters
    const text = isLong ? value.slice(0, textCharacters).toWellFormed() : value
    if (isLong) this.truncated = true
    this.#characters -= text.length
    return text
  }
}
