/** Electron's binary, which its npm package fetches from outside the registry. Plain JavaScript: see start.mjs. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const installLimitMs = 60_000

/** Where it is, as the package itself notes it once it was downloaded, or null. */
export function electronBinary(packageFolder) {
  const folder = join(packageFolder, 'node_modules/electron')
  const note = join(folder, 'path.txt')
  if (!existsSync(note)) return null
  const path = join(
    process.env.ELECTRON_OVERRIDE_DIST_PATH || join(folder, 'dist'),
    readFileSync(note, 'utf8').trim(),
  )
  return existsSync(path) ? path : null
}

/** Tries to get it where it is not there yet. Null when it cannot be had. */
export function getElectronBinary(packageFolder) {
  const path = electronBinary(packageFolder)
  const script = join(packageFolder, 'node_modules/electron/install.js')
  if (path !== null || !existsSync(script)) return path
  console.error("Fetching Electron's binary, once…")
  spawnSync(process.execPath, [script], { stdio: 'ignore', timeout: installLimitMs, killSignal: 'SIGKILL' })
  return electronBinary(packageFolder)
}
