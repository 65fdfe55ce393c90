/** The bundled model beside the published weights, and the fingerprint on folders that LlamaIndex persisted in Python. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { EngineServices } from '#app/engine-services.ts'
import { indexFolder } from '#app/index-folder.ts'
import { reembedFolder } from '#app/reembed-folder.ts'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { loadModelTokenizer } from '#engine/embed/tokenizer.ts'
import { cosine } from '#engine/embed/vectors.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
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

test('tokens are those of Hugging Face’s tokenizers, for every kind of text', async () => {
  const texts = variedTexts(500)
  const expected = await reference({ command: 'tokens', texts }, z.array(z.array(z.number())))
  const tokenizer = loadModelTokenizer(registry.bundledModelFolder)
  texts.forEach((text, i) => expect(tokenizer.encode(text), text).toEqual(expected[i]))
})

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

/** As people set documents up: what is embedded is not the text alone. */
const shapes = {
  'default templates': {},
  'own templates': {
    excluded_embed_metadata_keys: ['author'],
    metadata_template: '{key} -> {value}',
    metadata_separator: ' | ',
    text_template: 'Metadata: {metadata_str}\n-----\nContent: {content}',
  },
  'no metadata': { excluded_embed_metadata_keys: ['file_name', 'author', 'pages'] },
}

async function withFolder(
  made: {
    readonly model: string
    readonly shape?: object
    readonly texts: readonly string[]
    readonly own?: { readonly prefix: string; readonly metadata_mode: string }
  },
  use: (services: EngineServices, folder: StorageFolder) => Promise<void>,
): Promise<void> {
  const temporary = await mkdtemp(join(tmpdir(), 'stackroom-python-'))
  const persistDir = join(temporary, 'storage')
  try {
    await reference({ command: 'folder', ...made, persist_dir: persistDir }, z.null())
    await using services = new EngineServices({
      dataFolder: join(temporary, 'data'),
      resourcesFolder: join(root, 'resources'),
    })
    await use(services, await services.folders.open(persistDir))
  } finally {
    await rm(temporary, { recursive: true })
  }
}

const texts = [
  ...variedTexts(6).map((text) => `A note. ${text}`),
  'The sea is wide and nobody has seen all of it. '.repeat(60),
]

test.for(Object.entries(shapes))(
  'a folder that LlamaIndex built with MiniLM and %s is verified on opening, every sample of it',
  async ([, shape]) => {
    await withFolder({ model: 'MiniLM', shape, texts }, async ({ checks }, folder) => {
      const check = await checks.check(folder)
      expect(check).toMatchObject({ verdict: 'verified', model: BUNDLED_MODEL_ID, refused: [] })
      expect(check.score?.matching).toBe(check.score?.samples)
    })
  },
)

test('a folder that LlamaIndex built with another model is refused; embedded again, LlamaIndex finds its own vectors in it', async () => {
  const made = { model: 'random-projection', shape: shapes['own templates'], texts: texts.slice(0, 5) }
  await withFolder(made, async (services, folder) => {
    expect(await services.checks.check(folder)).toMatchObject({
      verdict: 'wrong-model',
      reason: 'other-vectors',
      refused: ['search', 'index'],
    })
    await reembedFolder(services, folder, { model: BUNDLED_MODEL_ID })
    expect(await services.checks.check(folder)).toMatchObject({ verdict: 'verified', refused: [] })
    const cosines = await reference(
      { command: 'agreement', persist_dir: folder.persistDir },
      z.array(z.number()),
    )
    expect(cosines).toHaveLength((await folder.summary()).nodes)
    expect(Math.min(...cosines)).toBeGreaterThan(0.9999)
  })
})

test.for([
  { prefix: '', metadata_mode: 'none' },
  { prefix: 'passage: ', metadata_mode: 'embed' },
  { prefix: 'search_document: ', metadata_mode: 'none' },
])(
  'a folder with vectors of a program’s own (%o) grows as that program embeds, and stackroom.json says how',
  async (own) => {
    await withFolder({ model: 'MiniLM', texts: texts.slice(0, 5), own }, async (services, folder) => {
      expect(await services.checks.check(folder)).toMatchObject({ verdict: 'verified', recorded: false })
      const path = join(folder.persistDir, '../tea.txt')
      await writeFile(path, 'Green tea is steeped at eighty degrees for two minutes.')
      await indexFolder(services, { paths: [path], persistDir: folder.persistDir })
      const cosines = await reference(
        { command: 'agreement', persist_dir: folder.persistDir },
        z.array(z.number()),
      )
      expect(cosines).toHaveLength((await folder.summary()).nodes)
      expect(Math.min(...cosines)).toBeGreaterThan(0.9999)
      expect((await folder.summary()).settings?.embedModel).toMatchObject({
        documentPrefix: own.prefix,
        metadataMode: own.metadata_mode,
      })
    })
  },
)
