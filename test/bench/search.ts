/**
 * How long does a search take, among how many nodes? By vector through an open storage folder, beside other engines on the same
 * vectors, with the share of the ten truly nearest nodes that each found; then by words, and both with filters, as the app
 * searches, from a query's vector to the nodes of its hits. `--only` takes numbers of nodes.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { MetadataFilters, SearchOptions } from '#contract'
import { emptySettings } from '#app/new-settings.ts'
import type { QueryModels } from '#app/retrieve-from-folder.ts'
import { searchFolder } from '#app/search-folder.ts'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { createStorageFolder, openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import type { DocumentWithVectors, StorageFolder } from '#engine/storage/storage-folder.ts'
import { randomFrom } from '../random-from.ts'
import {
  ask,
  installPeers,
  measureLance,
  measureSqliteVec,
  rowOf,
  type PeerInput,
  type PeerMeasure,
} from './search-peers.ts'
import { clusteredVectors, textOf } from './search-vectors.ts'

const python = join(import.meta.dirname, '../../.venv/bin/python')
const dimensions = 384
const topK = 10
const queryCount = 200
const nodesOfDocument = 5
/** One query takes it longer than all others together: at 100,000 nodes it is asked fewer. */
const llamaIndexQueries = 20
/** A list of lists of Python numbers: 1,000,000 × 384 of them take more memory than this machine has. */
const mostForLlamaIndex = 100_000

const peerSchema = z.object({
  name: z.string(),
  peakKilobytes: z.number(),
  buildSeconds: z.number().optional(),
  queryMs: z.array(z.number()).optional(),
  rows: z.array(z.array(z.number())),
})

