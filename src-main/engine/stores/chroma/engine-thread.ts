/** The thread of engine-process.ts that Chroma's engine blocks. */
import { workerData } from 'node:worker_threads'
import { findEngineBinding, loadEngine } from './engine-binding.ts'

export interface EngineThreadData {
  /** Of the `chroma` command. */
  readonly arguments: string[]
  readonly cacheFolder: string
}

/** Returns when the engine ends. */
export function runEngineThread(): void {
  const data = workerData as EngineThreadData
  loadEngine(findEngineBinding(), data.cacheFolder).cli(data.arguments)
}
