/**
 * What `npm start` and `npm run stackroom` run: builds what is missing, then starts the desktop window, or the web host
 * where there can be no window, or the command line. Plain JavaScript, so that it can run before anything is built.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const packageFolder = resolve(import.meta.dirname, '../..')
const outputs = [
  'out/main/electron.js',
  'out/main/web.js',
  'out/main/cli.js',
  'out/preload/bridge.cjs',
  'out/renderer/index.html',
]
const sources = ['src-main', 'src-preload', 'src-renderer', 'electron.vite.config.ts', 'package.json']
const installLimitMs = 60_000

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
    return followChild(spawn(electronBinary(), [packageFolder, ...args], { stdio: 'inherit' }))
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
  if (electronBinary() === null) downloadElectron()
  return electronBinary() === null ? "Electron's binary could not be had" : null
}

function electronFolder() {
  try {
    return dirname(createRequire(import.meta.url).resolve('electron/package.json'))
  } catch {
    return null
  }
}

/** The binary, as the package itself notes it once it was downloaded. */
function electronBinary() {
  const folder = electronFolder()
  const note = folder && join(folder, 'path.txt')
  if (!note || !existsSync(note)) return null
  const path = join(
    process.env.ELECTRON_OVERRIDE_DIST_PATH || join(folder, 'dist'),
    readFileSync(note, 'utf8').trim(),
  )
  return existsSync(path) ? path : null
}

function downloadElectron() {
  const folder = electronFolder()
  const script = folder && join(folder, 'install.js')
  if (!script || !existsSync(script)) return
  console.log("Fetching Electron's binary, once…")
  spawnSync(process.execPath, [script], { stdio: 'ignore', timeout: installLimitMs, killSignal: 'SIGKILL' })
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
