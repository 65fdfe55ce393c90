/** How documents are cut into nodes: what the reader workers get. */
import {
  nodeParserOptionsSchema,
  StackroomError,
  type NodeParserInput,
  type NodeParserOptions,
  type SentenceSplitterOptions,
} from '#contract'
import { codeLanguages } from './node-parsers/code-languages.ts'
import { nodeParserDefaults as defaults, sentenceSplitterDefaults } from './node-parsers/defaults.ts'

/** What chunks are measured with: LlamaIndex's default (tiktoken's for gpt-3.5-turbo), or the embed model's own, from its folder. */
export type TokenizerSettings =
  { readonly kind: 'cl100k_base' } | { readonly kind: 'model'; readonly folder: string }

export type NodeParserSettings = NodeParserOptions & { readonly tokenizer: TokenizerSettings }

/** `SentenceSplitter()` of LlamaIndex. */
export const defaultNodeParserSettings: NodeParserSettings = {
  ...sentenceSplitterDefaults,
  tokenizer: { kind: 'cl100k_base' },
}

/** Tokens that a model's tokenizer puts around every text: `[CLS]` and `[SEP]`. */
const specialTokens = 2

/**
 * Settings for a model that reads `maximumTokens` at once. A window that holds LlamaIndex's default chunks gets the
 * defaults. A smaller one gets chunks that fit into it with their metadata, counted with the model's own tokenizer, and
 * an overlap in the same proportion.
 *
 * @throws StackroomError `invalid-input`
 */
export function nodeParserSettingsFor(
  maximumTokens: number,
  tokenizer: TokenizerSettings,
  input: NodeParserInput = { className: 'SentenceSplitter' },
): NodeParserSettings {
  const isSmall = maximumTokens < sentenceSplitterDefaults.chunkSize
  const options = complete(input, isSmall ? Math.max(1, maximumTokens - specialTokens) : null)
  return { ...options, tokenizer: isSmall ? tokenizer : { kind: 'cl100k_base' } }
}

/** @param window the tokens of a chunk that fits into a small window; null where any of the defaults fits */
function complete(input: NodeParserInput, window: number | null): NodeParserOptions {
  const given = withoutUndefined(input)
  switch (input.className) {
    case 'SentenceSplitter':
    case 'TokenTextSplitter':
      return checked({ ...defaults[input.className], ...given, ...chunks(input, window) })
    case 'SentenceWindowNodeParser':
      return checked({ ...defaults[input.className], ...given })
    case 'CodeSplitter': {
      const isMeasured = window !== null && window < defaults.CodeSplitter.maxTokens
      const fitting = isMeasured ? { countMode: 'token', maxTokens: window } : {}
      return checked({
        ...defaults.CodeSplitter,
        ...fitting,
        ...given,
        otherFiles: otherFiles(input, window),
      })
    }
    case 'MarkdownNodeParser':
    case 'JSONNodeParser':
    case 'HTMLNodeParser':
      return checked({ ...defaults[input.className], ...given, otherFiles: otherFiles(input, window) })
  }
}

function otherFiles(
  { otherFiles }: Extract<NodeParserInput, { otherFiles?: unknown }>,
  window: number | null,
): NodeParserOptions {
  return complete({ ...otherFiles, className: 'SentenceSplitter' }, window)
}

/** A chunk size that leaves no room for the default overlap has it in the same proportion; LlamaIndex raises there. */
function chunks(
  input: Extract<NodeParserInput, { chunkSize?: unknown }>,
  window: number | null,
): Pick<SentenceSplitterOptions, 'chunkSize' | 'chunkOverlap'> {
  const { chunkSize: usual, chunkOverlap: usualOverlap } = defaults[input.className]
  const proportional = (size: number): number => Math.round((size * usualOverlap) / usual)
  const chunkSize = input.chunkSize ?? window ?? usual
  const fitting = window === null ? usualOverlap : proportional(window)
  const chunkOverlap = input.chunkOverlap ?? (fitting < chunkSize ? fitting : proportional(chunkSize))
  return { chunkSize, chunkOverlap }
}

export function withoutUndefined(input: NodeParserInput): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
}

/** What LlamaIndex's constructors refuse. */
function checked(options: Record<string, unknown>): NodeParserOptions {
  const parsed = nodeParserOptionsSchema.parse(options)
  if ('chunkSize' in parsed && parsed.chunkOverlap > parsed.chunkSize)
    throw new StackroomError(
      'invalid-input',
      `The chunk overlap (${parsed.chunkOverlap}) cannot be larger than the chunk size (${parsed.chunkSize}).`,
      { hint: 'An overlap of a fifth of the chunk size is usual.' },
    )
  if (parsed.className === 'SentenceSplitter' && parsed.secondaryChunkingRegex !== null)
    requireRegularExpression(parsed.secondaryChunkingRegex)
  if (
    parsed.className === 'CodeSplitter' &&
    parsed.language !== null &&
    !codeLanguages.includes(parsed.language)
  )
    throw new StackroomError(
      'invalid-input',
      `Stackroom does not know the structure of ${parsed.language}.`,
      {
        hint: `It knows ${codeLanguages.join(', ')}. Without a language, each file is cut by its own.`,
      },
    )
  return parsed
}

function requireRegularExpression(pattern: string): void {
  try {
    new RegExp(pattern, 'gu')
  } catch (error) {
    throw new StackroomError('invalid-input', `“${pattern}” is not a regular expression.`, { cause: error })
  }
}
