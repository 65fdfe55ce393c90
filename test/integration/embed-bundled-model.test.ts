import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { readModelFolder, revisionOf } from '#engine/embed/model-folder.ts'
import { BUNDLED_MODEL_ID, BUNDLED_MODEL_REVISION, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { createBundledTokenizer } from '#engine/embed/tokenizer.ts'
import { cosine } from '#engine/embed/vectors.ts'

const resourcesFolder = resolve(import.meta.dirname, '../../resources')
let dataFolder: string
let registry: EmbedModelRegistry
let model: EmbedModel

beforeAll(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'stackroom-embed-'))
  registry = new EmbedModelRegistry({ resourcesFolder, dataFolder })
  model = await registry.open(BUNDLED_MODEL_ID)
})
afterAll(async () => {
  await registry.close()
  await rm(dataFolder, { recursive: true })
})

const length = (vector: Float32Array): number => Math.hypot(...vector)

test('the bundled model is the genuine all-MiniLM-L6-v2: the published components come out', async () => {
  const vector = await model.embedQuery('This is an example sentence')
  expect(vector.length).toBe(384)
  const published = [0.06765693, 0.06349593, 0.04871314, 0.07930495, 0.03744806, 0.00265273]
  published.forEach((value, i) => expect(Math.abs(vector[i]! - value)).toBeLessThan(1e-4))
})

test('its recorded revision is that of the file in resources', async () => {
  expect(await revisionOf(readModelFolder(registry.bundledModelFolder))).toBe(BUNDLED_MODEL_REVISION)
})

test('each text gets its own vector at its own place, whatever stands beside it', async () => {
  const texts = [
    'A cat sat.',
    '',
    'Quarterly revenue grew by 14 %. '.repeat(20),
    'Die Katze saß.',
    '敏捷的狐狸 😀',
  ]
  const together = await model.embedDocuments(texts)
  for (const [i, text] of texts.entries()) {
    const [alone] = await model.embedDocuments([text])
    expect(cosine(together[i]!, alone!)).toBeGreaterThan(0.99999)
    expect(length(together[i]!)).toBeCloseTo(1, 5)
  }
})

test('the end of a text far longer than the window still counts', async () => {
  const long = 'The harbour was quiet in the morning. '.repeat(100)
  const [plain, changed] = await model.embedDocuments([
    long,
    `${long}${'Mitochondria make ATP. '.repeat(60)}`,
  ])
  expect(cosine(plain!, changed!)).toBeLessThan(0.95)
  expect(length(changed!)).toBeCloseTo(1, 5)
})

test('finished parts are handed over while the rest is computed, each text once', async () => {
  const texts = Array.from({ length: 150 }, (_, i) => `Text number ${i}`)
  const seen: number[] = []
  const parts: number[] = []
  const vectors = await model.embedDocuments(texts, {
    onVectors: async (indices, made) => {
      parts.push(indices.length)
      seen.push(...indices)
      expect(made.length).toBe(indices.length)
    },
  })
  expect(parts.length).toBeGreaterThan(1)
  expect(seen.toSorted((a, b) => a - b)).toEqual(texts.map((_, i) => i))
  expect(vectors.every((vector) => vector.length === 384)).toBe(true)
})

test('a query is answered while many documents are being embedded', async () => {
  const texts = Array.from({ length: 60 }, (_, i) => `Number ${i}: ${'words and more words '.repeat(40)}`)
  let finished = false
  const documents = model.embedDocuments(texts).then(() => (finished = true))
  await model.embedQuery('in between')
  expect(finished).toBe(false)
  await documents
})

test('work stops when it is cancelled, and the model goes on working', async () => {
  const controller = new AbortController()
  const texts = Array.from({ length: 2000 }, (_, i) => `Number ${i}: ${'words and more words '.repeat(40)}`)
  let parts = 0
  const work = model.embedDocuments(texts, {
    signal: controller.signal,
    onVectors: async () => {
      parts++
      controller.abort()
    },
  })
  await expect(work).rejects.toThrow(/abort/)
  expect(parts).toBeLessThan(3)
  expect((await model.embedQuery('still there')).length).toBe(384)
})

test('an unknown model id is refused by name', async () => {
  await expect(registry.open('bundled:no-such')).rejects.toMatchObject({ code: 'no-such-model' })
})

test('a model folder that is not there, or holds no model, is refused in words', async () => {
  await expect(registry.open(`onnx:${join(dataFolder, 'gone')}`)).rejects.toMatchObject({
    code: 'path-missing',
  })
  await expect(registry.open(`onnx:${dataFolder}`)).rejects.toMatchObject({ code: 'missing-file' })
})

test('the token counter counts as the tokenizer of the model, without special tokens', () => {
  const counter = createBundledTokenizer(registry.bundledModelFolder)
  expect(counter.count('This is an example sentence')).toBe(5)
  expect(counter.count('')).toBe(0)
})

test('the same folder given as a local model makes the same vectors', async () => {
  const local = await registry.open(`onnx:${registry.bundledModelFolder}`)
  expect(local.identity).toMatchObject({
    pooling: 'mean',
    normalized: true,
    revision: BUNDLED_MODEL_REVISION,
  })
  const [a, b] = await Promise.all([local.embedQuery('twice'), model.embedQuery('twice')])
  expect(cosine(a, b)).toBeGreaterThan(0.999999)
})
