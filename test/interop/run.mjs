/** `npm run test:interop`: the tests against Python LlamaIndex, in a virtual environment of the repository's own. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { close, packageFolder, runVitest } from '../suites.mjs'

const environment = join(packageFolder, '.venv')
const python = join(environment, 'bin/python')
const requirements = join(packageFolder, 'test/interop/requirements.txt')
const stamp = join(environment, 'requirements.sha256')
const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex')

function must(command, args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status === 0) return
  console.error(`This failed: ${command} ${args.join(' ')}`)
  process.exit(1)
}

const isReady = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(python)
if (!isReady) {
  console.log('Making a Python environment in .venv…')
  // one that is there already is brought to the pinned versions, not made anew
  if (!existsSync(python)) must('python3', ['-m', 'venv', environment])
  must(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements])
  writeFileSync(stamp, wanted)
}
// Python starts slowly, and reads and embeds as much as we do.
close([runVitest(['test/interop', '--testTimeout=600000'], { STACKROOM_PYTHON: python })])
