/**
 * Opens a storage folder as the app does, in a process of its own, and prints as JSON what became of it, what it took of
 * the processor, and the most memory that the process ever had.
 */
import { toErrorShape } from '#contract'
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'

const [persistDir, dataFolder] = process.argv.slice(2) as [string, string]

async function open(): Promise<object> {
  try {
    await using storage = await openStorageFolder({ persistDir, dataFolder })
    const { nodes, vectors, dimensions, indexes } = await storage.summary()
    const query = dimensions === null ? null : new Float32Array(dimensions).fill(1)
    const hits = query && (await storage.query(query, 3))
    return { nodes, vectors, dimensions, indexes: indexes.length, hits: hits?.length ?? 0 }
  } catch (error) {
    return { error: toErrorShape(error) }
  }
}

const outcome = await open()
const { user, system } = process.cpuUsage()
const megabytes = process.resourceUsage().maxRSS / 1024
console.log(JSON.stringify({ ...outcome, seconds: (user + system) / 1e6, megabytes }))