export async function run({ only }: { readonly only: readonly string[] }): Promise<void> {
  await installPeers()
  for (const count of only.length > 0 ? only.map(Number) : [10_000, 100_000, 1_000_000]) {
    const folder = await mkdtemp(join(tmpdir(), 'stackroom-bench-'))
    try {
      await measure(folder, count)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

async function measure(folder: string, count: number): Promise<void> {
  const queries = clusteredVectors(queryCount, dimensions, 3)
  const input: PeerInput = {
    folder,
    dimensions,
    topK,
    vectors: clusteredVectors(count, dimensions, 2),
    queries: Array.from({ length: queryCount }, (_, row) =>
      queries.subarray(row * dimensions, (row + 1) * dimensions),
    ),
  }
  await writeFile(join(folder, 'vectors.f32'), input.vectors)
  await writeFile(join(folder, 'queries.f32'), queries)
  console.log(
    `### ${count.toLocaleString('en')} nodes × ${dimensions}\n\n${queryCount} queries, top ${topK}; recall against all distances in float64. Opening starts threads whose TypeScript is compiled then, which the built app does not do.\n\n` +
      '| | built, s | open to first answer, ms | p50 ms | p99 ms | recall@10 |\n|---|--:|--:|--:|--:|--:|',
  )
  const [exact] = await askPython(input, ['exact'])
  const truth = exact?.rows ?? []
  await using storage = await openFilled(input)
  print(storage.measure, truth, storage.openMs.toFixed(0))
  for (const peer of await askPython(input, [
    'chroma',
    ...(count <= mostForLlamaIndex ? ['llamaindex'] : []),
  ]))
    print(
      {
        name:
          peer.name === 'chroma'
            ? "Chroma (Python's PersistentClient)"
            : `LlamaIndex (simple store; ${llamaIndexQueries} queries)`,
        buildSeconds: peer.buildSeconds ?? NaN,
        queryMs: peer.queryMs ?? [],
        rows: peer.rows,
      },
      truth,
    )
  for (const peer of [...(await measureLance(input)), await measureSqliteVec(input)]) print(peer, truth)
  await measureWords(storage, input)
  console.log('')
}

interface Filled extends AsyncDisposable {
  readonly folder: StorageFolder
  readonly measure: PeerMeasure
  readonly openMs: number
  /** Until the index of words had caught up with the last node. */
  readonly wordsSeconds: number
}

async function openFilled(input: PeerInput): Promise<Filled> {
  const persistDir = join(input.folder, 'storage')
  const dataFolder = join(input.folder, 'data')
  await mkdir(persistDir)
  const begun = performance.now()
  const made = await createStorageFolder({
    persistDir,
    dataFolder,
    settings: emptySettings(persistDir, 'bench'),
  })
  await fill(made, input)
  const buildSeconds = (performance.now() - begun) / 1000
  const wordsBegun = performance.now()
  await made.keywords?.prepare()
  const wordsSeconds = (performance.now() - wordsBegun) / 1000
  await made.close()
  const opened = performance.now()
  const folder = await openStorageFolder({ persistDir, dataFolder })
  const search = async (vector: Float32Array): Promise<number[]> =>
    (await folder.query(vector, input.topK)).map(({ nodeId }) => Number(nodeId))
  const [first] = input.queries
  if (first) await search(first)
  const openMs = performance.now() - opened
  const name = 'Stackroom (a storage folder)'
  return {
    folder,
    openMs,
    wordsSeconds,
    measure: { name, buildSeconds, ...(await ask(input, search)) },
    [Symbol.asyncDispose]: () => folder.close(),
  }
}

/** What is typed: one to three words, some so frequent that nearly every node has them. */
async function measureWords({ folder, wordsSeconds }: Filled, input: PeerInput): Promise<void> {
  const random = randomFrom(5)
  const asked = input.queries.map((vector) => ({
    vector,
    text: textOf(1 + Math.floor(random() * 3), random),
  }))
  const vectors = new Map(asked.map(({ text, vector }) => [text, vector]))
  console.log(
    `\nBy words and by both, from the query's vector to the nodes of ${topK} hits. The index of words was there ${wordsSeconds.toFixed(1)} s after the last node.\n\n` +
      '| | p50 ms | p99 ms | hits |\n|---|--:|--:|--:|',
  )
  const searches: readonly [string, Partial<SearchOptions>][] = [
    ['keyword', { mode: 'keyword' }],
    ['hybrid', { mode: 'hybrid' }],
    ['hybrid, a filter keeps 1 %', { mode: 'hybrid', filters: equals('hundredth', 7) }],
    ['hybrid, a filter keeps 50 %', { mode: 'hybrid', filters: equals('half', 1) }],
    ['vector, a filter keeps 50 %', { mode: 'vector', filters: equals('half', 1) }],
  ]
  for (const [name, options] of searches) {
    const ms: number[] = []
    let hits = 0
    for (const { text } of asked.slice(0, 5).concat(asked)) {
      const started = performance.now()
      const answer = await searchFolder(folder, modelsOf(vectors), { query: text, topK, ...options })
      ms.push(performance.now() - started)
      hits += answer.hits.length
      const [notice] = answer.notices
      if (notice) throw new Error(notice.message)
    }
    ms.splice(0, 5)
    console.log(`| ${name} | ${quantile(ms, 0.5)} | ${quantile(ms, 0.99)} | ${hits} |`)
  }
}

function equals(key: string, value: number): MetadataFilters {
  return { filters: [{ key, value }] }
}

/** Gives each query the vector that was made for it, in no time. */
function modelsOf(vectors: ReadonlyMap<string, Float32Array>): QueryModels {
  const model: EmbedModel = {
    identity: {
      id: 'bench:none',
      dimensions,
      pooling: 'mean',
      normalized: true,
      queryPrefix: '',
      documentPrefix: '',
      longText: 'cut',
      lineBreaks: 'kept',
      revision: '1',
    },
    maximumTokens: 256,
    offline: true,
    embedDocuments: (texts) => Promise.all(texts.map((text) => model.embedQuery(text))),
    embedQuery: (text) =>
      Promise.resolve(vectors.get(text) ?? new Float32Array(dimensions).fill(dimensions ** -0.5)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return { modelFor: () => Promise.resolve({ model, metadataMode: 'embed' }) }
}

async function fill(storage: StorageFolder, input: PeerInput): Promise<void> {
  const count = input.vectors.length / input.dimensions
  const random = randomFrom(4)
  const inBatch = 400
  for (let first = 0; first < count; first += inBatch * nodesOfDocument) {
    const insert: DocumentWithVectors[] = []
    for (let row = first; row < Math.min(count, first + inBatch * nodesOfDocument); row += nodesOfDocument)
      insert.push(documentOf(input, row, Math.min(nodesOfDocument, count - row), random))
    await storage.change({ insert })
  }
}

function documentOf(
  input: PeerInput,
  first: number,
  nodes: number,
  random: () => number,
): DocumentWithVectors {
  const number = first / nodesOfDocument
  const path = `/library/shelf ${number % 97}/document ${number}.txt`
  const metadata = {
    file_path: path,
    file_name: `document ${number}.txt`,
    file_type: 'text/plain',
    hundredth: number % 100,
    half: number % 2,
  }
  const rows = Array.from({ length: nodes }, (_, index) => first + index)
  const texts = rows.map(() => textOf(wordsOfNode, random))
  return {
    document: {
      id: path,
      text: '',
      metadata,
      excludedEmbedMetadataKeys: [],
      excludedLlmMetadataKeys: [],
      hash: path,
    },
    nodes: rows.map((row, index) => ({
      hash: String(row),
      embedText: '',
      node: {
        id_: String(row),
        embedding: null,
        metadata,
        excluded_embed_metadata_keys: [],
        excluded_llm_metadata_keys: [],
        relationships: {
          '1': { node_id: path, node_type: '4', metadata, hash: path, class_name: 'RelatedNodeInfo' },
        },
        metadata_template: '{key}: {value}',
        metadata_separator: '\n',
        text: texts[index] ?? '',
        mimetype: 'text/plain',
        start_char_idx: null,
        end_char_idx: null,
        text_template: '{metadata_str}\n\n{content}',
        class_name: 'TextNode',
      },
    })),
    vectors: rows.map((row) => rowOf(input, row)),
  }
}

/** About 200 tokens of these made-up words. */
const wordsOfNode = 120

async function askPython(
  { folder }: PeerInput,
  peers: readonly string[],
): Promise<z.infer<typeof peerSchema>[]> {
  if (!existsSync(python))
    throw new Error('Run `npm run test:interop` once: it makes the Python environment.')
  await writeFile(join(folder, 'input.json'), JSON.stringify({ dimensions, topK, peers, llamaIndexQueries }))
  const { stdout } = await promisify(execFile)(
    python,
    [join(import.meta.dirname, 'search_reference.py'), folder],
    { maxBuffer: 2 ** 28 },
  )
  return stdout
    .trim()
    .split('\n')
    .map((line) => peerSchema.parse(JSON.parse(line)))
}

function print(
  { name, buildSeconds, queryMs, rows }: PeerMeasure,
  truth: readonly (readonly number[])[],
  open = '–',
): void {
  const found = rows.reduce(
    (sum, answer, query) => sum + (truth[query] ?? []).filter((row) => answer.includes(row)).length,
    0,
  )
  const asked = truth.slice(0, rows.length).reduce((sum, { length }) => sum + length, 0)
  console.log(
    `| ${name} | ${buildSeconds.toFixed(1)} | ${open} | ${quantile(queryMs, 0.5)} | ${quantile(queryMs, 0.99)} | ${(found / asked).toFixed(3)} |`,
  )
}

function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(2)
}
