/** A node parser in a few words. */
import type { NodeParserInput, NodeParserOptions } from '#contract'
import { formatCount } from '../../ui/format.ts'

/** As it is chosen: what is left out fits the model. */
export function describeNodeParser(input: NodeParserInput): string {
  const { className } = input
  const size = 'chunkSize' in input ? input.chunkSize : undefined
  if (size !== undefined) return `${className}, ${formatCount(size)} tokens`
  return className === 'SentenceSplitter' ? 'as fits the model' : className
}

/** With everything filled in, as far as it cuts files of the kind at hand. */
export function describeCutting(options: NodeParserOptions, cutBy: NodeParserOptions['className']): string {
  const used = options.className !== cutBy && 'otherFiles' in options ? options.otherFiles : options
  switch (used.className) {
    case 'SentenceSplitter':
    case 'TokenTextSplitter':
      return `${used.className}, ${formatCount(used.chunkSize)} tokens with ${formatCount(used.chunkOverlap)} overlapping`
    case 'SentenceWindowNodeParser':
      return `${used.className}, ${formatCount(used.windowSize)} sentences on each side`
    case 'CodeSplitter':
      return used.countMode === 'token'
        ? `CodeSplitter, up to ${formatCount(used.maxTokens)} tokens`
        : `CodeSplitter, up to ${formatCount(used.maxChars)} characters`
    case 'MarkdownNodeParser':
    case 'HTMLNodeParser':
    case 'JSONNodeParser':
      return used.className
  }
}
