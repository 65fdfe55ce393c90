/** For tests that start many processes or threads: most of a start is compiling, which is done once and kept meanwhile. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keepCompiledCode } from '#platform/compile-cache.ts'

export async function keepCompiled(): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-compiled-'))
  keepCompiledCode(folder)
  return { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
