/**
 * How long is it from a key to its painted results? The real window in Chromium on the web host, hybrid search with the bundled
 * model, among nodes of twelve words each that this model embedded. Build the window first. `--only` takes numbers of nodes.
 */
import { readFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { z } from 'zod'
import { EngineServices } from '#app/engine-services.ts'
import { emptySettings } from '#app/new-settings.ts'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { BUNDLED_MODEL_ID } from '#engine/embed/model-registry.ts'
import type { DocumentWithVectors } from '#engine/storage/storage-folder.ts'
import { startWeb } from '../e2e/start-web.ts'
import { randomFrom } from '../random-from.ts'

const resourcesFolder = join(import.meta.dirname, '../../resources')
const wordsOfNode = 12
const nodesOfDocument = 50
const nodesAtOnce = 2000
const keystrokes = 200

export async function run({ only }: { readonly only: readonly string[] }): Promise<void> {
  console.log('| nodes | keystrokes | p50 ms | p95 ms | p99 ms |\n|---|--:|--:|--:|--:|')
  for (const count of only.length > 0 ? only.map(Number) : [100_000]) {
    const folder = await mkdtemp(join(tmpdir(), 'stackroom-bench-'))
    try {
      const words = await realWords()
      await makeLibrary(folder, count, words)
      const ms = await typeAndMeasure(folder, words)
      const [half, most, nearlyAll] = [0.5, 0.95, 0.99].map((share) => quantile(ms, share))
      console.log(`| ${count.toLocaleString('en')} | ${ms.length} | ${half} | ${most} | ${nearlyAll} |`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  console.log('')
}

/** Whole words of the model's own vocabulary, the frequent ones first: each is one token. */
async function realWords(): Promise<string[]> {
  const file = join(resourcesFolder, 'models/all-MiniLM-L6-v2/tokenizer.json')
  const schema = z.object({ model: z.object({ vocab: z.record(z.string(), z.number()) }) })
  const { model } = schema.parse(JSON.parse(await readFile(file, 'utf8')))
  return Object.keys(model.vocab).filter((word) => /^[a-z]{2,}$/.test(word))
}

function textOf(words: readonly string[], length: number, random: () => number): string {
  // by Zipf's law, as in search-vectors.ts
  const word = (): string => words[Math.floor(words.length ** random()) - 1] ?? ''
  return Array.from({ length }, word).join(' ')
}

async function makeLibrary(folder: string, count: number, words: readonly string[]): Promise<void> {
  await using services = new EngineServices({ dataFolder: join(folder, 'data'), resourcesFolder })
  const persistDir = join(folder, 'storage')
  await mkdir(persistDir)
  const model = await services.models.open(BUNDLED_MODEL_ID)
  const storage = await services.folders.create(persistDir, {
    ...emptySettings(persistDir, 'Bench'),
    embedModel: { ...model.identity, metadataMode: 'embed' },
  })
  const random = randomFrom(7)
  for (let first = 0; first < count; first += nodesAtOnce) {
    const texts = Array.from({ length: Math.min(nodesAtOnce, count - first) }, () =>
      textOf(words, wordsOfNode, random),
    )
    await storage.change({ insert: await documentsOf(texts, first, model) })
  }
  await storage.keywords?.prepare()
  await storage.persist()
}

async function documentsOf(
  texts: readonly string[],
  first: number,
  model: EmbedModel,
): Promise<DocumentWithVectors[]> {
  const vectors = await model.embedDocuments(texts)
  const documents: DocumentWithVectors[] = []
  for (let at = 0; at < texts.length; at += nodesOfDocument) {
    const id = `/bench/document ${first + at}.txt`
    const metadata = { file_path: id }
    documents.push({
      document: {
        ...{ id, text: '', metadata, hash: id },
        ...{ excludedEmbedMetadataKeys: ['file_path'], excludedLlmMetadataKeys: [] },
      },
      nodes: texts.slice(at, at + nodesOfDocument).map((text, index) => ({
        hash: `${first + at + index}`,
        embedText: text,
        node: {
          ...{ id_: `${first + at + index}`, embedding: null, metadata, text, mimetype: 'text/plain' },
          ...{ excluded_embed_metadata_keys: ['file_path'], excluded_llm_metadata_keys: [] },
          relationships: {
            '1': { node_id: id, node_type: '4', metadata, hash: id, class_name: 'RelatedNodeInfo' },
          },
          ...{ metadata_template: '{key}: {value}', metadata_separator: '\n' },
          ...{ start_char_idx: null, end_char_idx: null },
          ...{ text_template: '{metadata_str}\n\n{content}', class_name: 'TextNode' },
        },
      })),
      vectors: vectors.slice(at, at + nodesOfDocument),
    })
  }
  return documents
}

async function typeAndMeasure(folder: string, words: readonly string[]): Promise<number[]> {
  const environment = { STACKROOM_DATA: join(folder, 'data'), STACKROOM_HOME: join(folder, 'home') }
  const door = await startWeb({ environment, colorScheme: 'light', width: 1400 })
  try {
    const { page } = door
    const persistDir = join(folder, 'storage')
    await door.choose(persistDir, () => page.getByRole('button', { name: 'Open storage folder…' }).click())
    const box = page.getByRole('combobox', { name: /^Search / })
    await box.fill('warm up')
    await page.getByRole('option').first().waitFor()
    const random = randomFrom(11)
    const ms: number[] = []
    while (ms.length < keystrokes) {
      await box.fill('')
      for (const letter of textOf(words, 4, random)) {
        const painted = await watchNextKey(page)
        await page.keyboard.press(letter === ' ' ? 'Space' : letter)
        ms.push(await painted())
      }
    }
    return ms.slice(0, keystrokes)
  } finally {
    await door.close()
  }
}

/** From the next key to the frame after the one in which its answer is drawn. */
async function watchNextKey(page: Page): Promise<() => Promise<number>> {
  // the page listens before the key is pressed: both take different ways into it
  const watching = await page.evaluateHandle(() => ({
    painted: new Promise<number>((resolve) => {
      const begin = (event: KeyboardEvent): void => {
        const observer = new MutationObserver(() => {
          observer.disconnect()
          requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel()
            port1.onmessage = () => resolve(performance.now() - event.timeStamp)
            port2.postMessage(null)
          })
        })
        const status = document.querySelector('.search-status')
        if (status) observer.observe(status, { childList: true, characterData: true, subtree: true })
      }
      document.addEventListener('keydown', begin, { once: true, capture: true })
    }),
  }))
  return () => watching.evaluate(({ painted }) => painted)
}

function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(1)
}
