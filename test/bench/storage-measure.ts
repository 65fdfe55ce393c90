/**
 * Built and run by storage.ts, one process for each repetition: `open` a folder for the first time, or `work` in one that
 * was open before: reopen, search, insert, persist. Prints one line of JSON.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { z } from 'zod'
import { keepCompiledCode } from '#platform/compile-cache.ts'
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { buildNodes } from '../integration/storage-documents.ts'

const [action, persistDir, dataFolder] = process.argv.slice(2)
if (!persistDir || !dataFolder || (action !== 'open' && action !== 'work'))
  throw new Error('open|work <folder> <data folder>')

// As the app and the command do.
keepCompiledCode(dataFolder)

const nodesOfDocument = 5
const queries = z
  .array(z.array(z.number()))
  .parse(JSON.parse(readFileSync(join(persistDir, 'queries.json'), 'utf8')))
  .map((query) => Float32Array.from(query))
const [firstQuery] = queries
if (!firstQuery) throw new Error('No queries.')

// Only what happens from here on is measured, not the start of the program.
await new Promise((resolve) => setImmediate(resolve))
const loop = monitorEventLoopDelay({ resolution: 1 })
loop.enable()

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const start = performance.now()
const storage = await openStorageFolder({ persistDir, dataFolder })
const answer = await storage.query(firstQuery, 10)
const openMs = performance.now() - start
const peak = peakKilobytes()

const searchMs: number[] = []
const insertMs: number[] = []
let persistMs = 0
if (action === 'work') {
  for (let round = 0; round < 3; round++)
    for (const query of queries) searchMs.push(await timed(() => storage.query(query, 10)))
  for (let number = 0; number < 20; number++) {
    const texts = Array.from({ length: nodesOfDocument }, (_, node) => `new ${number} ${node} ${process.pid}`)
    const document = buildNodes(`/library/new ${number} ${process.pid}.txt`, texts, firstQuery.length)
    // Something searches meanwhile, as the window does.
    insertMs.push(await timed(() => storage.change({ insert: [document] })))
    await storage.query(firstQuery, 10)
  }
  persistMs = await timed(() => storage.persist())
}
await storage.close()
loop.disable()
console.log(
  JSON.stringify({
    openMs,
    peakKilobytes: peak,
    searchMs,
    insertMs,
    persistMs,
    answer,
    loopP99Ms: loop.percentile(99) / 1e6,
    loopMaxMs: loop.max / 1e6,
  }),
)

/** Of the whole process, its threads included. */
function peakKilobytes(): number {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
  } catch {
    return process.resourceUsage().maxRSS
  }
}
