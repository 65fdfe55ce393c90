/**
 * `npm run bench [-- name… [--only folder,folder]]`: one module for each question, each printing a Markdown table.
 * `--only` names folders of the documentation, for those who cannot wait for all of it.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { z } from 'zod'

/** Modules with a `run`: other files in this folder are parts of them. */
const questions = ['ingest', 'search', 'embed'].filter((name) =>
  readdirSync(import.meta.dirname).includes(`${name}.ts`),
)
const moduleSchema = z.object({
  run: z.function({ input: [z.object({ only: z.array(z.string()) })], output: z.promise(z.void()) }),
})

const { positionals: asked, values } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' } },
})
const only = values.only?.split(',') ?? []
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
  console.log(
    `## ${name}\n\n\`npm run bench -- ${[name, ...(values.only ? ['--only', values.only] : [])].join(' ')}\`\n`,
  )
  await moduleSchema.parse(await import(`./${name}.ts`)).run({ only })
}
