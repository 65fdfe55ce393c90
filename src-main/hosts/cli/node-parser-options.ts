/** The options that choose a node parser, of the commands that cut documents. */
import { Option, type Command } from 'commander'
import { nodeParserNameSchema, StackroomError, type NodeParserInput, type NodeParserName } from '#contract'
import { wholeNumber } from './whole-number.ts'

export interface NodeParserOptions {
  readonly nodeParser?: NodeParserName
  readonly chunkSize?: number
  readonly chunkOverlap?: number
  readonly windowSize?: number
}

const most = 10_000_000

export function addNodeParserOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--node-parser <name>',
        'how documents are cut; default: as the index was built, or SentenceSplitter',
      ).choices(nodeParserNameSchema.options),
    )
    .option('--chunk-size <tokens>', 'default: 1024, or what fits the embed model', wholeNumber(1, most))
    .option('--chunk-overlap <tokens>', 'default: 200, or a fifth of a smaller chunk', wholeNumber(0, most))
    .option('--window-size <sentences>', 'of SentenceWindowNodeParser, on each side', wholeNumber(1, 1000))
}

/** Undefined where nothing is asked for. @throws StackroomError `wrong-usage` */
export function nodeParserInput(options: NodeParserOptions): NodeParserInput | undefined {
  const { nodeParser: className = 'SentenceSplitter', chunkSize, chunkOverlap, windowSize } = options
  const hasChunks = chunkSize !== undefined || chunkOverlap !== undefined
  if (options.nodeParser === undefined && !hasChunks && windowSize === undefined) return undefined
  if (windowSize !== undefined && className !== 'SentenceWindowNodeParser')
    throw new StackroomError(
      'wrong-usage',
      `${className} has no windows: --window-size is of SentenceWindowNodeParser.`,
    )
  const chunks = {
    ...(chunkSize !== undefined && { chunkSize }),
    ...(chunkOverlap !== undefined && { chunkOverlap }),
  }
  switch (className) {
    case 'SentenceSplitter':
    case 'TokenTextSplitter':
      return { className, ...chunks }
    case 'SentenceWindowNodeParser':
      if (!hasChunks) return { className, ...(windowSize !== undefined && { windowSize }) }
      throw new StackroomError(
        'wrong-usage',
        'SentenceWindowNodeParser makes a node of each sentence: it has no chunk size.',
      )
    case 'CodeSplitter':
      // LlamaIndex's own measure is characters; who names tokens gets tokens
      return {
        className,
        ...(chunkSize !== undefined && { countMode: 'token' as const, maxTokens: chunkSize }),
        ...(hasChunks && { otherFiles: chunks }),
      }
    case 'MarkdownNodeParser':
    case 'JSONNodeParser':
    case 'HTMLNodeParser':
      return { className, ...(hasChunks && { otherFiles: chunks }) }
  }
}
