/**
 * The process that is killed: does what the plan says, and writes to its standard output before (`intent n`) and after
 * (`done n`) each operation. What was written to the pipe outlives it.
 */
import { readFileSync, writeSync } from 'node:fs'
import { createStorageFolder, openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { documentOf, type Operation } from './plan.ts'
import { settings } from '../integration/storage-settings.ts'

const [persistDir, dataFolder, planPath] = process.argv.slice(2) as [string, string, string]
const operations = JSON.parse(readFileSync(planPath, 'utf8')) as Operation[]
// Made beforehand, so that the time is spent in the folder.
for (const operation of operations) if (operation.kind === 'change') operation.insert.forEach(documentOf)

let folder: StorageFolder | undefined
say('start')
for (const [index, operation] of operations.entries()) {
  say(`intent ${index}`)
  await perform(operation)
  say(`done ${index}`)
}
say('end')

async function perform(operation: Operation): Promise<void> {
  switch (operation.kind) {
    case 'create':
      folder = await createStorageFolder({ persistDir, dataFolder, settings })
      break
    case 'open':
      folder = await openStorageFolder({ persistDir, dataFolder })
      break
    case 'change':
      await folder!.change({
        insert: operation.insert.map(documentOf),
        deleteRefDocIds: operation.remove,
      })
      break
    case 'persist':
      await folder!.persist()
      break
    case 'resolve':
      await folder!.resolveConflict(operation.keep)
      break
    case 'reopen':
      await folder!.close()
      folder = await openStorageFolder({ persistDir, dataFolder })
      break
    case 'close':
      await folder!.close()
      break
  }
}

function say(line: string): void {
  writeSync(1, `${line}\n`)
}
