/** Node parsers as they are chosen, completed and recorded. */
import { expect, test } from 'vitest'
import { nodeParserNameSchema, type NodeParserInput } from '#contract'
import { agrees, fromTransformation, toTransformation } from '#engine/ingest/node-parser-record.ts'
import { nodeParserSettingsFor } from '#engine/ingest/node-parser-settings.ts'

const tokenizer = { kind: 'model', folder: '/models/x' } as const

function settings(input: NodeParserInput, maximumTokens = 8192) {
  return nodeParserSettingsFor(maximumTokens, tokenizer, input)
}

test('what is not chosen is LlamaIndex’s default, or fits a small window', () => {
  expect(settings({ className: 'TokenTextSplitter' })).toMatchObject({ chunkSize: 1024, chunkOverlap: 20 })
  expect(settings({ className: 'TokenTextSplitter' }, 256)).toMatchObject({ chunkSize: 254, chunkOverlap: 5 })
  expect(settings({ className: 'CodeSplitter' })).toMatchObject({ countMode: 'char', maxChars: 1500 })
  expect(settings({ className: 'CodeSplitter' }, 256)).toMatchObject({ countMode: 'token', maxTokens: 254 })
  expect(settings({ className: 'MarkdownNodeParser' }, 256)).toMatchObject({
    otherFiles: { chunkSize: 254, chunkOverlap: 50 },
    tokenizer,
  })
  expect(settings({ className: 'SentenceSplitter', chunkSize: 512 })).toMatchObject({ chunkOverlap: 200 })
  expect(settings({ className: 'SentenceSplitter', chunkSize: 100 })).toMatchObject({ chunkOverlap: 20 })
  expect(settings({ className: 'SentenceSplitter', chunkSize: undefined })).toMatchObject({ chunkSize: 1024 })
})

test.each<[NodeParserInput, RegExp]>([
  [
    { className: 'SentenceSplitter', chunkSize: 100, chunkOverlap: 101 },
    /overlap \(101\).*chunk size \(100\)/,
  ],
  [{ className: 'MarkdownNodeParser', otherFiles: { chunkSize: 1, chunkOverlap: 2 } }, /overlap/],
  [{ className: 'SentenceSplitter', secondaryChunkingRegex: '[' }, /not a regular expression/],
  [{ className: 'CodeSplitter', language: 'klingon' }, /structure of klingon/],
])('%o is refused in a sentence', (input, sentence) => {
  expect(() => settings(input)).toThrow(
    expect.objectContaining({
      code: 'invalid-input',
      message: expect.stringMatching(sentence) as string,
    }) as Error,
  )
})

test.each(nodeParserNameSchema.options)(
  '%s is recorded under the names of to_dict, and read again',
  (className) => {
    const chosen = settings({ className }, 256)
    const recorded = toTransformation(chosen, 'bundled:x')
    expect(recorded).toMatchObject({ className, include_metadata: true, include_prev_next_rel: true })
    expect(JSON.stringify(recorded)).not.toMatch(/chunkSize|windowSize|otherFiles|\/models/)
    const read = fromTransformation(recorded)
    expect(read?.tokenizer).toBe('bundled:x')
    expect({ ...read?.options, tokenizer }).toEqual(chosen)
  },
)

test('records of earlier versions and with less in them are read', () => {
  expect(
    fromTransformation({ className: 'SentenceSplitter', chunkSize: 254, tokenizer: 'cl100k_base' }),
  ).toEqual({
    options: { ...settings({ className: 'SentenceSplitter' }), chunkSize: 254, tokenizer: undefined },
    tokenizer: 'cl100k_base',
  })
  expect(fromTransformation({ className: 'SemanticSplitterNodeParser' })).toBeNull()
  expect(fromTransformation({ className: 'SentenceSplitter', chunk_size: 'large' })).toBeNull()
})

test('a choice agrees with a record when all that is chosen is so there', () => {
  const recorded = settings({
    className: 'MarkdownNodeParser',
    otherFiles: { chunkSize: 300 },
  })
  expect(agrees({ className: 'MarkdownNodeParser' }, recorded)).toBe(true)
  expect(agrees({ className: 'MarkdownNodeParser', otherFiles: { chunkSize: 300 } }, recorded)).toBe(true)
  expect(agrees({ className: 'MarkdownNodeParser', otherFiles: { chunkSize: 301 } }, recorded)).toBe(false)
  expect(agrees({ className: 'SentenceSplitter' }, recorded)).toBe(false)
})
