/** The node parsers to choose from and the options of each, in LlamaIndex's order. */
import type { NodeParserName } from '#contract'

export interface OptionField {
  readonly key: string
  readonly label: string
  /** `text` and `lines` show line breaks and the like as `\n`. */
  readonly kind: 'count' | 'text' | 'lines' | 'flag' | 'choice'
  /** Of a count. */
  readonly minimum?: number
  readonly choices?: readonly { readonly value: string; readonly label: string }[]
  /** What stands there while it is empty, where that is no option's value. */
  readonly empty?: string
  /** Shown only among all options. */
  readonly minor?: boolean
}

export interface NodeParserEntry {
  readonly name: NodeParserName
  /** What it does, in a sentence. */
  readonly does: string
  readonly fields: readonly OptionField[]
  /** Only files of its kind are cut by it, all others by a SentenceSplitter. */
  readonly ofOneKind: boolean
}

const chunkSize: OptionField = { key: 'chunkSize', label: 'Chunk size, in tokens', kind: 'count', minimum: 1 }
const chunkOverlap: OptionField = {
  key: 'chunkOverlap',
  label: 'Overlap, in tokens',
  kind: 'count',
  minimum: 0,
}
const separator: OptionField = { key: 'separator', label: 'Separator', kind: 'text', minor: true }

export const sizeFields: readonly OptionField[] = [chunkSize, chunkOverlap]

export const nodeParsers: readonly NodeParserEntry[] = [
  {
    name: 'SentenceSplitter',
    does: 'Chunks of whole sentences, with some overlap. Right for most texts.',
    fields: [
      ...sizeFields,
      separator,
      { key: 'paragraphSeparator', label: 'Paragraph separator', kind: 'text', minor: true },
      {
        key: 'secondaryChunkingRegex',
        label: 'Expression for parts of sentences',
        kind: 'text',
        minor: true,
      },
    ],
    ofOneKind: false,
  },
  {
    name: 'TokenTextSplitter',
    does: 'Chunks of about one size, wherever sentences end.',
    fields: [
      ...sizeFields,
      separator,
      { key: 'backupSeparators', label: 'Separators after that, one a line', kind: 'lines', minor: true },
      { key: 'keepWhitespaces', label: 'Keep the space around chunks', kind: 'flag', minor: true },
    ],
    ofOneKind: false,
  },
  {
    name: 'SentenceWindowNodeParser',
    does: 'Each sentence by itself, with the sentences around it in its metadata.',
    fields: [
      { key: 'windowSize', label: 'Sentences on each side', kind: 'count', minimum: 1 },
      { key: 'windowMetadataKey', label: 'Metadata key of the window', kind: 'text', minor: true },
      { key: 'originalTextMetadataKey', label: 'Metadata key of the sentence', kind: 'text', minor: true },
    ],
    ofOneKind: false,
  },
  {
    name: 'MarkdownNodeParser',
    does: 'Markdown files: a chunk for each section.',
    fields: [{ key: 'headerPathSeparator', label: 'Between headings in a path', kind: 'text', minor: true }],
    ofOneKind: true,
  },
  {
    name: 'CodeSplitter',
    does: 'Source code: chunks along its structure.',
    fields: [
      { key: 'maxChars', label: 'Largest chunk, in characters', kind: 'count', minimum: 1 },
      { key: 'maxTokens', label: 'Largest chunk, in tokens', kind: 'count', minimum: 1 },
      {
        key: 'countMode',
        label: 'Measured in',
        kind: 'choice',
        choices: [
          { value: 'char', label: 'Characters' },
          { value: 'token', label: 'Tokens' },
        ],
      },
      { key: 'language', label: 'Language of all files', kind: 'text', empty: 'of each by its name' },
      { key: 'chunkLines', label: 'Lines', kind: 'count', minimum: 1, minor: true },
      { key: 'chunkLinesOverlap', label: 'Overlap, in lines', kind: 'count', minimum: 1, minor: true },
    ],
    ofOneKind: true,
  },
  {
    name: 'HTMLNodeParser',
    does: 'HTML files: chunks by their tags, of the whole source.',
    fields: [{ key: 'tags', label: 'Tags, one a line', kind: 'lines', minor: true }],
    ofOneKind: true,
  },
  {
    name: 'JSONNodeParser',
    does: 'JSON files: a chunk for the object, or for each element of the array.',
    fields: [],
    ofOneKind: true,
  },
]

export function nodeParserEntry(name: NodeParserName): NodeParserEntry {
  const entry = nodeParsers.find((other) => other.name === name)
  if (entry === undefined) throw new Error(`No node parser is called ${name}.`)
  return entry
}
