/** A thread that works on damaged folders, so that one that hangs or runs out of memory is noticed. */
import { parentPort } from 'node:worker_threads'
import { FuzzFolders, fuzzFolder, runCase, type FuzzCase } from './storage-fuzz-case.ts'

const folder = fuzzFolder()
const folders = FuzzFolders.make(folder)

parentPort?.on('message', (message: FuzzCase | 'end') => {
  void (async () => {
    const made = await folders
    if (message === 'end') {
      made[Symbol.dispose]()
      process.exit()
    }
    parentPort?.postMessage(await runCase(made, message))
  })()
})
parentPort?.postMessage(folder)
