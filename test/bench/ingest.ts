/**
 * How fast do files become nodes? Scan, read and parse without embedding, beside LlamaIndex in Python on the same files in
 * the same run. Both are warm: the time of imports and of starting workers is not in it.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, glob, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { buildMeasure } from './build-measure.ts'
import { defaultNodeParserSettings } from '#engine/ingest/node-parser-settings.ts'
import { ReaderPool } from '#engine/ingest/reader-pool.ts'
import { scan } from '#engine/ingest/scan.ts'

const root = join(import.meta.dirname, '../..')
const python = process.env['STACKROOM_PYTHON'] ?? join(root, '.venv/bin/python')
const documentation = '/usr/share/doc/python3.11/html'
const runs = 5

interface Measure {
  readonly seconds: number
  readonly files: number
  readonly nodes: number
}

/** A part of python3.11-doc, so that five runs of Python take less than a minute. */
const corpora = [
  { name: 'HTML (library/a* to library/m*)', pattern: 'library/[a-m]*.html', extension: '.html' },
  { name: 'reStructuredText (_sources/library)', pattern: '_sources/library/*.txt', extension: '.txt' },
] as const

export async function run(): Promise<void> {
  if (!existsSync(documentation)) {
    console.log('Skipped: python3.11-doc is not installed (apt-get install python3.11-doc).')
    return
  }
  console.log(
    `Scan + read + parse (SentenceSplitter 1024/200, cl100k_base), ${availableParallelism()} cores, median of ${runs} runs.\n`,
  )
  console.log(
    '| Files | MB | Stackroom files/s | MB/s | nodes | LlamaIndex files/s | MB/s | nodes | times as fast |',
  )
  console.log('|---|--:|--:|--:|--:|--:|--:|--:|--:|')
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-bench-'))
  try {
    for (const [index, { name, pattern, extension }] of corpora.entries()) {
      const target = join(folder, String(index))
      await copy(pattern, target)
      const { own, bytes } = await measureOwn(target)
      const theirs = existsSync(python) ? await measurePython(target, extension) : null
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
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  await manySmallFiles()
}

const smallFiles = [10_000, 100_000]

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
      const { stdout } = await promisify(execFile)(process.execPath, [measure, folder, String(files)])
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

const runSchema = z.object({
  seconds: z.number(),
  added: z.number(),
  unchanged: z.number(),
  peakMb: z.number(),
})

async function copy(pattern: string, target: string): Promise<void> {
  await mkdir(target)
  for await (const path of glob(join(documentation, pattern))) {
    const into = join(target, basename(dirname(path)))
    await mkdir(into, { recursive: true })
    await cp(path, join(into, basename(path)))
  }
}

async function measureOwn(folder: string): Promise<{ own: Measure; bytes: number }> {
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
      if (entry.kind !== 'file') continue
      bytes += entry.bytes
      reading.push(
        pool
          .parse({ path: entry.path }, { settings: defaultNodeParserSettings, bytes: entry.bytes })
          .then((file) => {
            for (const document of file.documents ?? []) nodes += document.nodes.length
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

async function measurePython(folder: string, extension: string): Promise<Measure> {
  const script = join(import.meta.dirname, 'ingest_reference.py')
  const { stdout } = await promisify(execFile)(python, [script, folder, extension, String(runs)])
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
