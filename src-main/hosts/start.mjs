/**
 * What `npm start` and `npm run stackroom` run: builds what is missing, then starts the desktop window, or the web host
 * where there can be no window, or the command line. Plain JavaScript, so that it can run before anything is built.
 */
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { electronBinary, getElectronBinary } from './electron-binary.mjs'

const packageFolder = resolve(import.meta.dirname, '../..')
const outputs = [
  'out/main/electron.js',
  'out/main/web.js',
  'out/main/cli.js',
  'out/preload/bridge.cjs',
  'out/renderer/index.html',
]
const sources = ['src-main', 'src-preload', 'src-renderer', 'electron.vite.config.ts', 'package.json']

const [door, ...args] = process.argv.slice(2)
buildIfNeeded()
if (door === 'cli') await startCli()
else await startApp()

async function startCli() {
  process.argv = [process.execPath, 'stackroom', ...args]
  await import(pathToFileURL(join(packageFolder, 'out/main/cli.js')).href)
}

async function startApp() {
  const reason = whyNoWindow()
  if (reason === null) {
    console.log('Starting Stackroom in its own window.')
    return followChild(spawn(electronBinary(packageFolder), [packageFolder, ...args], { stdio: 'inherit' }))
  }
  console.log(`${reason}: serving Stackroom on loopback instead.`)
  process.argv = [process.execPath, 'stackroom', 'serve', ...args]
  await import(pathToFileURL(join(packageFolder, 'out/main/cli.js')).href)
}

/** Why the app cannot have a window of its own here, or null. */
function whyNoWindow() {
  if (process.platform === 'linux') {
    if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return 'No display'
    if (process.getuid?.() === 0) return "Electron's sandbox does not run as root"
  }
  return getElectronBinary(packageFolder) === null ? "Electron's binary could not be had" : null
}

function buildIfNeeded() {
  const built = outputs.map((path) => timeOf(join(packageFolder, path)))
  const newest = Math.max(...sources.map((path) => newestIn(join(packageFolder, path))))
  if (built.every((time) => time !== null && time >= newest)) return
  console.error('Building Stackroom…')
  const command = join(packageFolder, 'node_modules/electron-vite/bin/electron-vite.js')
  const result = spawnSync(process.execPath, [command, 'build', '--logLevel', 'warn'], {
    cwd: packageFolder,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  if (result.status === 0) return
  process.stderr.write(result.stdout + result.stderr)
  console.error('Stackroom could not be built. Run npm ci, then try again.')
  process.exit(1)
}

function timeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null
}

function newestIn(path) {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) return 0
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))))
}

/** Ctrl+C reaches the child by itself; we end as it ends. */
function followChild(child) {
  const ignore = () => {}
  process.on('SIGINT', ignore)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  return new Promise((done) => {
    child.on('error', (error) => {
      console.error(`Electron could not be started: ${error.message}`)
      process.exitCode = 1
      done()
    })
    child.on('exit', (code) => {
      process.exitCode = code ?? 1
      done()
    })
  })
}
