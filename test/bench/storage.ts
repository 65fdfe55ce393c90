/**
 * How fast is the storage engine on folders that Python LlamaIndex wrote, beside LlamaIndex itself in the same run? Each
 * repetition is a process of its own on a copy that was just written, so that the page cache is warm for both sides.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildMeasure } from './build-measure.ts'
import { measureSchema, reportTable, type Measure, type Repetition } from './storage-report.ts'
import {
  benchFolders,
  cacheFolder,
  copyOf,
  providePristine,
  python,
  reference,
  type BenchFolder,
} from './storage-folders.ts'

/** Python takes minutes for a large folder: further repetitions are made as long as this is not used up. */
const pythonBudgetMs = 240_000

export interface StorageBenchOptions {
  /** Names of folders; none: all. */
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
  const measure = await buildMeasure('storage-measure', ['storage-reader', 'storage-writer'])
  for (const folder of benchFolders) {
    if (only.length === 0 || only.includes(folder.name)) await benchFolder(folder, measure, runs, pythonRuns)
  }
}

async function benchFolder(
  folder: BenchFolder,
  measure: string,
  runs: number,
  pythonRuns?: number,
): Promise<void> {
  const pristine = await providePristine(folder)
  const own: Repetition[] = []
  const theirs: Measure[] = []
  let pythonMs = 0
  // The first compiles what later starts find compiled, as on the user's machine.
  await measureOwn(measure, 'open', await copyOf(pristine, folder.name))
  for (let turn = 0; turn < runs; turn++) {
    const copy = await copyOf(pristine, folder.name)
    own.push({
      first: await measureOwn(measure, 'open', copy),
      work: await measureOwn(measure, 'work', copy),
    })
    const average = pythonMs / Math.max(1, theirs.length)
    const fits = theirs.length === 0 || pythonMs + average <= pythonBudgetMs
    if (pythonRuns === undefined ? !fits : turn >= pythonRuns) continue
    const started = performance.now()
    theirs.push(await measurePython(await copyOf(pristine, folder.name)))
    pythonMs += performance.now() - started
  }
  await rm(await copyOf(pristine, folder.name), { recursive: true, force: true })
  console.log(reportTable(folder, own, theirs))
}

async function measureOwn(script: string, action: 'open' | 'work', folder: string): Promise<Measure> {
  const dataFolder = join(cacheFolder, 'data')
  const { stdout } = await promisify(execFile)(process.execPath, [script, action, folder, dataFolder])
  return measureSchema.parse(JSON.parse(stdout))
}

async function measurePython(folder: string): Promise<Measure> {
  const { stdout } = await promisify(execFile)(python, [reference, 'measure', folder])
  return measureSchema.parse(JSON.parse(stdout))
}
