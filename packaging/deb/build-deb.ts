/**
 * The Debian package of the app for the browser and of the command line. It brings its own Node, as no Debian or Ubuntu
 * has a new enough one, and asks for nothing but the C and C++ libraries: Debian 12, Ubuntu 22.04 and later.
 */
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readManifest, writeAppFolder } from '../app-folder.ts'
import { CannotPackage, isInstalled, run } from '../command.ts'
import type { Arch } from '../contents.ts'
import { manualPage } from './manual-page.ts'

const architectures: Readonly<Record<Arch, string>> = { x64: 'amd64', arm64: 'arm64' }

export interface DebOptions {
  readonly packageFolder: string
  readonly distFolder: string
  /** xz makes it smallest, in a minute; gzip is quicker. */
  readonly compression: 'xz' | 'gzip'
}

export interface BuiltPackage {
  readonly path: string
  readonly bytes: number
  readonly installedBytes: number
}

export function buildDeb({ packageFolder, distFolder, compression }: DebOptions): BuiltPackage {
  if (process.platform !== 'linux' || !isInstalled('dpkg-deb'))
    throw new CannotPackage(
      'A Debian package is built with dpkg-deb, on Debian, Ubuntu or a relative of theirs.',
    )
  const { arch } = process
  if (arch !== 'x64' && arch !== 'arm64')
    throw new CannotPackage(`There is no package for ${arch} processors.`)
  const { name, version, description } = readManifest(packageFolder)
  const date = dateOfSource(packageFolder)
  const root = mkdtempSync(join(tmpdir(), 'stackroom-deb-'))
  try {
    chmodSync(root, 0o755)
    const app = join(root, 'usr/lib/stackroom')
    writeAppFolder(packageFolder, app, { platform: 'linux', arch })
    rmSync(join(app, 'out/main/electron.js'))
    mkdirSync(join(app, 'bin'))
    cpSync(process.execPath, join(app, 'bin/node'), { dereference: true })
    strip(app)
    addSurroundings(packageFolder, root, { version, date })
    const installedBytes = sizeOf(root)
    writeControl(root, { name, version, description, arch, installedBytes })
    setModes(root)
    mkdirSync(distFolder, { recursive: true })
    const path = join(distFolder, `${name}_${version}_${architectures[arch]}.deb`)
    const options = [`-Z${compression}`, ...(compression === 'gzip' ? ['-z6'] : [])]
    process.env['SOURCE_DATE_EPOCH'] = String(Math.floor(date.getTime() / 1000))
    run('dpkg-deb', ['--root-owner-group', ...options, '--build', root, path])
    return { path, bytes: statSync(path).size, installedBytes }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** So that the same sources make the same package. */
function dateOfSource(packageFolder: string): Date {
  const given = process.env['SOURCE_DATE_EPOCH']
  if (given) return new Date(Number(given) * 1000)
  try {
    return new Date(Number(run('git', ['-C', packageFolder, 'log', '-1', '--format=%ct'])) * 1000)
  } catch (error) {
    if (!(error instanceof CannotPackage)) throw error
    return new Date()
  }
}

/** Symbols of Node and of the binaries are for those who debug them; 20 MB. */
function strip(app: string): void {
  if (!isInstalled('strip')) return
  run('strip', ['--strip-unneeded', join(app, 'bin/node')])
  for (const path of globSync(join(app, 'node_modules/**/*.node'))) run('strip', ['--strip-unneeded', path])
}

function addSurroundings(
  packageFolder: string,
  root: string,
  { version, date }: { version: string; date: Date },
): void {
  const share = join(root, 'usr/share')
  const install = (from: string, to: string): void => {
    const path = join(root, 'usr', to)
    mkdirSync(join(path, '..'), { recursive: true })
    cpSync(from, path)
  }
  const here = (file: string): string => join(import.meta.dirname, file)
  install(here('stackroom'), 'bin/stackroom')
  chmodSync(join(root, 'usr/bin/stackroom'), 0o755)
  install(here('stackroom.desktop'), 'share/applications/stackroom.desktop')
  install(here('stackroom.service'), 'lib/systemd/user/stackroom.service')
  install(join(packageFolder, 'resources/icon.svg'), 'share/icons/hicolor/scalable/apps/stackroom.svg')
  mkdirSync(join(share, 'man/man1'), { recursive: true })
  const page = manualPage([join(root, 'usr/bin/stackroom')], version, date)
  writeFileSync(join(share, 'man/man1/stackroom.1.gz'), gzipSync(page, { level: 9 }))
  const doc = join(share, 'doc/stackroom')
  mkdirSync(doc, { recursive: true })
  writeFileSync(join(doc, 'copyright'), copyright(packageFolder))
  writeFileSync(
    join(doc, 'changelog.gz'),
    gzipSync(readFileSync(join(packageFolder, 'CHANGELOG.md')), { level: 9 }),
  )
}

function copyright(packageFolder: string): string {
  const license = readFileSync(join(packageFolder, 'LICENSE'), 'utf8').trimEnd()
  return `${license}

The licenses of the libraries are beside them, in /usr/lib/stackroom/node_modules. Node.js: MIT and those that its own
license names (https://github.com/nodejs/node/blob/main/LICENSE). The model all-MiniLM-L6-v2: Apache-2.0; see
/usr/lib/stackroom/resources/models/all-MiniLM-L6-v2. On Debian systems: /usr/share/common-licenses/Apache-2.0.
`
}

interface Control {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly arch: Arch
  readonly installedBytes: number
}

function writeControl(root: string, { name, version, description, arch, installedBytes }: Control): void {
  mkdirSync(join(root, 'DEBIAN'))
  const fields = [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${architectures[arch]}`,
    'Maintainer: The Stackroom developers <stackroom@localhost>',
    `Installed-Size: ${Math.ceil(installedBytes / 1024)}`,
    'Depends: libc6 (>= 2.34), libstdc++6 (>= 11), libgcc-s1',
    'Recommends: xdg-utils',
    'Section: utils',
    'Priority: optional',
    `Description: ${description.replace(/\.$/, '')}`,
    ' This package has the command line and the app for the browser (stackroom serve),',
    ' with their own Node.js and an embedding model that runs offline.',
  ]
  writeFileSync(join(root, 'DEBIAN/control'), `${fields.join('\n')}\n`)
}

function filesOf(root: string): string[] {
  return globSync('**', { cwd: root, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  )
}

function sizeOf(root: string): number {
  return filesOf(root).reduce((sum, path) => sum + statSync(path).size, 0)
}

/** Whatever the umask of the one who builds it, and the modes that npm's packages have. */
function setModes(root: string): void {
  run('chmod', ['-R', 'u=rwX,go=rX', root])
  for (const path of filesOf(root)) chmodSync(path, /\/bin\/(node|stackroom)$/.test(path) ? 0o755 : 0o644)
}
