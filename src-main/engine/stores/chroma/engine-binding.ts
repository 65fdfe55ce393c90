/**
 * Chroma's own engine, as npm packages carry it: one native library for each system, with one function, the `chroma`
 * command line. Chroma's launcher in JavaScript is not used: it refuses Windows x64, although there is a library for it.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { weakenSymbolVersion } from './weaken-symbol-version.ts'

/** By platform and processor. musl has none: the package for Linux asks for glibc. */
const packages: Readonly<Record<string, string>> = {
  'linux-x64': 'chromadb-js-bindings-linux-x64-gnu',
  'linux-arm64': 'chromadb-js-bindings-linux-arm64-gnu',
  'darwin-x64': 'chromadb-js-bindings-darwin-x64',
  'darwin-arm64': 'chromadb-js-bindings-darwin-arm64',
  'win32-x64': 'chromadb-js-bindings-win32-x64-msvc',
}

/** What the library asks of glibc beyond 2.38, needlessly. */
const newestGlibc = 'GLIBC_2.39'

const wayOut = 'Start a Chroma server elsewhere (`chroma run --path <folder>`), and open it by its address.'

export interface EngineBinding {
  readonly path: string
  readonly version: string
}

const packageSchema = z.looseObject({ version: z.string(), main: z.string() })

/** Throws `engine-unavailable` where there is no engine for this machine. */
export function findEngineBinding(platform = process.platform, arch = process.arch): EngineBinding {
  const name = packages[`${platform}-${arch}`]
  if (!name)
    throw new StackroomError(
      'engine-unavailable',
      `There is no Chroma engine for ${platform} on ${arch} processors.`,
      { hint: wayOut },
    )
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
    const { version, main } = packageSchema.parse(JSON.parse(readFileSync(manifest, 'utf8')))
    return { version, path: join(dirname(manifest), main) }
  } catch (error) {
    throw new StackroomError('engine-unavailable', 'The Chroma engine is not installed.', {
      hint: `Install Stackroom's optional dependencies again (npm ci). ${wayOut}`,
      cause: error,
    })
  }
}

const engineSchema = z.object({
  cli: z.custom<(args: string[]) => void>((value) => typeof value === 'function'),
})
export type Engine = z.infer<typeof engineSchema>

/**
 * Loads the library; where the system's glibc is older than the library's, a changed copy of it in `cacheFolder`. Throws
 * `engine-unavailable`.
 */
export function loadEngine(binding: EngineBinding, cacheFolder: string): Engine {
  try {
    return load(binding.path)
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes(newestGlibc)) throw unloadable(error)
  }
  try {
    return load(changedCopy(binding, cacheFolder))
  } catch (error) {
    throw unloadable(error)
  }
}

function load(path: string): Engine {
  const module: { exports: unknown } = { exports: {} }
  process.dlopen(module, path)
  return engineSchema.parse(module.exports)
}

/**
 * Made once for each version; a copy that another process makes at the same time is the same. It is not flushed, which would
 * be most of the first start: one that a power cut left short is made again.
 */
function changedCopy({ path, version }: EngineBinding, cacheFolder: string): string {
  const copy = join(cacheFolder, `chroma-engine-${version}-${process.arch}.node`)
  if (statSync(copy, { throwIfNoEntry: false })?.size === statSync(path).size) return copy
  const library = readFileSync(path)
  if (!weakenSymbolVersion(library, newestGlibc)) throw new Error(`${path} does not ask for ${newestGlibc}.`)
  mkdirSync(cacheFolder, { recursive: true })
  const unfinished = `${copy}.${process.pid}`
  try {
    writeFileSync(unfinished, library, { mode: 0o700 })
    renameSync(unfinished, copy)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
  return copy
}

function unloadable(cause: unknown): StackroomError {
  return new StackroomError('engine-unavailable', 'The Chroma engine cannot be loaded on this system.', {
    hint: `It needs glibc 2.34 or newer, on Linux. ${wayOut}`,
    cause,
  })
}
