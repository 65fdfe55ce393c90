/**
 * `npm run package -- [deb] [--gzip]`: the Debian package of the command line and the app for the browser, or, without a
 * name, the desktop app's packages for this system.
 */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { CannotPackage, run } from './command.ts'

const packageFolder = resolve(import.meta.dirname, '..')

const usage =
  'Usage: npm run package [-- desktop], or npm run package -- deb [--gzip]; both take --to <folder>, which is dist.'

function readArguments(): { kind: 'deb' | 'desktop'; gzip: boolean; to: string } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { gzip: { type: 'boolean', default: false }, to: { type: 'string', default: 'dist' } },
    })
    const [kind = 'desktop', ...more] = positionals
    if (more.length === 0 && (kind === 'deb' || kind === 'desktop'))
      return { kind, gzip: values.gzip, to: resolve(values.to) }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
  }
  throw new CannotPackage(usage)
}

async function main(): Promise<void> {
  const { kind, gzip, to } = readArguments()
  if (kind === 'desktop') {
    const { buildDesktop } = await import('./desktop/build-desktop.ts')
    for (const path of await buildDesktop(packageFolder, to, build)) console.log(path)
    return
  }
  build()
  const { buildDeb } = await import('./deb/build-deb.ts')
  const compression = gzip ? 'gzip' : 'xz'
  const { path, bytes, installedBytes } = buildDeb({
    packageFolder,
    distFolder: to,
    compression,
  })
  console.log(`${path}: ${megabytes(bytes)}, installed ${megabytes(installedBytes)}`)
}

function build(): void {
  const command = join(packageFolder, 'node_modules/electron-vite/bin/electron-vite.js')
  run(process.execPath, [command, 'build', '--logLevel', 'warn'], { cwd: packageFolder })
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

try {
  await main()
} catch (error) {
  if (!(error instanceof CannotPackage)) throw error
  console.error(error.message)
  process.exitCode = 1
}
