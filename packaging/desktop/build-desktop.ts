/** The desktop app's packages for this system: AppImage and deb, dmg and zip, or nsis and portable. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { getElectronBinary } from '../../src-main/hosts/electron-binary.mjs'
import { CannotPackage } from '../command.ts'
import type { Target } from '../contents.ts'
import { desktopConfiguration } from './configuration.ts'

/** Throws CannotPackage where Electron's binary cannot be had. */
export function requireElectron(packageFolder: string): string {
  const binary = getElectronBinary(packageFolder)
  if (binary !== null) return binary
  throw new CannotPackage(
    "The desktop app cannot be packaged: Electron's binary could not be had (npx install-electron fetches it from github.com).",
  )
}

/** The paths of what was made. */
export async function buildDesktop(
  packageFolder: string,
  distFolder: string,
  prepare: () => void,
): Promise<string[]> {
  const binary = requireElectron(packageFolder)
  prepare()
  const { build } = await import('electron-builder')
  try {
    return await build({
      projectDir: packageFolder,
      publish: 'never',
      config: desktopConfiguration({
        target: thisSystem(),
        distFolder,
        electronDist: distOf(binary),
        electronVersion: electronVersion(packageFolder),
        environment: process.env,
      }),
    })
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n')
    throw new CannotPackage(`electron-builder stopped: ${reason}`)
  }
}

function thisSystem(): Target {
  const { platform, arch } = process
  const isKnown = platform === 'linux' || platform === 'darwin' || platform === 'win32'
  if (isKnown && (arch === 'x64' || arch === 'arm64')) return { platform, arch }
  throw new CannotPackage(`There is no desktop app for ${platform} on ${arch} processors.`)
}

/** On macOS the binary is in a bundle in it. */
function distOf(binary: string): string {
  const [before] = binary.split(/[\\/]Electron\.app[\\/]/)
  return before === undefined || before === binary ? dirname(binary) : before
}

function electronVersion(packageFolder: string): string {
  const manifest = readFileSync(join(packageFolder, 'node_modules/electron/package.json'), 'utf8')
  return z.object({ version: z.string() }).parse(JSON.parse(manifest)).version
}
