/** What the test commands share: running a runner with its output visible, and counting what it ran. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const packageFolder = resolve(import.meta.dirname, '..')

const nothing = { passed: 0, failed: 0, skipped: 0, failures: [] }

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
  if (counts === null || counts.passed + counts.failed === 0)
    return { ...nothing, failed: 1, failures: ['a suite that ran no test'] }
  if (status === 0 || counts.failed > 0) return counts
  return { ...counts, failed: 1, failures: ['a suite that ended badly although no test of it failed'] }
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
    failures: report.testResults.flatMap(failuresOfFile),
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
    failures: report.suites.flatMap(failedBrowserTests),
  }
  printReasons(report?.suites.flatMap(skippedBrowserTests) ?? [])
  return counted(status, counts)
}

/** A file that could not be loaded has no tests, but a message. */
function failuresOfFile({ name, status, message, assertionResults }) {
  const failed = assertionResults.filter((test) => test.status === 'failed')
  if (failed.length > 0) return failed.map(({ fullName }) => `${name}: ${fullName}`)
  return status === 'failed' ? [`${name}: ${message}`] : []
}

function failedBrowserTests(suite) {
  const own = (suite.specs ?? []).flatMap(({ title, file, tests }) =>
    tests
      .filter(({ status }) => status === 'unexpected')
      .map(({ projectName }) => `${projectName} ${file}: ${title}`),
  )
  return [...own, ...(suite.suites ?? []).flatMap(failedBrowserTests)]
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

/** Names what failed and prints the closing line; the process fails when a test did, or when a suite had none. */
export function close(suites) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const suite of suites) for (const key of Object.keys(total)) total[key] += suite[key]
  for (const failure of suites.flatMap(({ failures }) => failures)) console.log(`Failed: ${failure}`)
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
  console.log(`${total.passed} passed, ${total.failed} failed${skipped}`)
  process.exitCode = total.failed > 0 ? 1 : 0
}
