/**
 * `npm run torture -- [--rounds N] [--seed N] [--steps] [--python]`: kills at random moments of work on a folder, of indexing
 * and of repairing, and with `--steps` before each step of whoever writes as well. Prints what it found, also when it is
 * stopped by Ctrl-C; ends with 1 when a folder was neither before nor after.
 */
import { parseArgs } from 'node:util'
import { keepCompiled } from '../integration/keep-compiled.ts'
import { tortureIndexing } from './indexing.ts'
import { randomFrom } from '../random-from.ts'
import { fullPlan, replacementPlan } from './plan.ts'
import { startPython } from './python.ts'
import { damages, makePatient, tortureRepair } from './repair.ts'
import { stepsOf, tortureAtRandom, tortureAtStep, type Kill, type RoundReport } from './torture.ts'

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
const compiled = await keepCompiled()
let failures = 0

console.log(`Seed ${seed}. ${rounds} kills at random moments:`)
const reports: RoundReport[] = []
let isStopped = false
process.once('SIGINT', () => {
  isStopped = true
})
for (let part = 0; part * 10 < rounds && !isStopped; part++) {
  await attempt('at random', () =>
    tortureAtRandom({
      rounds: Math.min(10, rounds - part * 10),
      seed: seed + part,
      python: python?.look ?? null,
      onRound: (_, report) => reports.push(report),
    }),
  )
  if (part % 5 === 4) console.log(`${reports.length} rounds, ${failures} failures`)
}
print(reports)

const fewer = Math.ceil(rounds / 10)
if (!isStopped)
  await attempt('indexing', async () => {
    const indexing = await tortureIndexing(fewer, seed)
    console.log(
      `\n${fewer} kills of indexing; files found in the folder: ${indexing.map(({ found }) => found).join(', ')}`,
    )
  })
for (const damage of damages) {
  if (isStopped) break
  await using patient = await makePatient(damage)
  const moments: Kill[] = Array.from({ length: fewer }, (_, index) => ({
    afterMs: randomFrom(seed + index)() * patient.ms,
  }))
  if (values.steps) moments.push(...patient.steps.map((_, index) => ({ step: index + 1 })))
  const found: string[] = []
  for (const [index, kill] of moments.entries()) {
    const options = { python: python?.look ?? null, openBetween: index % 2 === 1 }
    const where = `repairing (${damage}), ${JSON.stringify([kill, patient.steps[(kill.step ?? 0) - 1]])}`
    if (!isStopped) await attempt(where, async () => found.push(await tortureRepair(patient, kill, options)))
  }
  const counts = [...Map.groupBy(found, (state) => state)].map(([state, all]) => `${all.length} ${state}`)
  console.log(`${moments.length} kills of repairing (${damage}): ${counts.join(', ')}`)
}

const plans = { 'everything once': fullPlan, 'replacing vectors': replacementPlan } as const
for (const [what, makePlan] of values.steps ? Object.entries(plans) : [])
  for (const kind of ['new', 'python'] as const) {
    const steps = await stepsOf(kind, makePlan)
    console.log(
      `\n${what}: ${steps.length} steps of the writer, ${kind === 'new' ? 'a new folder' : 'a folder of Python'}:`,
    )
    const stepReports: RoundReport[] = []
    for (const [index, step] of steps.entries())
      if (!isStopped)
        await attempt(step.join(' '), async () =>
          stepReports.push(await tortureAtStep(kind, index + 1, { python: python?.look ?? null, makePlan })),
        )
    print(stepReports)
  }
await python?.close()
await compiled[Symbol.asyncDispose]()
console.log(`\n${failures} failures`)
process.exitCode = failures > 0 ? 1 : 0

/** So that one failure does not hide others. */
async function attempt(what: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    failures++
    console.log(what, error)
  }
}

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
