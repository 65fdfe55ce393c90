import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { validateConfiguration } from 'app-builder-lib/out/util/config/config.js'
import { DebugLogger } from 'builder-util'
import picomatch from 'picomatch'
import { expect, test } from 'vitest'
import { leftOut, productionFolders, type Target } from '../../packaging/contents.ts'
import { requireElectron } from '../../packaging/desktop/build-desktop.ts'
import { desktopConfiguration } from '../../packaging/desktop/configuration.ts'
import { manualPage } from '../../packaging/deb/manual-page.ts'

const root = resolve(import.meta.dirname, '../..')

function configurationFor(target: Target, environment = {}) {
  return desktopConfiguration({
    ...{ target, environment },
    distFolder: '/dist',
    electronDist: '/electron',
    electronVersion: '45.4.1',
  })
}

const targets = (['linux', 'darwin', 'win32'] as const).flatMap((platform) =>
  (['x64', 'arm64'] as const).map((arch): Target => ({ platform, arch })),
)

const natives = [
  'better-sqlite3/prebuilds/linux-x64.node',
  'better-sqlite3/prebuilds/linux-arm64.node',
  'better-sqlite3/prebuilds/linuxmusl-x64.node',
  'better-sqlite3/prebuilds/darwin-x64.node',
  'better-sqlite3/prebuilds/darwin-arm64.node',
  'better-sqlite3/prebuilds/win32-x64.node',
  'better-sqlite3/prebuilds/win32-arm64.node',
  'onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1',
  'onnxruntime-node/bin/napi-v6/linux/arm64/libonnxruntime.so.1',
  'onnxruntime-node/bin/napi-v6/darwin/arm64/libonnxruntime.1.30.0.dylib',
  'onnxruntime-node/bin/napi-v6/win32/x64/onnxruntime.dll',
  'onnxruntime-node/bin/napi-v6/win32/x64/DirectML.dll',
  'usearch/prebuilds/linux-x64/usearch.node',
  'usearch/prebuilds/linux-arm64/usearch.node',
  'usearch/prebuilds/darwin-arm64+x64/usearch.node',
  'usearch/prebuilds/win32-x64/usearch.node',
  '@parcel/watcher-linux-x64-glibc/watcher.node',
  '@parcel/watcher-linux-x64-musl/watcher.node',
  '@parcel/watcher-linux-arm64-glibc/watcher.node',
  '@parcel/watcher-darwin-x64/watcher.node',
  '@parcel/watcher-darwin-arm64/watcher.node',
  '@parcel/watcher-win32-x64/watcher.node',
  'chromadb-js-bindings-linux-x64-gnu/chromadb-js-bindings.linux-x64-gnu.node',
  'chromadb-js-bindings-linux-arm64-gnu/chromadb-js-bindings.linux-arm64-gnu.node',
  'chromadb-js-bindings-darwin-x64/chromadb-js-bindings.darwin-x64.node',
  'chromadb-js-bindings-darwin-arm64/chromadb-js-bindings.darwin-arm64.node',
  'chromadb-js-bindings-win32-x64-msvc/chromadb-js-bindings.win32-x64-msvc.node',
  '@napi-rs/canvas-linux-x64-gnu/skia.linux-x64-gnu.node',
]

test.each([
  [
    'linux',
    'x64',
    [
      'better-sqlite3/prebuilds/linux-x64.node',
      'onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1',
      'usearch/prebuilds/linux-x64/usearch.node',
      '@parcel/watcher-linux-x64-glibc/watcher.node',
      'chromadb-js-bindings-linux-x64-gnu/chromadb-js-bindings.linux-x64-gnu.node',
    ],
  ],
  [
    'darwin',
    'arm64',
    [
      'better-sqlite3/prebuilds/darwin-arm64.node',
      'onnxruntime-node/bin/napi-v6/darwin/arm64/libonnxruntime.1.30.0.dylib',
      'usearch/prebuilds/darwin-arm64+x64/usearch.node',
      '@parcel/watcher-darwin-arm64/watcher.node',
      'chromadb-js-bindings-darwin-arm64/chromadb-js-bindings.darwin-arm64.node',
    ],
  ],
  [
    'win32',
    'x64',
    [
      'better-sqlite3/prebuilds/win32-x64.node',
      'onnxruntime-node/bin/napi-v6/win32/x64/onnxruntime.dll',
      'usearch/prebuilds/win32-x64/usearch.node',
      '@parcel/watcher-win32-x64/watcher.node',
      'chromadb-js-bindings-win32-x64-msvc/chromadb-js-bindings.win32-x64-msvc.node',
    ],
  ],
] as const)('a package for %s on %s has one native library of each kind', (platform, arch, expected) => {
  const isLeftOut = picomatch([...leftOut({ platform, arch })], { dot: true })
  expect(natives.filter((path) => !isLeftOut(path))).toEqual(expected)
})

