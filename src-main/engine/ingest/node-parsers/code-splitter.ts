/**
 * LlamaIndex's CodeSplitter: source code cut between the elements of its syntax tree, small neighbours together and large
 * elements into their parts. The algorithm is `llama_index.core.node_parser.text.code`, without its recursion: code can be
 * nested deeper than the stack goes.
 */
import type { Parser, TreeCursor } from '@vscode/tree-sitter-wasm'
import type { CodeSplitterOptions } from '#contract'
import type { NodeSplit, SourceDocument } from '#engine/schema/node.ts'
import { pythonStrip } from '#engine/schema/python-text.ts'
import type { TokenCounter } from '../tokenizers/token-counter.ts'
import type { FileNodeParser } from './node-parser.ts'

/** A syntax tree takes twenty times its text, in memory that no limit of the worker counts. Larger files are made by programs. */
const mostCharacters = 5_000_000

export class CodeSplitter implements FileNodeParser {
  readonly className = 'CodeSplitter'
  readonly #parser: Parser
  readonly #counter: TokenCounter
  readonly #inTokens: boolean
  readonly #maximum: number

  constructor(parser: Parser, counter: TokenCounter, options: CodeSplitterOptions) {
    this.#parser = parser
    this.#counter = counter
    this.#inTokens = options.countMode === 'token'
    this.#maximum = this.#inTokens ? options.maxTokens : options.maxChars
  }

  /** Null where LlamaIndex raises: the text is not in this language. */
  split({ text }: SourceDocument): NodeSplit[] | null {
    if (text.length > mostCharacters) return null
    const tree = this.#parser.parse(text)
    if (!tree) return null
    const cursor = tree.walk()
    try {
      if (!cursor.gotoFirstChild() || cursor.nodeType === 'ERROR') return null
      return (
        this.#chunks(text, cursor)
          .map(pythonStrip)
          // LlamaIndex keeps chunks of nothing but line breaks, as nodes without text
          .filter((chunk) => chunk !== '')
          .map((chunk) => ({ text: chunk }))
      )
    } finally {
      cursor.delete()
      tree.delete()
    }
  }

  /** `_chunk_node`; the cursor stands on the first child of the root. */
  #chunks(text: string, cursor: TreeCursor): string[] {
    const measure = this.#inTokens ? this.#tokensOf : characterLengths(text)
    const chunks: string[] = []
    let start = 0
    let end = 0
    const close = (): void => {
      if (end > start) chunks.push(text.slice(start, end))
      start = end
    }
    // ends of the elements that were entered
    const entered: number[] = []
    for (;;) {
      const childEnd = cursor.endIndex
      if (measure(text, cursor.startIndex, childEnd) > this.#maximum) {
        close()
        if (cursor.gotoFirstChild()) {
          entered.push(childEnd)
          continue
        }
        chunks.push(...this.#splitLeaf(text.slice(start, childEnd)))
        start = childEnd
      } else if (measure(text, start, childEnd) > this.#maximum) close()
      end = childEnd
      while (!cursor.gotoNextSibling()) {
        const parentEnd = entered.pop()
        close()
        if (parentEnd === undefined) return chunks
        cursor.gotoParent()
        start = end = parentEnd
      }
    }
  }

  readonly #tokensOf = (text: string, start: number, end: number): number =>
    this.#count(text.slice(start, end))

  #count(text: string): number {
    return this.#counter.countUpTo?.(text, this.#maximum) ?? this.#counter.count(text)
  }

  /** `_split_oversized_leaf`: a long string or comment. */
  #splitLeaf(text: string): string[] {
    const characters = Array.from(text)
    const parts: string[] = []
    for (let from = 0; from < characters.length;) {
      const length = this.#inTokens ? this.#fitting(characters, from) : this.#maximum
      parts.push(characters.slice(from, from + length).join(''))
      from += length
    }
    return parts
  }

  /** How many characters fit: one by one as LlamaIndex looks, but by larger steps as long as they surely fit. */
  #fitting(characters: readonly string[], from: number): number {
    const most = characters.length - from
    let length = 1
    let tokens = this.#count(characters[from] ?? '')
    while (length < most) {
      // a character has at most four bytes, and a byte at most one token
      const step = Math.min(most - length, Math.max(1, Math.floor((this.#maximum - tokens) / 4)))
      tokens = this.#count(characters.slice(from, from + length + step).join(''))
      if (tokens > this.#maximum) return length
      length += step
    }
    return length
  }
}

/** `len()` of a part of the text in Python, which counts code points. */
function characterLengths(text: string): (text: string, start: number, end: number) => number {
  if (!/[\ud800-\udfff]/.test(text)) return (_, start, end) => end - start
  const points = new Uint32Array(text.length + 1)
  let count = 0
  for (let index = 0; index < text.length; index++) {
    points[index] = count
    // the second half of a pair
    if ((text.charCodeAt(index) & 0xfc00) !== 0xdc00) count++
  }
  points[text.length] = count
  return (_, start, end) => (points[end] ?? 0) - (points[start] ?? 0)
}
