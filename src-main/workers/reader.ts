/** The reader worker: reads and parses one file at a time. A hostile file takes this thread with it and nothing else. */
import { serveWorker } from '#platform/worker-server.ts'
import type { NodeParserSettings } from '#engine/ingest/node-parser-settings.ts'
import { SentenceSplitter } from '#engine/ingest/node-parsers/sentence-splitter.ts'
import { parseFile, type ParsedFile, type ParseFileInput } from '#engine/ingest/parse-file.ts'
import { createTokenCounter } from '#engine/ingest/tokenizers/create-token-counter.ts'

let current: { key: string; splitter: Promise<SentenceSplitter> } | undefined

/** One splitter is kept: a job has one set of settings. */
function splitterFor(settings: NodeParserSettings): Promise<SentenceSplitter> {
  const key = JSON.stringify(settings)
  if (current?.key !== key) {
    const splitter = createTokenCounter(settings.tokenizer).then(
      (counter) => new SentenceSplitter(counter, settings),
    )
    current = { key, splitter }
  }
  return current.splitter
}

const methods = {
  parse: async (input: ParseFileInput & { readonly settings: NodeParserSettings }): Promise<ParsedFile> =>
    parseFile(input, await splitterFor(input.settings)),
}
export type ReaderMethods = typeof methods

serveWorker(methods)
