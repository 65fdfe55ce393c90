/** From settings to a node parser. */
import type { SentenceSplitterOptions } from '#contract'
import { withoutGzip } from '../file-types.ts'
import type { NodeParserSettings } from '../node-parser-settings.ts'
import type { TokenCounter } from '../tokenizers/token-counter.ts'
import type { FileNodeParser, NodeParser, OwnKind } from './node-parser.ts'
import { SentenceSplitter } from './sentence-splitter.ts'

/** Each is loaded when it is asked for: most indexes are cut by one. */
export async function createNodeParser(
  settings: NodeParserSettings,
  counter: TokenCounter,
): Promise<NodeParser> {
  switch (settings.className) {
    case 'SentenceSplitter':
      return new SentenceSplitter(counter, settings)
    case 'TokenTextSplitter': {
      const { TokenTextSplitter } = await import('./token-text-splitter.ts')
      return new TokenTextSplitter(counter, settings)
    }
    case 'SentenceWindowNodeParser': {
      const { SentenceWindowNodeParser } = await import('./sentence-window.ts')
      return new SentenceWindowNodeParser(settings)
    }
    case 'MarkdownNodeParser': {
      const { MarkdownNodeParser } = await import('./markdown-node-parser.ts')
      const parser = new MarkdownNodeParser(settings.headerPathSeparator)
      return forKind(settings.otherFiles, counter, (path) => isNamed(path, markdownName) && parser)
    }
    case 'JSONNodeParser': {
      const { JSONNodeParser } = await import('./json-node-parser.ts')
      const parser = new JSONNodeParser()
      return forKind(settings.otherFiles, counter, (path) => isNamed(path, jsonName) && parser)
    }
    case 'HTMLNodeParser': {
      const { HTMLNodeParser } = await import('./html-node-parser.ts')
      const parser = new HTMLNodeParser(settings.tags)
      return forKind(settings.otherFiles, counter, (_, reader) => reader === 'html' && parser, true)
    }
    case 'CodeSplitter': {
      const { CodeSplitter } = await import('./code-splitter.ts')
      const { codeLanguageOf, codeParser } = await import('./code-languages.ts')
      return forKind(settings.otherFiles, counter, async (path, reader) => {
        const language = settings.language ?? codeLanguageOf(withoutGzip(path))
        if (reader !== 'text' || language === null) return null
        return new CodeSplitter(await codeParser(language), counter, settings)
      })
    }
  }
}

const markdownName = /\.(?:md|markdown|mdown|mkd|mdx|qmd|rmd)$/i
const jsonName = /\.(?:json|geojson)$/i

function isNamed(path: string, name: RegExp): boolean {
  return name.test(withoutGzip(path))
}

type Choice = FileNodeParser | false | null

function forKind(
  otherFiles: SentenceSplitterOptions,
  counter: TokenCounter,
  choose: (...file: Parameters<OwnKind['parserFor']>) => Choice | Promise<Choice>,
  keepsHtml = false,
): NodeParser {
  const splitter = new SentenceSplitter(counter, otherFiles)
  return {
    className: splitter.className,
    split: (document) => splitter.split(document),
    ownKind: { keepsHtml, parserFor: async (path, reader) => (await choose(path, reader)) || null },
  }
}
