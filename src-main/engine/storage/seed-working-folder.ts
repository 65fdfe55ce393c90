/**
 * The working store of a folder that may not be written to is in the data folder. Where the folder has one of its own, it may
 * have changes that the JSON files lack: then a copy of it is worked with.
 */
import { constants, copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile, syncFolder, unfinishedEnding } from '#platform/atomic-files.ts'
import { errorCodeOf } from '#platform/file-errors.ts'
import { looksOf } from './file-state.ts'
import { packedEnding } from './packed-vectors.ts'
import { quantisedEnding } from './quantised-file.ts'
import { removeWorkingStore, workingFile } from './replace-working-store.ts'

const markFile = 'copied-from'
const logFile = `${workingFile}-wal`

/** @param own the folder's own working folder */
export function seedWorkingFolder(own: string, path: string): void {
  if (!existsSync(join(own, workingFile))) return
  const looks = `${own}\n${looksOf([workingFile, logFile], own)}`
  if (readMark(path) === looks) return
  removeWorkingStore(path)
  rmSync(join(path, markFile), { force: true })
  try {
    for (const name of readdirSync(own))
      if (name.endsWith(packedEnding) || name.endsWith(quantisedEnding) || name === logFile)
        copy(own, path, name)
    copy(own, path, workingFile, workingFile + unfinishedEnding)
    renameSync(join(path, workingFile + unfinishedEnding), join(path, workingFile))
    syncFolder(path)
    replaceFile(join(path, markFile), looks)
  } catch (error) {
    removeWorkingStore(path)
    // Another user's, who does not let it be read: the JSON files are.
    if (!['EACCES', 'EPERM'].includes(errorCodeOf(error))) throw error
  }
}

function copy(from: string, to: string, name: string, as = name): void {
  rmSync(join(to, as), { force: true })
  copyFileSync(join(from, name), join(to, as), constants.COPYFILE_FICLONE)
}

function readMark(path: string): string | null {
  return existsSync(join(path, markFile)) ? readFileSync(join(path, markFile), 'utf8') : null
}
