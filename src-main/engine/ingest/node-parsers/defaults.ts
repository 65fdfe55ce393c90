/** The defaults of LlamaIndex's node parsers. */
import type { NodeParserName, NodeParserOptions, SentenceSplitterOptions } from '#contract'

export const sentenceSplitterDefaults: SentenceSplitterOptions = {
  className: 'SentenceSplitter',
  chunkSize: 1024,
  chunkOverlap: 200,
  separator: ' ',
  paragraphSeparator: '\n\n\n',
  secondaryChunkingRegex: '[^,.;。？！]+[,.;。？！]?|[,.;。？！]',
}

const otherFiles = sentenceSplitterDefaults

export const nodeParserDefaults: {
  readonly [Name in NodeParserName]: Extract<NodeParserOptions, { className: Name }>
} = {
  SentenceSplitter: sentenceSplitterDefaults,
  TokenTextSplitter: {
    className: 'TokenTextSplitter',
    chunkSize: 1024,
    chunkOverlap: 20,
    separator: ' ',
    backupSeparators: ['\n'],
    keepWhitespaces: false,
  },
  SentenceWindowNodeParser: {
    className: 'SentenceWindowNodeParser',
    windowSize: 3,
    windowMetadataKey: 'window',
    originalTextMetadataKey: 'original_text',
  },
  MarkdownNodeParser: { className: 'MarkdownNodeParser', headerPathSeparator: '/', otherFiles },
  CodeSplitter: {
    className: 'CodeSplitter',
    language: null,
    // LlamaIndex has these two, and reads neither
    chunkLines: 40,
    chunkLinesOverlap: 15,
    maxChars: 1500,
    countMode: 'char',
    maxTokens: 512,
    otherFiles,
  },
  HTMLNodeParser: {
    className: 'HTMLNodeParser',
    tags: ['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'li', 'b', 'i', 'u', 'section'],
    otherFiles,
  },
  JSONNodeParser: { className: 'JSONNodeParser', otherFiles },
}
