/**
 * `npm run torture -- [--rounds N] [--seed N] [--steps] [--python]`: kills at random moments, and with `--steps` before each
 * step of the writer as well. Prints what it found, also when it is stopped by Ctrl-C; ends with 1 when a folder was neither before nor after.
 */
import { parseArgs } from 'node:util'
import { startPython } from './python.ts'
import { stepsOf, tortureAtRandom, tortureAtStep, type RoundReport } from './torture.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    steps: { type: 'boolean', default: false },
    python: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const seed = Number(values.seed)
const python = values.python ? startPython() : null
let failures = 0

console.log(`Seed ${seed}. ${rounds} kills at random moments:`)
const reports: RoundReport[] = []
let isStopped = false
process.once('SIGINT', () => {
  isStopped = true
})
// Each part goes on by itself, so that one failure does not hide others.
for (let part = 0; part * 10 < rounds && !isStopped; part++) {
  try {
    await tortureAtRandom({
      rounds: Math.min(10, rounds - part * 10),
      seed: seed + part,
      python: python?.look ?? null,
      onRound: (_, report) => reports.push(report),
    })
  } catch (error) {
    failures++
    console.log(error)
  }
  if (part % 5 === 4) console.log(`${reports.length} rounds, ${failures} failures`)
}
print(reports)

if (values.steps) {
  for (const kind of ['new', 'python'] as const) {
    const steps = await stepsOf(kind)
    console.log(
      `\n${steps.length} steps of the writer, ${kind === 'new' ? 'a new folder' : 'a folder of Python'}:`,
    )
    const stepReports: RoundReport[] = []
    for (const [index] of steps.entries()) {
      try {
        if (!isStopped) stepReports.push(await tortureAtStep(kind, index + 1, python?.look ?? null))
      } catch (error) {
        failures++
        console.log(steps[index], error instanceof Error ? error.message : error)
      }
    }
    print(stepReports)
  }
}
await python?.close()
console.log(`\n${failures} failures`)
process.exitCode = failures > 0 ? 1 : 0

function print(all: readonly RoundReport[]): void {
  console.log(
    '| killed in | times | found before | found after | between operations | files torn, put right |\n|---|---|---|---|---|---|',
  )
  for (const [phase, some] of Map.groupBy(all, (report) => report.phase)) {
    const count = (found: RoundReport['found']): number =>
      some.filter((report) => report.found === found).length
    const torn = some.filter((report) => report.torn).length
    console.log(
      `| ${phase} | ${some.length} | ${count('before')} | ${count('after')} | ${count('between operations')} | ${torn} |`,
    )
  }
}
