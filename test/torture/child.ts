/**
 * The process that is killed: does what the plan says, and writes to its standard output before (`intent n`) and after
 * (`done n`) each operation. What was written to the pipe outlives it.
 */
import { readFileSync, writeSync } from 'node:fs'
import { createStorageFolder, openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { repairStorageFolder } from '#engine/storage/verify/verify-storage-folder.ts'
import { dimensionsOf, documentOf, newVectorOf, settingsOf, type Operation } from './plan.ts'

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
      folder = await createStorageFolder({ persistDir, dataFolder, settings: settingsOf(0) })
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
    case 'replace-vectors':
      await replaceVectors(folder!, operation.generation)
      break
    case 'restore-vectors':
      await folder!.replacement.restoreOld()
      break
    case 'discard-old-vectors':
      await folder!.replacement.discardOld()
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
    case 'repair':
      await repairStorageFolder({ persistDir, dataFolder })
      break
  }
}

/** A few at a time, as embedding does it. */
async function replaceVectors(storage: StorageFolder, generation: number): Promise<void> {
  const { replacement } = storage
  const dimensions = dimensionsOf(generation)
  await replacement.begin({ key: `model ${generation}`, dimensions })
  for (let page: number | null = 0; page !== null;) {
    const { texts, next } = await replacement.texts(page, 5)
    await replacement.add(
      texts.map(({ nodeId, textHash }) => ({ nodeId, textHash, vector: newVectorOf(nodeId, generation) })),
    )
    page = next
  }
  await storage.persist()
  await replacement.finish(settingsOf(generation))
}

function say(line: string): void {
  writeSync(1, `${line}\n`)
}
