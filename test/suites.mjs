/** What the test commands share: running a runner with its output visible, and counting what it ran. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const packageFolder = resolve(import.meta.dirname, '..')

const nothing = { passed: 0, failed: 0, skipped: 0 }

/** A binary of the project's own dependencies. */
export function run(command, args, environment = {}) {
  const result = spawnSync(join(packageFolder, 'node_modules/.bin', command), args, {
    cwd: packageFolder,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  })
  return result.status ?? 1
}

/** A suite that could not be counted, or ended badly without naming a failure, counts as one failure. */
function counted(status, counts) {
  if (counts === null || counts.passed + counts.failed === 0) return { ...nothing, failed: 1 }
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

function withReport(work) {
  const folder = mkdtempSync(join(tmpdir(), 'stackroom-report-'))
  try {
    const path = join(folder, 'report.json')
    const status = work(path)
    let report = null
    try {
      report = JSON.parse(readFileSync(path, 'utf8'))
    } catch {
      console.error('The runner left no report.')
    }
    return { status, report }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function runVitest(folders, environment = {}) {
  const { status, report } = withReport((path) =>
    run(
      'vitest',
      [
        'run',
        ...folders,
        '--reporter=default',
        '--reporter=./test/skipped-reporter.mjs',
        '--reporter=json',
        `--outputFile.json=${path}`,
      ],
      environment,
    ),
  )
  const counts = report && {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  }
  return counted(status, counts)
}

export function runPlaywright(environment = {}) {
  const { status, report } = withReport((path) =>
    run('playwright', ['test', '--reporter=list,json'], {
      ...environment,
      PLAYWRIGHT_JSON_OUTPUT_FILE: path,
    }),
  )
  const counts = report && {
    passed: report.stats.expected + report.stats.flaky,
    failed: report.stats.unexpected,
    skipped: report.stats.skipped,
  }
  printReasons(report?.suites.flatMap(skippedBrowserTests) ?? [])
  return counted(status, counts)
}

/** Each reason once, with how many tests it kept from running. */
function printReasons(reasons) {
  for (const [reason, { length }] of Map.groupBy(reasons, (reason) => reason))
    console.log(`Skipped: ${length} ${reason}`)
}

function skippedBrowserTests(suite) {
  const own = (suite.specs ?? [])
    .flatMap(({ tests }) => tests)
    .filter(({ status }) => status === 'skipped')
    .map(({ projectName, annotations }) => {
      const reason = annotations.find(({ type }) => type === 'skip')?.description
      return `${projectName} browser tests: ${reason || 'no reason given'}`
    })
  return [...own, ...(suite.suites ?? []).flatMap(skippedBrowserTests)]
}

/** Prints the closing line; the process fails when a test did, or when a suite had none. */
export function close(suites) {
  const total = { ...nothing }
  for (const suite of suites) for (const key of Object.keys(total)) total[key] += suite[key]
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
  console.log(`${total.passed} passed, ${total.failed} failed${skipped}`)
  process.exitCode = total.failed > 0 ? 1 : 0
}
