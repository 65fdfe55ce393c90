import { resolve } from 'node:path'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { verifyModel, type FingerprintSample } from '#engine/embed/fingerprint.ts'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { cosine } from '#engine/embed/vectors.ts'

const registry = new EmbedModelRegistry({
  resourcesFolder: resolve(import.meta.dirname, '../../resources'),
  dataFolder: tmpdir(),
})
let model: EmbedModel
beforeAll(async () => {
  model = await registry.open(BUNDLED_MODEL_ID)
})
afterAll(() => registry.close())

const plain = [
  'The lighthouse keeper wrote the weather down each evening.',
  'Persisting an index writes five JSON files.',
  'Bread needs flour, water, salt and time.',
  'A long chapter about the sea and everything that lives in it. '.repeat(40),
  'Vectors of the same model can be compared, others cannot.',
]
const withMetadata = (text: string): string => `file_path: /books/sea.txt\n\n${text}`

async function samplesBy(maker: EmbedModel, textOf: (text: string) => string): Promise<FingerprintSample[]> {
  const vectors = await maker.embedDocuments(plain.map(textOf))
  return plain.map((text, i) => ({ plainText: text, embedText: withMetadata(text), vector: vectors[i]! }))
}

test('an index of this model is verified, metadata included', async () => {
  const verdict = await verifyModel(model, await samplesBy(model, withMetadata))
  expect(verdict).toMatchObject({
    verdict: 'verified',
    identity: model.identity,
    score: { samples: 5, matching: 5, variant: { metadataMode: 'embed' } },
  })
})

test('an index that was embedded without metadata is verified as such', async () => {
  const verdict = await verifyModel(model, await samplesBy(model, (text) => text))
  expect(verdict).toMatchObject({ verdict: 'verified', identity: { metadataMode: 'none' } })
})

test('the way that comes closest is the one, even where another would do', async () => {
  const long = [
    'The lighthouse keeper wrote the weather down each evening, and in the morning he compared it with what the sea had done in the night.',
    'Bread needs flour, water, salt and time, and of these four time is what most bakers have the least of.',
  ].map((text) => `${text} `.repeat(14).trim())
  const withLittle = (text: string): string => `page: 2\n\n${text}`
  const vectors = await model.embedDocuments(long)
  const others = await model.embedDocuments(long.map(withLittle))
  vectors.forEach((vector, i) => expect(cosine(vector, others[i]!)).toBeGreaterThan(0.99))
  const samples = long.map((text, i) => ({
    plainText: text,
    embedText: withLittle(text),
    vector: vectors[i]!,
  }))
  expect(await verifyModel(model, samples)).toMatchObject({
    verdict: 'verified',
    identity: { metadataMode: 'none', documentPrefix: '' },
  })
})

test('an index whose long texts were cut at the window is verified, and the verdict says that they were', async () => {
  const samples = await samplesBy(model.vary!({ longText: 'cut' }), withMetadata)
  const verdict = await verifyModel(model, [samples[3]!])
  expect(verdict).toMatchObject({ verdict: 'verified', identity: { longText: 'cut' } })
})

test('an index that was made with a documented prefix is verified with that prefix', async () => {
  const samples = await samplesBy(model.vary!({ documentPrefix: 'search_document: ' }), withMetadata)
  const verdict = await verifyModel(model, samples)
  // and questions get the prefix that goes with it
  expect(verdict).toMatchObject({
    verdict: 'verified',
    identity: { documentPrefix: 'search_document: ', queryPrefix: 'search_query: ', metadataMode: 'embed' },
  })
})

test('vectors of another model of the same dimension are refused with the best cosine that was found', async () => {
  const samples = (await samplesBy(model, withMetadata)).map((sample) => ({
    ...sample,
    vector: sample.vector.map((_, i, all) => all[(i * 7 + 3) % all.length]!),
  }))
  const verdict = await verifyModel(model, samples)
  expect(verdict).toMatchObject({ verdict: 'wrong-model', reason: 'other-vectors' })
  expect(verdict.verdict === 'wrong-model' && verdict.score!.median).toBeLessThan(0.5)
})

test('half of the vectors being right is not enough', async () => {
  const samples = await samplesBy(model, withMetadata)
  const mixed = samples.map((sample, i) =>
    i < 2 ? { ...sample, vector: sample.vector.toReversed() } : sample,
  )
  expect(await verifyModel(model, mixed)).toMatchObject({ verdict: 'wrong-model' })
})

test('other dimensions are refused without asking the model', async () => {
  const verdict = await verifyModel(model, [
    { plainText: 'a', embedText: 'a', vector: new Float32Array(1536).fill(0.1) },
  ])
  expect(verdict).toEqual({ verdict: 'wrong-model', reason: 'other-dimensions' })
})

test('without text, without vectors, or without an answer of the model nothing can be told', async () => {
  const vector = new Float32Array(384).fill(0.1)
  const empty = { plainText: ' ', embedText: 'file_path: x', vector }
  expect(await verifyModel(model, [empty])).toEqual({ verdict: 'cannot-tell', reason: 'no-text' })
  expect(await verifyModel(model, [])).toEqual({ verdict: 'cannot-tell', reason: 'no-vectors' })
  const closed = new EmbedModelRegistry({
    resourcesFolder: resolve(import.meta.dirname, '../../resources'),
    dataFolder: tmpdir(),
  })
  const gone = await closed.open(BUNDLED_MODEL_ID)
  await closed.close()
  const verdict = await verifyModel(gone, [{ plainText: 'a', embedText: 'a', vector }])
  expect(verdict).toMatchObject({
    verdict: 'cannot-tell',
    reason: 'model-failed',
    error: { code: 'internal' },
  })
})

test('cancelling ends the check', async () => {
  const samples = await samplesBy(model, withMetadata)
  await expect(verifyModel(model, samples, { signal: AbortSignal.abort() })).rejects.toThrow()
})
