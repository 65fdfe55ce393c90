/** `npm test`: unit and integration tests, then the browser tests, on a machine that has only npm's and Debian's packages. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { close, run, runPlaywright, runVitest } from './suites.mjs'

const names = ['chromium', 'chromium-browser', 'google-chrome']

function findChromium() {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH
  for (const name of names) {
    const { stdout, status } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' })
    if (status === 0) return stdout.trim()
  }
  return null
}

function installChromium() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return
  console.log('Installing Chromium for the browser tests…')
  spawnSync('sh', ['-c', 'apt-get update -qq && apt-get install -y -qq chromium'], { stdio: 'inherit' })
}

if (findChromium() === null) installChromium()
const chromium = findChromium()
if (chromium === null) {
  console.error(
    'The browser tests need a Chromium. Install one: sudo apt-get install chromium (or set CHROMIUM_PATH)',
  )
  process.exit(1)
}

if (run('electron-vite', ['build', '--logLevel', 'warn']) !== 0) process.exit(1)
const vitest = runVitest(['test/unit', 'test/integration'])
const browser = runPlaywright({ CHROMIUM_PATH: chromium })
close([vitest, browser])