test('licenses and descriptions of packages stay, sources and other builds do not', () => {
  const isLeftOut = picomatch([...leftOut({ platform: 'linux', arch: 'x64' })], { dot: true })
  for (const path of [
    'ws/LICENSE',
    'ws/package.json',
    'pdfjs-dist/legacy/build/pdf.mjs',
    'pdfjs-dist/legacy/build/pdf.worker.mjs',
    'pdfjs-dist/cmaps/78-H.bcmap',
    'openai/index.mjs',
    'gpt-tokenizer/esm/bpeRanks/cl100k_base.js',
    'tesseract.js-core/tesseract-core-simd.wasm',
  ])
    expect(isLeftOut(path), path).toBe(false)
  for (const path of ['openai/src/index.ts', 'better-sqlite3/deps/sqlite3/sqlite3.c', 'ws/README.md'])
    expect(isLeftOut(path), path).toBe(true)
})

test('what is bundled into the window is no production dependency', () => {
  const folders = productionFolders(root)
  expect(folders).toContain('node_modules/better-sqlite3')
  for (const name of ['react', 'react-dom', 'zustand', 'zod', 'electron', 'electron-builder'])
    expect(folders).not.toContain(`node_modules/${name}`)
})

test.each(targets)('electron-builder takes the configuration for $platform on $arch', async (target) => {
  await validateConfiguration(configurationFor(target), new DebugLogger(false))
})

test('the code is one archive whose integrity is checked, and the binary takes no orders from outside', () => {
  const { asar, electronFuses, disableAsarIntegrity } = configurationFor({ platform: 'win32', arch: 'x64' })
  expect(asar).toEqual({ smartUnpack: false })
  expect(disableAsarIntegrity).toBeUndefined()
  expect(electronFuses).toMatchObject({
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableCookieEncryption: true,
    grantFileProtocolExtraPrivileges: false,
  })
})

test('macOS packages are notarised where Apple’s credentials are given', () => {
  const mac: Target = { platform: 'darwin', arch: 'arm64' }
  expect(configurationFor(mac).mac).toMatchObject({ hardenedRuntime: true, notarize: false })
  expect(configurationFor(mac, { APPLE_API_KEY: 'key.p8' }).mac?.notarize).toBe(true)
})

test('where Electron’s binary cannot be had, one line says so', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stackroom-no-electron-'))
  try {
    mkdirSync(join(folder, 'node_modules/electron'), { recursive: true })
    writeFileSync(join(folder, 'node_modules/electron/install.js'), 'process.exit(1)')
    expect(() => requireElectron(folder)).toThrow(
      /^The desktop app cannot be packaged: Electron's binary .*\.$/,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the manual page has what each command says of itself, safe from being taken for requests', () => {
  const script = `
    const name = process.argv[1]
    console.log(name === '--help' ? 'Commands:\\n  index  index files\\n  help  all\\n' : \`.hidden -k \\\\ of \${name}\`)`
  const page = manualPage([process.execPath, '-e', script, '--'], '1.2.3', new Date('2026-01-02'))
  expect(page).toContain('.TH STACKROOM 1 "2026-01-02" "Stackroom 1.2.3"')
  expect(page).toContain('.SS index\n.nf\n\\&.hidden \\-k \\e of index\n.fi')
  expect(page).not.toContain('.SS help')
})
