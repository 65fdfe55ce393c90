/** The Debian package: built from out/, installed into a root of its own, and used from there with nothing of the repository. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isInstalled, run } from '../../packaging/command.ts'
import { buildDeb } from '../../packaging/deb/build-deb.ts'

const packageFolder = resolve(import.meta.dirname, '../..')
const documents = join(packageFolder, 'resources/sample/documents')
const fixtures = join(packageFolder, 'test/fixtures/documents')
const isRoot = process.getuid?.() === 0
const missing = process.platform !== 'linux' || !isInstalled('dpkg-deb') ? 'dpkg-deb is not installed' : null

describe.skipIf(missing !== null)('the Debian package', () => {
  let folder: string
  let root: string
  let deb: string
  /** What the package's own command may know of its surroundings. */
  let environment: Record<string, string>

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stackroom-package-'))
    root = join(folder, 'root')
    environment = {
      PATH: '/usr/bin:/bin',
      HOME: join(folder, 'home'),
      STACKROOM_DATA: join(folder, 'data'),
      STACKROOM_HOME: join(folder, 'home'),
    }
    if (!existsSync(join(packageFolder, 'out/main/cli.js')))
      run(join(packageFolder, 'node_modules/.bin/electron-vite'), ['build'], { cwd: packageFolder })
    deb = buildDeb({ packageFolder, distFolder: join(folder, 'dist'), compression: 'gzip' }).path
    for (const path of ['var/lib/dpkg/info', 'var/lib/dpkg/updates', 'tmp'])
      mkdirSync(join(root, path), { recursive: true })
    writeFileSync(join(root, 'var/lib/dpkg/status'), '')
    // only root may give files to root; everybody can unpack them
    if (isRoot) run('dpkg', [`--root=${root}`, '--force-depends', '--install', deb])
    else run('dpkg-deb', ['--extract', deb, root])
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const command = (): string => join(root, 'usr/bin/stackroom')

  function stackroom(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(command(), args, { cwd: folder, env: environment, encoding: 'utf8' })
  }

  function json(...args: string[]): unknown {
    const { status, stdout, stderr } = stackroom(...args, '--json')
    expect(status, stderr).toBe(0)
    return JSON.parse(stdout)
  }

  test('indexes a folder of Markdown, HTML, text and PDF, and searches it by meaning', () => {
    const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
      version: string
    }
    expect(stackroom('--version').stdout).toBe(`${version}\n`)
    const storage = join(folder, 'storage')
    expect(json('index', documents, '--to', storage)).toMatchObject({ documents: 12, failed: [] })
    expect(json('search', storage, 'how do ships find their way at night', '-k', '1')).toMatchObject({
      hits: [{ source: join(documents, 'The lighthouse keeper.md') }],
    })
    expect(json('verify', storage)).toMatchObject({ problems: [] })
  })

  test('has Chroma’s engine in a form that loads here as it is', () => {
    const storage = join(folder, 'with-chroma')
    const address = `chroma:${join(folder, 'chroma')}`
    expect(json('index', documents, '--to', storage, '--store', address)).toMatchObject({ failed: [] })
    expect(json('search', storage, 'insects telling each other where food is', '-k', '1')).toMatchObject({
      hits: [{ source: join(documents, 'Bees and their dance.html') }],
    })
    expect(globSync('**/chroma-engine-*', { cwd: join(folder, 'data') })).toEqual([])
  })

  test('reads text in scanned pages, cuts source code, watches with the system’s means', () => {
    const scanned = join(folder, 'scanned')
    expect(json('index', join(fixtures, 'scanned.pdf'), '--to', scanned, '--ocr', 'eng')).toMatchObject({
      documents: 1,
      failed: [],
    })
    const code = join(packageFolder, 'packaging/contents.ts')
    expect(stackroom('preview', code, '--node-parser', 'CodeSplitter').status).toBe(0)
    const watcher = globSync('usr/lib/stackroom/node_modules/@parcel/watcher-*/watcher.node', { cwd: root })
    expect(watcher).toHaveLength(1)
  })

  test('serves the app on loopback', async () => {
    const child = spawn(command(), ['serve', '--no-open'], { cwd: folder, env: environment })
    try {
      const lines = createInterface({ input: child.stdout })
      const [address] = (await once(lines, 'line')) as [string]
      // the token in the address becomes a cookie
      const entrance = await fetch(address, { redirect: 'manual' })
      const cookie = entrance.headers.getSetCookie()[0]?.split(';')[0] ?? ''
      const page = await fetch(new URL('/', address), { headers: { cookie } })
      expect(page.status).toBe(200)
      expect(await page.text()).toContain('<title>Stackroom</title>')
    } finally {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  })

  test('asks the system for nothing but the C and C++ libraries of Ubuntu 22.04', () => {
    const natives = globSync('usr/lib/stackroom/**/*.{node,so,so.*}', { cwd: root })
    expect(natives.map((path) => path.replace(/^.*node_modules\//, '')).toSorted()).toHaveLength(6)
    const libraries = new Set<string>()
    for (const path of [...natives, 'usr/lib/stackroom/bin/node']) {
      const file = join(root, path)
      for (const [, name = ''] of run('ldd', [file]).matchAll(/^\t(?:\/\S*\/)?([\w.+-]+\.so[.\d]*) /gm))
        libraries.add(name)
      const text = readFileSync(file, 'latin1')
      const newest = (prefix: string): number =>
        Math.max(
          0,
          ...[...text.matchAll(new RegExp(`\\0${prefix}(\\d+)(?=\\0)`, 'g'))].map(([, n]) => Number(n)),
        )
      // Chroma's engine has one more, asked for weakly
      if (!path.includes('chromadb')) expect(newest('GLIBC_2\\.'), path).toBeLessThanOrEqual(35)
      expect(newest('GLIBCXX_3\\.4\\.'), path).toBeLessThanOrEqual(30)
    }
    const own = /^(ld-linux.*|linux-vdso|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s|onnxruntime))\.so/
    expect([...libraries].filter((name) => !own.test(name))).toEqual([])
  })

  test('brings a manual page, a desktop entry with its icon, a user unit and its licenses', () => {
    const read = (path: string): Buffer => readFileSync(join(root, 'usr', path))
    const manual = gunzipSync(read('share/man/man1/stackroom.1.gz')).toString()
    for (const name of ['index', 'search', 'verify', 'serve']) expect(manual).toContain(`.SS ${name}\n`)
    expect(read('share/applications/stackroom.desktop').toString()).toContain('Exec=stackroom serve\n')
    expect(read('share/icons/hicolor/scalable/apps/stackroom.svg').toString()).toContain('<svg')
    expect(read('lib/systemd/user/stackroom.service').toString()).toContain('stackroom serve --no-open')
    expect(read('share/doc/stackroom/copyright').toString()).toContain('MIT License')
    const folders = globSync('lib/stackroom/node_modules/{*,@*/*}/package.json', { cwd: join(root, 'usr') })
    expect(folders.length).toBeGreaterThan(20)
  })

  test.runIf(isRoot)('goes without a trace', () => {
    run('dpkg', [`--root=${root}`, '--purge', 'stackroom'])
    expect(globSync('usr/**/stackroom*', { cwd: root })).toEqual([])
  })
})
