/**
 * What does a vector store cost beside the engine itself? Nodes are added and searched through our adapter, and the same
 * entries with Python's own client, in turns. `--only` takes the number of nodes, 20,000 otherwise.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { buildNodes } from '#engine/schema/build-nodes.ts'
import { openChromaEngine, openChromaStore } from '#engine/stores/chroma/open-chroma-store.ts'
import { nodeToMetadataDict } from '#engine/stores/metadata-dict.ts'
import type { NodeWithVector } from '#engine/stores/vector-store.ts'

const dimensions = 384
const inBatch = 1000
const queries = 200
const python = join(import.meta.dirname, '../../.venv/bin/python')

const measuredSchema = z.object({ addSeconds: z.number(), queryMs: z.array(z.number()) })
type Measured = z.infer<typeof measuredSchema>

export async function run({
  only,
  runs,
}: {
  readonly only: readonly string[]
  readonly runs: number
}): Promise<void> {
  const count = Number(only[0] ?? 20_000)
  const home = await mkdtemp(join(tmpdir(), 'stackroom-bench-'))
  try {
    const nodes = makeNodes(count)
    const questions = vectors(queries, 7)
    const input = join(home, 'entries.json')
    await writeFile(input, JSON.stringify(entriesOf(nodes, questions)))
    const ours: Measured[] = []
    const theirs: Measured[] = []
    for (let round = 0; round < runs; round++) {
      ours.push(await measureOurs(join(home, `ours-${round}`), home, nodes, questions))
      theirs.push(await measurePython(join(home, `theirs-${round}`), input))
    }
    console.log(
      `| ${count} × ${dimensions}, median of ${runs} | add, s | query p50, ms | query p99, ms |\n|---|---|---|---|`,
    )
    print('Stackroom on a Chroma folder', ours)
    print("Python's PersistentClient", theirs)
    console.log('')
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

/** Evenly spread numbers, the same in every run. */
function vectors(count: number, seed: number): Float32Array[] {
  let state = seed
  return Array.from({ length: count }, () =>
    Float32Array.from({ length: dimensions }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state / 2 ** 32 - 0.5
    }),
  )
}

function makeNodes(count: number): NodeWithVector[] {
  const perDocument = 20
  const all = vectors(count, 1)
  return Array.from({ length: Math.ceil(count / perDocument) }, (_, number) => {
    const path = `/documents/chapter ${number}.txt`
    const texts = Array.from(
      { length: Math.min(perDocument, count - number * perDocument) },
      (_unused, part) =>
        `Part ${part} of chapter ${number}. ${'It was a bright cold day in April. '.repeat(20)}`,
    )
    const document = {
      id: path,
      text: texts.join('\n'),
      metadata: { file_path: path, file_name: `chapter ${number}.txt`, file_size: number },
      excludedEmbedMetadataKeys: [],
      excludedLlmMetadataKeys: [],
      hash: 'hash',
    }
    return buildNodes(
      document,
      texts.map((text) => ({ text })),
    ).map(({ node }, part) => ({
      node,
      vector: all[number * perDocument + part]!,
    }))
  }).flat()
}

function entriesOf(nodes: readonly NodeWithVector[], questions: readonly Float32Array[]) {
  return {
    inBatch,
    ids: nodes.map(({ node }) => node.id_),
    documents: nodes.map(({ node }) => node.text),
    metadatas: nodes.map(({ node }) => nodeToMetadataDict(node)),
    vectors: nodes.map(({ vector }) => Array.from(vector)),
    questions: questions.map((vector) => Array.from(vector)),
  }
}

async function measureOurs(
  folder: string,
  cacheFolder: string,
  nodes: readonly NodeWithVector[],
  questions: readonly Float32Array[],
): Promise<Measured> {
  await using engine = openChromaEngine({ folder, cacheFolder, migrate: false })
  const store = await openChromaStore(engine, { collection: 'bench', create: { embeddingFunction: null } })
  const begun = performance.now()
  for (let start = 0; start < nodes.length; start += inBatch)
    await store.add(nodes.slice(start, start + inBatch))
  const addSeconds = (performance.now() - begun) / 1000
  const queryMs: number[] = []
  for (const vector of questions) {
    const asked = performance.now()
    await store.query({ vector, topK: 10 })
    queryMs.push(performance.now() - asked)
  }
  return { addSeconds, queryMs }
}

async function measurePython(folder: string, input: string): Promise<Measured> {
  const script = join(import.meta.dirname, 'stores_reference.py')
  const { stdout } = await promisify(execFile)(python, [script, folder, input], { maxBuffer: 1 << 26 })
  return measuredSchema.parse(JSON.parse(stdout))
}

function print(name: string, measured: readonly Measured[]): void {
  const times = measured.map(({ queryMs }) => queryMs.toSorted((a, b) => a - b))
  const at = (share: number): number =>
    median(times.map((sorted) => sorted[Math.floor(sorted.length * share)] ?? NaN))
  const add = median(measured.map(({ addSeconds }) => addSeconds))
  console.log(`| ${name} | ${add.toFixed(1)} | ${at(0.5).toFixed(2)} | ${at(0.99).toFixed(2)} |`)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
