/**
 * How fast do files become nodes? Scan, read and parse without embedding, beside LlamaIndex in Python on the same files in
 * the same run. Both are warm: the time of imports and of starting workers is not in it. Then the whole pipeline over many
 * small files, with its memory.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { buildMeasure } from './build-measure.ts'
import { copyCorpus, type Corpus } from './ingest-corpus.ts'
import { defaultNodeParserSettings } from '#engine/ingest/node-parser-settings.ts'
import { ReaderPool } from '#engine/ingest/reader-pool.ts'
import { scan } from '#engine/ingest/scan.ts'

const root = join(import.meta.dirname, '../..')
const python = process.env['STACKROOM_PYTHON'] ?? join(root, '.venv/bin/python')

interface Options {
  readonly runs: number
  readonly pythonRuns?: number | undefined
}

interface Measure {
  readonly seconds: number
  readonly files: number
  readonly nodes: number
}

export async function run({ runs, pythonRuns = 1 }: Options): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-bench-'))
  try {
    const corpora = await copyCorpus(folder)
    if (corpora.length === 0)
      console.log('Skipped: no documentation is installed (apt-get install linux-doc python3.11-doc).')
    else await measureCorpora(corpora, runs, existsSync(python) ? pythonRuns : 0)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  await manySmallFiles()
}

async function measureCorpora(corpora: readonly Corpus[], runs: number, pythonRuns: number): Promise<void> {
  console.log(
    `Scan + read + parse (SentenceSplitter 1024/200, cl100k_base), ${availableParallelism()} cores, median of ${runs} runs${pythonRuns > 0 ? `; of LlamaIndex, which uses one core, of ${pythonRuns}` : ''}.\n`,
  )
  console.log(
    '| Files | MB | Stackroom files/s | MB/s | nodes | LlamaIndex files/s | MB/s | nodes | times as fast |',
  )
  console.log('|---|--:|--:|--:|--:|--:|--:|--:|--:|')
  const rows: { bytes: number; own: Measure; theirs: Measure | null }[] = []
  for (const { name, folder, extensions } of corpora) {
    const { own, bytes } = await measureOwn(folder, runs)
    const theirs = pythonRuns > 0 ? await measurePython(folder, extensions, pythonRuns) : null
    rows.push({ bytes, own, theirs })
    printRow(name, bytes, own, theirs)
  }
  const all = (measures: readonly (Measure | null)[]): Measure | null =>
    measures.reduce((sum, measure) =>
      sum && measure
        ? {
            seconds: sum.seconds + measure.seconds,
            files: sum.files + measure.files,
            nodes: sum.nodes + measure.nodes,
          }
        : null,
    )
  const own = all(rows.map((row) => row.own))
  if (own && rows.length > 1)
    printRow(
      'all',
      rows.reduce((sum, { bytes }) => sum + bytes, 0),
      own,
      all(rows.map(({ theirs }) => theirs)),
    )
}

function printRow(name: string, bytes: number, own: Measure, theirs: Measure | null): void {
  const megabytes = bytes / 1e6
  const rate = (measure: Measure | null): string =>
    measure === null
      ? '– | – | –'
      : `${Math.round(measure.files / measure.seconds)} | ${(megabytes / measure.seconds).toFixed(1)} | ${measure.nodes}`
  const times = theirs === null ? '–' : (theirs.seconds / own.seconds).toFixed(1)
  console.log(
    `| ${own.files} ${name} | ${megabytes.toFixed(1)} | ${rate(own)} | ${rate(theirs)} | ${times} |`,
  )
}

const smallFiles = [10_000, 100_000]
const filesInFolder = 1000

/** Indexed with a model that costs nothing, and refreshed with nothing changed, each in a process of its own. */
async function manySmallFiles(): Promise<void> {
  const measure = await buildMeasure('ingest-many-files', ['reader', 'storage-reader', 'storage-writer'])
  console.log(
    '\nThe whole pipeline, with a model that costs nothing; memory of the whole process, threads and all.\n',
  )
  console.log('| small files | first run s | files/s | peak MB | nothing changed s | peak MB |')
  console.log('|--:|--:|--:|--:|--:|--:|')
  for (const files of smallFiles) {
    const folder = await mkdtemp(join(tmpdir(), 'stackroom-bench-'))
    try {
      await writeSmallFiles(join(folder, 'sources'), files)
      const { stdout } = await promisify(execFile)(process.execPath, [measure, folder])
      const [first, second] = stdout
        .trim()
        .split('\n')
        .map((line) => runSchema.parse(JSON.parse(line)))
      if (first?.added !== files || second?.unchanged !== files)
        throw new Error(`Not all was indexed: ${stdout}`)
      const rate = Math.round(files / first.seconds)
      console.log(
        `| ${files} | ${first.seconds.toFixed(1)} | ${rate} | ${first.peakMb} | ${second.seconds.toFixed(2)} | ${second.peakMb} |`,
      )
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

async function writeSmallFiles(folder: string, count: number): Promise<void> {
  for (let start = 0; start < count; start += filesInFolder) {
    const target = join(folder, String(start))
    await mkdir(target, { recursive: true })
    const names = Array.from({ length: Math.min(filesInFolder, count - start) }, (_, n) => start + n)
    await Promise.all(
      names.map((n) =>
        writeFile(join(target, `${n}.txt`), `Note ${n}. It says little, and all of it is here.\n`),
      ),
    )
  }
}

const runSchema = z.object({
  seconds: z.number(),
  added: z.number(),
  unchanged: z.number(),
  peakMb: z.number(),
})

async function measureOwn(folder: string, runs: number): Promise<{ own: Measure; bytes: number }> {
  await using pool = new ReaderPool()
  const measures: Measure[] = []
  let bytes = 0
  // The first run starts the workers and is not counted.
  for (let index = 0; index <= runs; index++) {
    const started = performance.now()
    let nodes = 0
    bytes = 0
    const reading: Promise<void>[] = []
    for await (const entry of scan([folder])) {
      if (entry.kind !== 'file') throw new Error(`${entry.path} is not read.`)
      bytes += entry.bytes
      reading.push(
        pool
          .parsePacked({ path: entry.path }, { settings: defaultNodeParserSettings, bytes: entry.bytes })
          .then(({ documents }) => {
            nodes += documents?.embedTexts.length ?? 0
          }),
      )
    }
    await Promise.all(reading)
    if (index > 0)
      measures.push({ seconds: (performance.now() - started) / 1000, files: reading.length, nodes })
  }
  return { own: median(measures), bytes }
}

const measureSchema = z.object({ seconds: z.number(), files: z.number(), nodes: z.number() })

async function measurePython(folder: string, extensions: readonly string[], runs: number): Promise<Measure> {
  const script = join(import.meta.dirname, 'ingest_reference.py')
  const { stdout } = await promisify(execFile)(python, [script, folder, extensions.join(','), String(runs)])
  return median(
    stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => measureSchema.parse(JSON.parse(line))),
  )
}

function median(measures: readonly Measure[]): Measure {
  const sorted = measures.toSorted((a, b) => a.seconds - b.seconds)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (!middle) throw new Error('Nothing was measured.')
  return middle
}
