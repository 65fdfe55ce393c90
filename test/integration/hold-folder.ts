/** A process that opens a storage folder, changes it, and holds it until it is killed. */
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { insertOf } from './storage-test-folder.ts'

const [persistDir, dataFolder] = process.argv.slice(2) as [string, string]
const storage = await openStorageFolder({ persistDir, dataFolder })
await storage.change(insertOf('/held.txt', 'held'))
console.log('open')
process.stdin.resume()
