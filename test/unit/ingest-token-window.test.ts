import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createBundledTokenizer } from '#engine/embed/tokenizer.ts'
import { toTransformation } from '#engine/ingest/node-parser-record.ts'
import { defaultNodeParserSettings, nodeParserSettingsFor } from '#engine/ingest/node-parser-settings.ts'
import { createNodeParser } from '#engine/ingest/node-parsers/create-node-parser.ts'
import { sentenceSplitterDefaults } from '#engine/ingest/node-parsers/defaults.ts'
import { SentenceSplitter } from '#engine/ingest/node-parsers/sentence-splitter.ts'
import { parseFile } from '#engine/ingest/parse-file.ts'
import { createTokenCounter } from '#engine/ingest/tokenizers/create-token-counter.ts'

const folder = join(import.meta.dirname, '../../resources/models/all-MiniLM-L6-v2')
const settings = nodeParserSettingsFor(256, { kind: 'model', folder })

test('a model with a small window gets chunks of its size, and others LlamaIndex’s defaults', () => {
  expect(settings).toMatchObject({ chunkSize: 254, chunkOverlap: 50, tokenizer: { kind: 'model' } })
  expect(nodeParserSettingsFor(8192, { kind: 'model', folder })).toEqual(defaultNodeParserSettings)
  expect(defaultNodeParserSettings).toMatchObject({ chunkSize: 1024, chunkOverlap: 200 })
})

test('what is stored of the settings names the model and no path', () => {
  expect(toTransformation(settings, 'bundled:x')).toMatchObject({
    className: 'SentenceSplitter',
    tokenizer: 'bundled:x',
  })
  expect(JSON.stringify(toTransformation(settings, 'bundled:x'))).not.toContain(folder)
})

test('every node with its metadata fits into the window', async () => {
  const splitter = await createNodeParser(settings, await createTokenCounter(settings.tokenizer))
  const model = createBundledTokenizer(folder)
  const path = join(import.meta.dirname, '../../src-main/engine/ingest/node-parsers/sentence-splitter.ts')
  const { documents } = await parseFile({ path }, splitter)
  const sizes = documents?.[0]?.nodes.map(({ embedText }) => model.count(embedText)) ?? []
  expect(sizes.length).toBeGreaterThan(3)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(254)
  expect(Math.max(...sizes)).toBeGreaterThan(150)
})

test('counting word by word gives what the tokenizer gives for the whole', async () => {
  const counter = await createTokenCounter(settings.tokenizer)
  const model = createBundledTokenizer(folder)
  const text = `${await readFile(import.meta.filename, 'utf8')} Größe, 書庫です。 don't\u00a0x\u2003y\ufeffz 😀\r\n\tA.B`
  expect(counter.count(text)).toBe(model.count(text))
  expect(counter.countUpTo?.(text, 20)).toBeGreaterThan(20)
})

test('a word that no model can read does not make a node without end', async () => {
  const counter = await createTokenCounter(settings.tokenizer)
  const splitter = new SentenceSplitter(counter, { ...sentenceSplitterDefaults, chunkSize: 254 })
  const chunks = splitter.splitText('QUJD'.repeat(50_000))
  expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(10_000)
})
