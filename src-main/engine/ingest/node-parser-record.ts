/** What `stackroom.json` keeps of the node parser of an index. */
import { isDeepStrictEqual } from 'node:util'
import { nodeParserOptionsSchema, type NodeParserInput, type NodeParserOptions } from '#contract'
import { nodeParserDefaults } from './node-parsers/defaults.ts'
import { withoutUndefined, type NodeParserSettings } from './node-parser-settings.ts'

/** What an entry of `stackroom.json` has, with the tokenizer by its name: the embed model's id, or `cl100k_base`. */
export interface RecordedNodeParser {
  readonly options: NodeParserOptions
  readonly tokenizer: string
}

type Transformation = { className: string } & Record<string, unknown>

/** The settings as `stackroom.json` keeps them: under the names of `to_dict`, without paths of this machine. */
export function toTransformation(
  { tokenizer, ...options }: NodeParserSettings,
  modelId: string,
): Transformation {
  return {
    ...renamed(options, (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
    className: options.className,
    include_metadata: true,
    include_prev_next_rel: true,
    tokenizer: tokenizer.kind === 'model' ? modelId : tokenizer.kind,
  }
}

/**
 * Null for a transformation that is none of the node parsers here. What is left out is LlamaIndex's default; names as
 * earlier versions wrote them (`chunkSize`) are read, too.
 */
export function fromTransformation({
  tokenizer,
  ...transformation
}: Transformation): RecordedNodeParser | null {
  const known = Object.entries(nodeParserDefaults).find(([name]) => name === transformation.className)
  if (!known) return null
  const options = renamed(transformation, (key) =>
    key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  )
  const parsed = nodeParserOptionsSchema.safeParse({ ...known[1], ...options })
  if (!parsed.success) return null
  return { options: parsed.data, tokenizer: typeof tokenizer === 'string' ? tokenizer : 'cl100k_base' }
}

function renamed(
  options: Readonly<Record<string, unknown>>,
  rename: (key: string) => string,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key === 'className' ? key : rename(key),
      isRecord(value) ? renamed(value, rename) : value,
    ]),
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether all that is asked for is as it was recorded. */
export function agrees(input: NodeParserInput, recorded: NodeParserOptions): boolean {
  return isWithin(withoutUndefined(input), recorded)
}

function isWithin(
  asked: Readonly<Record<string, unknown>>,
  recorded: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(asked).every(([key, value]) => {
    const there = recorded[key]
    if (isRecord(value) && isRecord(there)) return isWithin(value, there)
    return value === undefined || isDeepStrictEqual(value, there)
  })
}

/** For people: `SentenceSplitter, chunks of 254 tokens that overlap by 50`. */
export function describeNodeParser(options: NodeParserOptions): string {
  if ('chunkSize' in options)
    return `${options.className}, chunks of ${options.chunkSize} tokens that overlap by ${options.chunkOverlap}`
  if (options.className === 'SentenceWindowNodeParser')
    return `${options.className}, ${options.windowSize} sentences on each side`
  if (options.className === 'CodeSplitter')
    return `${options.className}, at most ${options.countMode === 'char' ? `${options.maxChars} characters` : `${options.maxTokens} tokens`}`
  return options.className
}
