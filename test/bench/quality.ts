/**
 * How good are the answers? Recall, MRR and nDCG of search by words, by meaning and by both, beside LlamaIndex's default retriever
 * with the same chunks and the same vectors, on questions with known answers from Debian's documentation. `--only man` names a set, `--only 200`
 * takes so many questions of each.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { SearchMode } from '#contract'
import { EngineServices } from '#app/engine-services.ts'
import { indexFolder } from '#app/index-folder.ts'
import { searchFolder } from '#app/search-folder.ts'
import { isTest, qualitySets, type QualitySet } from './quality-sets.ts'
import { python } from './storage-folders.ts'

const usualLimit = 2000
/** Passages that are looked through for ten documents. */
const passages = 40
const resamples = 1000

/** For each question the rank of its document from 1; 0: it was not among the first ten. */
type Ranks = readonly number[]

const measures = {
  'recall@1': (rank: number) => Number(rank === 1),
  'recall@5': (rank: number) => Number(rank > 0 && rank <= 5),
  'recall@10': (rank: number) => Number(rank > 0),
  'MRR@10': (rank: number) => (rank > 0 ? 1 / rank : 0),
  'nDCG@10': (rank: number) => (rank > 0 ? 1 / Math.log2(rank + 1) : 0),
} as const

export async function run({ only }: { readonly only: readonly string[] }): Promise<void> {
  const limit = Number(only.find((name) => /^\d+$/.test(name)) ?? usualLimit)
  const names = only.filter((name) => !/^\d+$/.test(name))
  const means = new Map<string, number[]>()
  for (const set of qualitySets(limit)) {
    if (names.length > 0 && !names.includes(set.name)) continue
    if (set.items.length === 0) {
      console.log(`Skipped: ${set.what}. Its documents are not on this machine.\n`)
      continue
    }
    for (const [way, ranks] of await ranksOf(set)) {
      const scores = ranks.map(measures['nDCG@10'])
      means.set(way, [...(means.get(way) ?? []), mean(scores)])
    }
  }
  console.log('| nDCG@10, mean of the sets | |\n|---|--:|')
  for (const [way, scores] of means) console.log(`| ${way} | ${percent(mean(scores))} |`)
  console.log('')
}

async function ranksOf(set: QualitySet): Promise<Map<string, Ranks>> {
  const home = await mkdtemp(join(tmpdir(), 'stackroom-quality-'))
  try {
    const documents = join(home, 'documents')
    await mkdir(documents)
    // Names that give nothing away.
    for (const [index, { text }] of set.items.entries())
      await writeFile(join(documents, `${index}.txt`), text)
    await using services = new EngineServices({
      dataFolder: join(home, 'data'),
      resourcesFolder: join(import.meta.dirname, '../../resources'),
    })
    const persistDir = join(home, 'storage')
    const { report } = await indexFolder(services, { paths: [documents], persistDir, name: set.name })
    const folder = await services.folders.open(persistDir)
    await folder.keywords?.prepare()
    const asked = set.items.flatMap(({ question }, index) => (isTest(question) ? [{ question, index }] : []))
    console.log(
      `### ${set.name}: ${set.what}\n\n${report.documents} documents, ${report.nodes} nodes, ${asked.length} questions of the test half\n`,
    )
    const ways = new Map<string, Ranks>()
    for (const mode of ['keyword', 'vector', 'hybrid'] satisfies SearchMode[]) {
      const ranks: number[] = []
      for (const { question, index } of asked) {
        const { hits } = await searchFolder(folder, services.checks, {
          query: question,
          mode,
          literal: true,
          topK: passages,
        })
        ranks.push(
          rankOf(
            hits.map(({ source }) => basename(source ?? '')),
            `${index}.txt`,
          ),
        )
      }
      ways.set(mode, ranks)
    }
    if (existsSync(python)) {
      const summary = await folder.summary()
      const { model } = await services.checks.modelFor(folder, summary, 'search')
      const questions = []
      for (const { question } of asked)
        questions.push({ question, vector: [...(await model.embedQuery(question))] })
      await folder.persist()
      ways.set(
        'LlamaIndex',
        await pythonRanks(
          home,
          persistDir,
          questions,
          asked.map(({ index }) => `${index}.txt`),
        ),
      )
    }
    console.log(table(ways))
    return ways
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

async function pythonRanks(
  home: string,
  persistDir: string,
  questions: readonly unknown[],
  wanted: readonly string[],
): Promise<number[]> {
  const path = join(home, 'questions.json')
  await writeFile(path, JSON.stringify(questions))
  const script = join(import.meta.dirname, 'quality_reference.py')
  await promisify(execFile)(python, [script, persistDir, path, String(passages)], { maxBuffer: 2 ** 26 })
  const answers = z.array(z.array(z.string())).parse(JSON.parse(await readFile(`${path}.answers`, 'utf8')))
  return answers.map((found, index) =>
    rankOf(
      found.map((id) => basename(id)),
      wanted[index] ?? '',
    ),
  )
}

/** Of documents, each at the place of its best passage. */
function rankOf(found: readonly string[], wanted: string): number {
  return [...new Set(found)].slice(0, 10).indexOf(wanted) + 1
}

function table(ways: ReadonlyMap<string, Ranks>): string {
  const head = ['', ...Object.keys(measures)]
  const rows = [...ways].map(([way, ranks]) => [
    way,
    ...Object.values(measures).map((measure) => {
      const scores = ranks.map(measure)
      const [low, high] = interval(scores)
      return `${percent(mean(scores))} (${percent(low)}–${percent(high)})`
    }),
  ])
  return `${[head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n\nIn percent, with the 95 % interval of ${resamples} bootstrap samples.\n`
}

/** The same samples in every run. */
function interval(scores: readonly number[]): [low: number, high: number] {
  let state = 1
  const means = Array.from({ length: resamples }, () => {
    let sum = 0
    for (let index = 0; index < scores.length; index++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      sum += scores[Math.floor((state / 2 ** 32) * scores.length)]!
    }
    return sum / scores.length
  }).sort((a, b) => a - b)
  return [means[Math.floor(resamples * 0.025)]!, means[Math.floor(resamples * 0.975)]!]
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function percent(share: number): string {
  return (share * 100).toFixed(1)
}
