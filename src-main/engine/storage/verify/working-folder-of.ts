/** Where the working store of a folder is, found without making or locking anything. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { workingFile } from '../replace-working-store.ts'
import { elsewhere, workingFolderName } from '../working-folder.ts'

/** In the folder itself; a folder that was read-only when it was opened has it in the data folder. */
export function workingFolderOf(persistDir: string, dataFolder: string): string {
  const own = join(persistDir, workingFolderName)
  if (existsSync(join(own, workingFile))) return own
  const ofReadOnly = elsewhere(persistDir, dataFolder)
  return existsSync(join(ofReadOnly, workingFile)) ? ofReadOnly : own
}
