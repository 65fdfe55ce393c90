/** The table of the storage benchmark: each kind of work, the bar for it, and whether it is met. */
import { z } from 'zod'
import type { BenchFolder } from './storage-folders.ts'

export const measureSchema = z.object({
  openMs: z.number(),
  peakKilobytes: z.number(),
  searchMs: z.array(z.number()),
  insertMs: z.array(z.number()),
  persistMs: z.number(),
  answer: z.array(z.object({ nodeId: z.string(), score: z.number() })),
  loopP99Ms: z.number().default(0),
  loopMaxMs: z.number().default(0),
})
export type Measure = z.infer<typeof measureSchema>

/** In two processes: the first opening, and then the work in a folder that was open before. */
export interface Repetition {
  readonly first: Measure
  readonly work: Measure
}

interface Row {
  readonly work: string
  readonly own: string
  readonly python: string
  readonly times: string
  readonly bar: string
  /** Null where there is no bar, or nothing to compare with. */
  readonly isMet: boolean | null
}

export function reportTable(
  { name, nodes, dimensions }: BenchFolder,
  own: readonly Repetition[],
  theirs: readonly Measure[],
): string {
  // The bars in milliseconds are for this one.
  const isHundredThousand = name === '100k'
  const first = median(own.map((run) => run.first.openMs))
  const firstPeak = median(own.map((run) => run.first.peakKilobytes)) / 1024
  const reopen = median(own.map((run) => run.work.openMs))
  const reopenPeak = median(own.map((run) => run.work.peakKilobytes)) / 1024
  const inserts = own.flatMap((run) => run.work.insertMs)
  const persist = median(own.map((run) => run.work.persistMs))
  const searches = own.flatMap((run) => run.work.searchMs)
  const loop = Math.max(...own.flatMap((run) => [run.first.loopP99Ms, run.work.loopP99Ms]))
  const loopMax = Math.max(...own.flatMap((run) => [run.first.loopMaxMs, run.work.loopMaxMs]))
  const isSame = own.every((run) => isSameAnswer(run.first, theirs[0]) && isSameAnswer(run.work, theirs[0]))
  const python = {
    open: median(theirs.map((run) => run.openMs)),
    peak: median(theirs.map((run) => run.peakKilobytes)) / 1024,
    insert: median(theirs.flatMap((run) => run.insertMs)),
    persist: median(theirs.map((run) => run.persistMs)),
    search: median(theirs.flatMap((run) => run.searchMs)),
  }
  const memoryBar = (nodes * dimensions * 4) / 2 ** 20 + 300
  const compared = (isMet: boolean): boolean | null => (theirs.length === 0 ? null : isMet)

  const rows: Row[] = [
    {
      work: 'first open, until the first search is answered',
      own: spread(own.map((run) => run.first.openMs)),
      python: time(python.open),
      times: ratio(python.open, first),
      bar: 'at most 1/4 of Python',
      isMet: compared(first * 4 <= python.open),
    },
    {
      work: 'its peak memory',
      own: megabytes(firstPeak),
      python: megabytes(python.peak),
      times: ratio(python.peak, firstPeak),
      bar: `at most 1/3 of Python, and of packed vectors + 300 MB = ${megabytes(memoryBar)}`,
      isMet: firstPeak > memoryBar ? false : compared(firstPeak * 3 <= python.peak),
    },
    {
      work: 'reopen unchanged, until the first search is answered',
      own: spread(own.map((run) => run.work.openMs)),
      python: time(python.open),
      times: ratio(python.open, reopen),
      bar: isHundredThousand ? 'under 400 ms, and 30 times faster' : '30 times faster',
      isMet: isHundredThousand && reopen >= 400 ? false : compared(python.open >= 30 * reopen),
    },
    {
      work: 'its peak memory',
      own: megabytes(reopenPeak),
      python: megabytes(python.peak),
      times: ratio(python.peak, reopenPeak),
      bar: '–',
      isMet: null,
    },
    {
      work: 'insert one 5-node document (here: durable; Python: in memory)',
      own: `${time(median(inserts))}, p90 ${time(quantile(inserts, 0.9))}, slowest of ${inserts.length} ${time(Math.max(...inserts))}`,
      python: time(python.insert),
      times: '–',
      bar: 'under 50 ms',
      isMet: median(inserts) < 50,
    },
    {
      work: 'JSON files up to date after inserts',
      own: spread(own.map((run) => run.work.persistMs)),
      python: time(python.persist),
      times: ratio(python.persist, persist),
      bar: 'at most 1/4 of Python',
      isMet: compared(persist * 4 <= python.persist),
    },
    {
      work: 'one search, exact top 10',
      own: `${time(median(searches))}, p99 ${time(quantile(searches, 0.99))}`,
      python: time(python.search),
      times: ratio(python.search, median(searches)),
      bar: isHundredThousand ? 'under 6 ms, and 100 times faster' : '100 times faster',
      isMet:
        isHundredThousand && median(searches) >= 6
          ? false
          : compared(python.search >= 100 * median(searches)),
    },
    {
      work: 'event loop of the main process, p99 delay of the worst run',
      own: `${time(loop)}, longest ${time(loopMax)}`,
      python: '–',
      times: '–',
      bar: 'under 50 ms',
      isMet: loop < 50,
    },
    {
      work: 'the ten nodes of the answer, their order and scores',
      own: theirs.length === 0 ? '–' : isSame ? 'the same' : 'others',
      python: '–',
      times: '–',
      bar: 'the same',
      isMet: compared(isSame),
    },
  ]
  return [
    `### ${nodes.toLocaleString('en')} nodes × ${dimensions}\n`,
    `Medians; ${repetitions(own.length)} of Stackroom (range in brackets), ${repetitions(theirs.length)} of Python.\n`,
    '| | Stackroom | LlamaIndex | times | bar | met |\n|---|--:|--:|--:|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.work} | ${row.own} | ${row.python} | ${row.times} | ${row.bar} | ${verdict(row.isMet)} |`,
    ),
    '',
  ].join('\n')
}

function repetitions(count: number): string {
  return count === 1 ? '1 repetition' : `${count} repetitions`
}

function verdict(isMet: boolean | null): string {
  if (isMet === null) return '–'
  return isMet ? 'yes' : '**no**'
}

function isSameAnswer(own: Measure, theirs: Measure | undefined): boolean {
  return (
    own.answer.length === 10 &&
    own.answer.every((hit, index) => {
      const other = theirs?.answer[index]
      return hit.nodeId === other?.nodeId && Math.abs(hit.score - other.score) < 1e-12
    })
  )
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function spread(values: readonly number[]): string {
  return `${time(median(values))} (${time(Math.min(...values))} to ${time(Math.max(...values))})`
}

function time(milliseconds: number): string {
  if (Number.isNaN(milliseconds)) return '–'
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(milliseconds >= 20_000 ? 0 : 1)} s`
  return `${milliseconds.toFixed(milliseconds >= 20 ? 0 : 1)} ms`
}

function megabytes(value: number): string {
  return Number.isNaN(value) ? '–' : `${Math.round(value)} MB`
}

function ratio(theirs: number, own: number): string {
  const times = theirs / own
  return Number.isNaN(times) ? '–' : times.toFixed(times >= 20 ? 0 : 1)
}
