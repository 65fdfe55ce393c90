/**
 * How fast is a folder indexed from end to end with the bundled model, and how long does a search take? Through the app's
 * own use cases, on python3.11-doc or on some folders of it.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EngineServices } from '#app/engine-services.ts'
import { indexFolder } from '#app/index-folder.ts'
import { searchFolder } from '#app/search-folder.ts'

const documentation = '/usr/share/doc/python3.11/html'
const words = [
  'list',
  'file',
  'class',
  'error',
  'regular expression',
  'socket',
  'thread',
  'logging',
  'sort',
  'unicode',
]
const questions = ['how to use a', 'difference between module and', 'example of', 'close the', 'what is a']
const rounds = 4

export async function run({ only }: { readonly only: readonly string[] }): Promise<void> {
  if (!existsSync(documentation)) throw new Error('Install python3.11-doc first.')
  const paths = only.length > 0 ? only.map((name) => join(documentation, name)) : [documentation]
  const what = only.length > 0 ? `${only.join(', ')} of python3.11-doc` : 'python3.11-doc'
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-bench-'))
  try {
    await using services = new EngineServices({
      dataFolder: join(folder, 'data'),
      resourcesFolder: join(import.meta.dirname, '../../resources'),
    })
    const persistDir = join(folder, 'storage')
    const { report } = await indexFolder(services, { paths, persistDir, name: 'bench' })
    const files = report.documents
    console.log(
      '| indexing, end to end | files | nodes | seconds | files/s | nodes/s |\n|---|---|---|---|---|---|',
    )
    console.log(
      `| ${what}, bundled model, nothing cached | ${files} | ${report.nodes} | ${report.seconds.toFixed(1)} | ${(files / report.seconds).toFixed(2)} | ${(report.nodes / report.seconds).toFixed(1)} |\n`,
    )
    const storage = await services.folders.open(persistDir)
    const steps = { embedMs: [] as number[], retrieveMs: [] as number[], totalMs: [] as number[] }
    for (let round = 0; round < rounds; round++)
      for (const question of questions)
        for (const word of words) {
          // The round makes each query new: none is answered from the cache.
          const query = `${question} ${word} ${round}`
          const { timings } = await searchFolder(storage, services.checks, { query, topK: 10 })
          for (const step of ['embedMs', 'retrieveMs', 'totalMs'] as const) steps[step].push(timings[step])
        }
    console.log(`| one search, ${steps.totalMs.length} queries | p50 ms | p99 ms |\n|---|---|---|`)
    for (const [step, times] of Object.entries(steps))
      console.log(`| ${step.replace('Ms', '')} | ${quantile(times, 0.5)} | ${quantile(times, 0.99)} |`)
    console.log('')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function quantile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(1)
}
