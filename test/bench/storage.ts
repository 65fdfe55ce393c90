/**
 * How fast is the storage engine on folders that Python LlamaIndex wrote, beside LlamaIndex itself in the same run? Each
 * repetition is a process of its own on a copy that was just written, so that the page cache is warm for both sides.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import {
  benchFolders,
  copyOf,
  providePristine,
  python,
  reference,
  type BenchFolder,
} from './storage-folders.ts'

/** Python takes many minutes for a large folder: further repetitions are made as long as this is not used up. */
const pythonBudgetMs = 180_000

const measureSchema = z.object({
  openMs: z.number(),
  peakKilobytes: z.number(),
  searchMs: z.array(z.number()),
  insertMs: z.array(z.number()),
  persistMs: z.number(),
  answer: z.array(z.object({ nodeId: z.string(), score: z.number() })),
  loopP99Ms: z.number().default(0),
  loopMaxMs: z.number().default(0),
})
type Measure = z.infer<typeof measureSchema>

export interface StorageBenchOptions {
  readonly only: readonly string[]
  readonly runs: number
  /** Undefined: as many as the time allows, `runs` at most. */
  readonly pythonRuns?: number | undefined
}

export async function run({ only, runs, pythonRuns }: StorageBenchOptions): Promise<void> {
  if (!existsSync(python)) {
    console.log(`Skipped: no Python at ${python}. \`npm run test:interop\` makes it.`)
    return
  }
  const unknown = only.filter((name) => !benchFolders.some((folder) => folder.name === name))
  if (unknown.length > 0)
    throw new Error(`No folder ${unknown.join(', ')}: ${benchFolders.map(({ name }) => name).join(', ')}`)
  for (const folder of benchFolders) {
    if (only.length === 0 || only.includes(folder.name)) await benchFolder(folder, runs, pythonRuns)
  }
}

async function benchFolder(folder: BenchFolder, runs: number, pythonRuns?: number): Promise<void> {
  const pristine = await providePristine(folder)
  const own: { first: Measure; work: Measure }[] = []
  const theirs: Measure[] = []
  let pythonMs = 0
  for (let turn = 0; turn < runs; turn++) {
    const copy = await copyOf(pristine, folder.name)
    own.push({ first: await measureOwn('open', copy), work: await measureOwn('work', copy) })
    const average = pythonMs / Math.max(1, theirs.length)
    const isDue =
      pythonRuns === undefined ? turn === 0 || pythonMs + average <= pythonBudgetMs : turn < pythonRuns
    if (!isDue) continue
    const started = performance.now()
    const pythonCopy = await copyOf(pristine, folder.name)
    theirs.push(await measurePython(pythonCopy))
    pythonMs += performance.now() - started
  }
  await rm(await copyOf(pristine, folder.name), { recursive: true, force: true })
  report(folder, own, theirs)
}

