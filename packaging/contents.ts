/**
 * What of the production dependencies goes into a package: the modules and data that the built app loads, and the native
 * binaries of one system. The packages carry much more: those of all other systems, sources, several builds of the same.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

export type Platform = 'linux' | 'darwin' | 'win32'
export type Arch = 'x64' | 'arm64'

export interface Target {
  readonly platform: Platform
  readonly arch: Arch
}

const targets: readonly Target[] = [
  { platform: 'linux', arch: 'x64' },
  { platform: 'linux', arch: 'arm64' },
  { platform: 'darwin', arch: 'x64' },
  { platform: 'darwin', arch: 'arm64' },
  { platform: 'win32', arch: 'x64' },
  { platform: 'win32', arch: 'arm64' },
]

/** Globs below node_modules, of what no system needs. */
const leftOutEverywhere = [
  '**/*.{map,ts,mts,cts,tsx,flow,markdown}',
  '**/{README,CHANGELOG,CHANGES,HISTORY,CONTRIBUTING,SECURITY}*',
  '**/.*',
  '**/{test,tests,example,examples,benchmark,benchmarks,docs}/**',
  // sources of what is there as a binary
  '**/*.{c,cc,cpp,h,hpp,gyp,gypi}',
  'better-sqlite3/{deps,src}/**',
  'usearch/{c,cmake,cpp,include,numkong,swift,rust,python}/**',
  'node-addon-api/**',
  // what install scripts and launchers fetch binaries with
  'onnxruntime-node/script/**',
  '{adm-zip,global-agent,boolean,es6-error,json-stringify-safe,matcher,roarr,semver,semver-compare,serialize-error}/**',
  'onnxruntime-common/dist/{esm,ort-common*}/**',
  // one build of several
  'openai/{src,beta,bin}/**',
  'gpt-tokenizer/{src,data,cjs,dist}/**',
  'gpt-tokenizer/esm/bpeRanks/!(cl100k_base).js',
  'zlibjs/bin/*.{dev,pretty}*',
  'pdfjs-dist/{build,image_decoders,types,web}/**',
  'pdfjs-dist/legacy/{image_decoders,web}/**',
  'pdfjs-dist/legacy/build/{*.min.mjs,pdf.sandbox.mjs}',
  // pictures are drawn nowhere: only their text is read
  '@napi-rs/**',
  // in Node the whole recogniser is loaded, as a WebAssembly file
  'tesseract.js-core/*.wasm.js',
  'tesseract.js-core/*-lstm.{js,wasm}',
  'tesseract.js/dist/**',
  '@tesseract.js-data/*/4.0.0/**',
]

/** Globs below node_modules, of what other systems need. */
function leftOutOn({ platform, arch }: Target): string[] {
  const others = targets.filter((other) => other.platform !== platform || other.arch !== arch)
  // one library for both processors of macOS; `+` would mean something in a glob
  const usearch = platform === 'darwin' ? 'darwin-arm64[+]x64' : `${platform}-${arch}`
  const otherUsearch = ['darwin-arm64[+]x64', 'linux-arm64', 'linux-x64', 'win32-x64'].filter(
    (name) => name !== usearch,
  )
  return [
    'better-sqlite3/prebuilds/linuxmusl-*',
    ...others.map((other) => `better-sqlite3/prebuilds/${other.platform}-${other.arch}.node`),
    ...others.map((other) => `onnxruntime-node/bin/napi-v6/${other.platform}/${other.arch}/**`),
    // DirectML and its compiler: only the processor computes
    'onnxruntime-node/bin/napi-v6/win32/*/{DirectML,dxcompiler,dxil}.dll',
    // the same library under a second name
    'onnxruntime-node/bin/napi-v6/darwin/*/libonnxruntime.[0-9].dylib',
    ...otherUsearch.map((name) => `usearch/prebuilds/${name}/**`),
    ...others.map((other) => `chromadb-js-bindings-${other.platform}-${other.arch}*/**`),
    ...others.map((other) => `@parcel/watcher-${other.platform}-${other.arch}*/**`),
    '@parcel/watcher-*-musl/**',
  ]
}

/** Globs below node_modules, of what a package for this system leaves out. */
export function leftOut(target: Target): readonly string[] {
  return [...leftOutEverywhere, ...leftOutOn(target)]
}

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({ dev: z.boolean().default(false), devOptional: z.boolean().default(false) }),
  ),
})

/** The folders of the production dependencies, as package-lock.json has them, those of other systems included. */
export function productionFolders(packageFolder: string): string[] {
  const lock = lockSchema.parse(JSON.parse(readFileSync(join(packageFolder, 'package-lock.json'), 'utf8')))
  return Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .map(([path]) => path)
}
