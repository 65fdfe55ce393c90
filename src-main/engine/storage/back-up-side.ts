/** Copies of one side of a conflict, each a whole persist dir that LlamaIndex and Stackroom can load. */
import { closeSync, constants, copyFileSync, existsSync, fsyncSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { foreignVectorFile } from './folder-layout.ts'
import { isImported, storeFilesIn } from './llamaindex/store-files.ts'
import { OutputFile } from './output-file.ts'
import { applyStructChanges } from './persist-folder.ts'
import { settingsFile } from './stackroom-settings-file.ts'
import type { VectorStores } from './vector-stores.ts'
import { makeBackup } from './working-folder.ts'
import type { WorkingStore } from './working-store.ts'
import { writeWholeFile } from './write-store-file.ts'

export interface FolderSides {
  readonly store: WorkingStore
  readonly vectors: VectorStores
  readonly persistDir: string
  readonly workingFolder: string
}

/** What Stackroom has, its changes included. Answers with the backup's path. */
export function backUpWorkingStore(sides: FolderSides, signal: AbortSignal): Promise<string> {
  const { store, vectors, persistDir, workingFolder } = sides
  return makeBackup(workingFolder, async (folder) => {
    applyStructChanges(store)
    const foreign = store.meta(foreignVectorFile)
    for (const file of store.statement('SELECT name FROM files').pluck().all() as string[]) {
      if (file === foreign) continue
      using output = new OutputFile(join(folder, file), null)
      await writeWholeFile({ store, vectors, file, output, signal })
      output.finish()
    }
    // What is not in the working store belongs to both sides.
    for (const file of storeFilesIn(persistDir))
      if (!isImported(file) || file.name === foreign) copyFlushed(persistDir, folder, file.name)
    copyFlushed(persistDir, folder, settingsFile)
  })
}

/** The JSON files as they are, byte for byte. Answers with the backup's path. */
export function backUpFiles({
  persistDir,
  workingFolder,
}: Pick<FolderSides, 'persistDir' | 'workingFolder'>): Promise<string> {
  return makeBackup(workingFolder, (folder) => {
    for (const { name } of storeFilesIn(persistDir)) copyFlushed(persistDir, folder, name)
    copyFlushed(persistDir, folder, settingsFile)
  })
}

function copyFlushed(from: string, to: string, name: string): void {
  if (!existsSync(join(from, name))) return
  const target = join(to, name)
  copyFileSync(join(from, name), target, constants.COPYFILE_FICLONE)
  const file = openSync(target, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
