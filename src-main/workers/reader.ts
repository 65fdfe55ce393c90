/** The reader worker: reads and parses one file at a time. A hostile file takes this thread with it and nothing else. */
import { serveWorker, transferring } from '#platform/worker-server.ts'
import type { NodeParserSettings } from '#engine/ingest/node-parser-settings.ts'
import { createNodeParser } from '#engine/ingest/node-parsers/create-node-parser.ts'
import type { NodeParser } from '#engine/ingest/node-parsers/node-parser.ts'
import {
  parseFile,
  type PackedFile,
  type ParsedFile,
  type ParseFileInput,
} from '#engine/ingest/parse-file.ts'
import { previewOf, type FilePreview, type PreviewLimits } from '#engine/ingest/preview-of.ts'
import { packDocuments } from '#engine/schema/packed-documents.ts'
import { createTokenCounter } from '#engine/ingest/tokenizers/create-token-counter.ts'
import type { TokenCounter } from '#engine/ingest/tokenizers/token-counter.ts'

interface Parsing {
  readonly parser: NodeParser
  readonly counter: TokenCounter
}

let current: { key: string; parsing: Promise<Parsing> } | undefined

/** One parser is kept: a job has one set of settings. */
function parsingWith(settings: NodeParserSettings): Promise<Parsing> {
  const key = JSON.stringify(settings)
  if (current?.key !== key) {
    const parsing = createTokenCounter(settings.tokenizer).then(async (counter) => ({
      counter,
      parser: await createNodeParser(settings, counter),
    }))
    current = { key, parsing }
  }
  return current.parsing
}

type WithSettings = ParseFileInput & { readonly settings: NodeParserSettings }

const methods = {
  parse: async (input: WithSettings): Promise<ParsedFile> =>
    parseFile(input, (await parsingWith(input.settings)).parser),
  parsePacked: async (input: WithSettings): Promise<PackedFile> => {
    const { documents, ...file } = await parseFile(input, (await parsingWith(input.settings)).parser)
    if (documents === null) return { ...file, documents }
    const packed = packDocuments(documents)
    return transferring({ ...file, documents: packed }, [packed.bytes.buffer])
  },
  preview: async (input: WithSettings & { readonly limits: PreviewLimits }): Promise<FilePreview> => {
    const { parser, counter } = await parsingWith(input.settings)
    return previewOf(await parseFile(input, parser), counter, input.limits)
  },
}
export type ReaderMethods = typeof methods

serveWorker(methods)
