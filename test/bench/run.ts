/**
 * `npm run bench [-- name… [--only folder,folder] [--runs 5] [--python-runs 5]]`: one module for each question, each printing
 * a Markdown table. `--only` names folders of the documentation, or sizes of storage folders, for those who cannot wait for
 * all of it; `--runs` and `--python-runs` are for the storage benchmark.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { z } from 'zod'

/** Modules with a `run`: other files in this folder are parts of them. */
const questions = [
  'ingest',
  'indexing',
  'search',
  'keystrokes',
  'quality',
  'embed',
  'storage',
  'stores',
].filter((name) => readdirSync(import.meta.dirname).includes(`${name}.ts`))
const moduleSchema = z.object({
  run: z.function({
    input: [z.object({ only: z.array(z.string()), runs: z.number(), pythonRuns: z.number().optional() })],
    output: z.promise(z.void()),
  }),
})

const { positionals: asked, values } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    runs: { type: 'string', default: '5' },
    'python-runs': { type: 'string' },
  },
})
const only = values.only?.split(',') ?? []
const runs = countOf(values.runs)
const pythonRuns = values['python-runs'] === undefined ? undefined : countOf(values['python-runs'], 0)
const unknown = asked.filter((name) => !questions.includes(name))
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. Choose from: ${questions.join(', ')}`)
  process.exit(2)
}
const processor = cpus()[0]?.model.trim() ?? 'unknown processor'
const memory = Math.round(totalmem() / 2 ** 30)
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
console.log(`${cpus().length} × ${processor}, ${memory} GiB, Node ${process.version}, commit ${commit}\n`)
for (const name of asked.length > 0 ? asked : questions) {
  const options = process.argv.slice(2).filter((argument) => !questions.includes(argument))
  console.log(`## ${name}\n\n\`npm run bench -- ${[name, ...options].join(' ')}\`\n`)
  await moduleSchema.parse(await import(`./${name}.ts`)).run({ only, runs, pythonRuns })
}

function countOf(text: string, least = 1): number {
  return z.coerce.number().int().min(least).parse(text)
}
