/**
 * Compiled code, kept from one start to the next. Each worker thread loads its modules anew, and compiling them is most of
 * what its start takes.
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

/** For this process and the worker threads that it starts from here on. */
export function keepCompiledCode(dataFolder: string): void {
  // Worker threads know only what the environment says.
  process.env['NODE_COMPILE_CACHE'] ??= join(dataFolder, 'compiled')
  enableCompileCache(process.env['NODE_COMPILE_CACHE'])
}