async function measureOwn(action: 'open' | 'work', folder: string): Promise<Measure> {
  const script = join(import.meta.dirname, 'storage-measure.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [script, action, folder])
  return measureSchema.parse(JSON.parse(stdout))
}

async function measurePython(folder: string): Promise<Measure> {
  const { stdout } = await promisify(execFile)(python, [reference, 'measure', folder])
  return measureSchema.parse(JSON.parse(stdout))
}

function report(
  { name, nodes, dimensions }: BenchFolder,
  own: readonly { first: Measure; work: Measure }[],
  theirs: readonly Measure[],
): void {
  const isLarge = name === '100k'
  const median = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
  const first = median(own.map((run) => run.first.openMs))
  const firstPeak = median(own.map((run) => run.first.peakKilobytes)) / 1024
  const reopen = median(own.map((run) => run.work.openMs))
  const reopenPeak = median(own.map((run) => run.work.peakKilobytes)) / 1024
  const inserts = own.flatMap((run) => run.work.insertMs)
  const persist = median(own.map((run) => run.work.persistMs))
  const searches = own.flatMap((run) => run.work.searchMs)
  const search = median(searches)
  const loop = Math.max(...own.flatMap((run) => [run.first.loopP99Ms, run.work.loopP99Ms]))
  const loopMax = Math.max(...own.flatMap((run) => [run.first.loopMaxMs, run.work.loopMaxMs]))
  const pythonOpen = median(theirs.map((run) => run.openMs))
  const pythonPeak = median(theirs.map((run) => run.peakKilobytes)) / 1024
  const pythonInsert = median(theirs.flatMap((run) => run.insertMs))
  const pythonPersist = median(theirs.map((run) => run.persistMs))
  const pythonSearch = median(theirs.flatMap((run) => run.searchMs))
  const packed = (nodes * dimensions * 4) / 2 ** 20

  const rows: [work: string, own: string, python: string, times: string, bar: string, isMet: boolean][] = [
    [
      'first open, until the first search is answered',
      time(first),
      time(pythonOpen),
      ratio(pythonOpen, first),
      'at most 1/4 of Python',
      first * 4 <= pythonOpen,
    ],
    [
      'its peak memory',
      megabytes(firstPeak),
      megabytes(pythonPeak),
      ratio(pythonPeak, firstPeak),
      `at most 1/3 of Python, and of packed vectors + 300 MB = ${megabytes(packed + 300)}`,
      firstPeak * 3 <= pythonPeak && firstPeak <= packed + 300,
    ],
    [
      'reopen unchanged, until the first search is answered',
      time(reopen),
      time(pythonOpen),
      ratio(pythonOpen, reopen),
      isLarge ? 'under 400 ms, and 30 times faster' : '30 times faster',
      pythonOpen >= 30 * reopen && (!isLarge || reopen < 400),
    ],
    [
      'its peak memory',
      megabytes(reopenPeak),
      megabytes(pythonPeak),
      ratio(pythonPeak, reopenPeak),
      '–',
      true,
    ],
    [
      'insert one 5-node document (Stackroom: durable, Python: in memory)',
      `${time(median(inserts))}, slowest of ${inserts.length}: ${time(Math.max(...inserts))}`,
      time(pythonInsert),
      '–',
      'under 50 ms',
      Math.max(...inserts) < 50,
    ],
    [
      'JSON files up to date after inserts',
      time(persist),
      time(pythonPersist),
      ratio(pythonPersist, persist),
      'at most 1/4 of Python',
      persist * 4 <= pythonPersist,
    ],
    [
      'one search, exact top 10',
      `${time(search)}, p99 ${time(quantile(searches, 0.99))}`,
      time(pythonSearch),
      ratio(pythonSearch, search),
      isLarge ? 'under 6 ms, and 100 times faster' : '100 times faster',
      pythonSearch >= 100 * search && (!isLarge || search < 6),
    ],
    [
      'event loop of the main process, p99 delay of the worst run',
      `${time(loop)}, longest ${time(loopMax)}`,
      '–',
      '–',
      'under 50 ms',
      loop < 50,
    ],
    [
      'same ten nodes in the same order, same scores',
      own.every((run) => isSame(run.first, theirs[0]) && isSame(run.work, theirs[0])) ? 'yes' : 'no',
      '–',
      '–',
      'yes',
      own.every((run) => isSame(run.first, theirs[0]) && isSame(run.work, theirs[0])),
    ],
  ]
  console.log(
    `### ${nodes.toLocaleString('en')} nodes × ${dimensions}\n\n` +
      `Medians of ${own.length} repetitions of Stackroom and ${theirs.length} of Python.\n`,
  )
  console.log('| | Stackroom | LlamaIndex | times | bar | met |\n|---|--:|--:|--:|---|---|')
  for (const [work, ownText, pythonText, times, bar, isMet] of rows)
    console.log(
      `| ${work} | ${ownText} | ${pythonText} | ${times} | ${bar} | ${bar === '–' ? '–' : isMet ? 'yes' : '**no**'} |`,
    )
  console.log('')
}

function isSame(own: Measure, theirs: Measure | undefined): boolean {
  return (
    own.answer.length === 10 &&
    own.answer.every((hit, index) => {
      const other = theirs?.answer[index]
      return hit.nodeId === other?.nodeId && Math.abs(hit.score - other.score) < 1e-12
    })
  )
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function time(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(milliseconds >= 20_000 ? 0 : 1)} s`
  return `${milliseconds.toFixed(milliseconds >= 20 ? 0 : 1)} ms`
}

function megabytes(value: number): string {
  return `${Math.round(value)} MB`
}

function ratio(theirs: number, own: number): string {
  const times = theirs / own
  return times.toFixed(times >= 20 ? 0 : 1)
}
