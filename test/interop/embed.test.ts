/** The bundled model beside the published weights, and the fingerprint on folders that LlamaIndex persisted in Python. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { verifyModel, type FingerprintSample } from '#engine/embed/fingerprint.ts'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { loadModelTokenizer } from '#engine/embed/tokenizer.ts'
import { cosine } from '#engine/embed/vectors.ts'
import { variedTexts } from './embed-varied-texts.ts'

const root = join(import.meta.dirname, '../..')
const python = process.env['STACKROOM_PYTHON'] ?? join(root, '.venv/bin/python')
const registry = new EmbedModelRegistry({
  resourcesFolder: join(root, 'resources'),
  dataFolder: tmpdir(),
})
let model: EmbedModel

beforeAll(async () => {
  model = await registry.open(BUNDLED_MODEL_ID)
})
afterAll(() => registry.close())

async function reference<Schema extends z.ZodType>(job: object, schema: Schema): Promise<z.output<Schema>> {
  const running = promisify(execFile)(python, [join(import.meta.dirname, 'embed_reference.py')], {
    maxBuffer: 1024 ** 3,
  })
  running.child.stdin?.end(
    JSON.stringify({
      model_folder: registry.bundledModelFolder,
      cache: join(root, '.cache/all-MiniLM-L6-v2'),
      ...job,
    }),
  )
  return schema.parse(JSON.parse((await running).stdout))
}

test(
  'tokens are those of Hugging Face’s tokenizers, for every kind of text',
  { timeout: 60_000 },
  async () => {
    const texts = variedTexts(500)
    const expected = await reference({ command: 'tokens', texts }, z.array(z.array(z.number())))
    const tokenizer = loadModelTokenizer(registry.bundledModelFolder)
    texts.forEach((text, i) => expect(tokenizer.encode(text), text).toEqual(expected[i]))
  },
)

test(
  'the bundled model agrees with the published float32 weights over 500 varied texts',
  { timeout: 900_000 },
  async () => {
    const texts = ['This is an example sentence', ...variedTexts(499)]
    const expected = await reference({ command: 'vectors', texts }, z.array(z.array(z.number())))
    const own = await model.vary!({ longText: 'cut' }).embedDocuments(texts)
    const published = [0.0676569, 0.0634959, 0.0487131, 0.079305]
    published.forEach((value, i) => expect(expected[0]![i]).toBeCloseTo(value, 5))
    const cosines = own.map((vector, i) => cosine(vector, Float32Array.from(expected[i]!)))
    const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length
    const minimum = Math.min(...cosines)
    console.log(`cosine to the float32 weights: mean ${mean.toFixed(7)}, minimum ${minimum.toFixed(7)}`)
    expect(mean).toBeGreaterThanOrEqual(0.999)
    expect(minimum).toBeGreaterThanOrEqual(0.999)
  },
)

const vectorStoreSchema = z.object({ embedding_dict: z.record(z.string(), z.array(z.number())) })
const docstoreSchema = z.object({
  'docstore/data': z.record(
    z.string(),
    z.object({
      __data__: z.union([z.string().transform((text): unknown => JSON.parse(text)), z.unknown()]),
    }),
  ),
})
const nodeSchema = z.object({ text: z.string(), metadata: z.record(z.string(), z.string()) })

/** The first nodes of a folder with their vectors, as the default templates of LlamaIndex put them. */
async function samplesOf(persistDir: string): Promise<FingerprintSample[]> {
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(persistDir, name), 'utf8'))
  const vectors = vectorStoreSchema.parse(await read('default__vector_store.json')).embedding_dict
  const nodes = docstoreSchema.parse(await read('docstore.json'))['docstore/data']
  return Object.entries(nodes)
    .filter(([id]) => vectors[id])
    .slice(0, 8)
    .map(([id, { __data__ }]) => {
      const { text, metadata } = nodeSchema.parse(__data__)
      const lines = Object.entries(metadata).map(([key, value]) => `${key}: ${value}`)
      return {
        plainText: text,
        embedText: `${lines.join('\n')}\n\n${text}`,
        vector: Float32Array.from(vectors[id]!),
      }
    })
}

test.for([
  ['MiniLM', 'verified'],
  ['random-projection', 'wrong-model'],
] as const)('a folder that LlamaIndex built with %s is %s', { timeout: 120_000 }, async ([name, verdict]) => {
  const persistDir = await mkdtemp(join(tmpdir(), 'stackroom-python-'))
  try {
    const texts = [
      ...variedTexts(6).map((text) => `A note. ${text}`),
      'The sea is wide and nobody has seen all of it. '.repeat(60),
    ]
    await reference({ command: 'folder', texts, model: name, persist_dir: persistDir }, z.null())
    const found = await verifyModel(model, await samplesOf(persistDir))
    expect(found.verdict).toBe(verdict)
    if (found.verdict === 'verified') expect(found.score.matching).toBe(found.score.samples)
  } finally {
    await rm(persistDir, { recursive: true })
  }
})
