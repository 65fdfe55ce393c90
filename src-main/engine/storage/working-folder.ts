/** Where the working store of a folder is, and whether this process may write to it. */
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StackroomError } from '#contract'
import { syncFolder, unfinishedEnding } from '#platform/atomic-files.ts'
import { errorCodeOf, explainFileError, explaining } from '#platform/file-errors.ts'
import { FolderLock } from '#platform/folder-lock.ts'
import { packedEnding } from './packed-vectors.ts'
import { quantisedEnding } from './quantised-file.ts'
import { seedWorkingFolder } from './seed-working-folder.ts'
import type { WorkingStore } from './working-store.ts'

export const workingFolderName = '.stackroom'
const program = 'Stackroom'

export interface WorkingFolder {
  readonly path: string
  /** Null when another process works on the folder: its working store is read, and nothing is written. */
  readonly lock: FolderLock | null
  /** Why the JSON files cannot be written. */
  readonly readOnly: StackroomError | null
}

export function openWorkingFolder(persistDir: string, dataFolder: string): WorkingFolder {
  const own = join(persistDir, workingFolderName)
  try {
    accessSync(persistDir, constants.W_OK)
    return openLocked(own, null)
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS', 'SQLITE_CANTOPEN', 'SQLITE_READONLY'].includes(errorCodeOf(error)))
      throw explainFileError(error, own)
    const readOnly = new StackroomError(
      'read-only',
      'This folder is read-only: it can be searched, but not changed.',
      { hint: 'Copy the folder to a place where you may write, and open the copy.', cause: error },
    )
    return explaining(dataFolder, () => openElsewhere(elsewhere(persistDir, dataFolder), own, readOnly))
  }
}

/** Where the working store of a folder goes that cannot be written. */
export function elsewhere(persistDir: string, dataFolder: string): string {
  const name = createHash('sha256').update(persistDir).digest('hex').slice(0, 32)
  return join(dataFolder, 'working', name)
}

function openElsewhere(path: string, own: string, readOnly: StackroomError): WorkingFolder {
  const working = openLocked(path, readOnly)
  try {
    if (working.lock) seedWorkingFolder(own, path)
    return working
  } catch (error) {
    working.lock?.[Symbol.dispose]()
    throw error
  }
}

function openLocked(path: string, readOnly: StackroomError | null): WorkingFolder {
  const isNew = mkdirSync(path, { recursive: true }) !== undefined
  try {
    if (isNew) syncFolder(dirname(path))
    return { path, lock: new FolderLock(path, program), readOnly }
  } catch (error) {
    if (error instanceof StackroomError && error.code === 'locked')
      return { path, lock: null, readOnly: error }
    if (isNew) rmSync(path, { recursive: true, force: true })
    throw error
  }
}

/** In the working folder: working stores that could not be read, and may have changes that the JSON files lack. */
export const setAsideFolder = 'set-aside'
/** In the working folder: sides that lost a conflict, each a persist dir of its own. */
export const backupsFolder = 'backups'
/** In the working folder: the vectors that other ones took the place of, in LlamaIndex's own file. */
export const oldVectorsFolder = 'old-vectors'

/** A name for a folder that is made now; colons are not allowed everywhere. */
export function folderNameOfNow(): string {
  return new Date().toISOString().replaceAll(':', '-')
}

/** Packed vectors of working stores that are no more, and what a crash left half written. */
export function removeLeftovers(path: string, store: WorkingStore): void {
  const used = new Set(store.vectorStores().map(({ packed }) => packed))
  for (const name of readdirSync(path)) {
    const isVectors = name.endsWith(packedEnding) || name.endsWith(quantisedEnding)
    if (name.endsWith(unfinishedEnding) || (isVectors && !used.has(name.slice(0, name.lastIndexOf('.')))))
      rmSync(join(path, name), { recursive: true, force: true })
  }
  const backups = join(path, backupsFolder)
  for (const name of existsSync(backups) ? readdirSync(backups) : [])
    if (name.endsWith(unfinishedEnding)) rmSync(join(backups, name), { recursive: true, force: true })
}

/** Makes a backup under a name of its own when it is whole. Answers with its path. */
export async function makeBackup(
  workingFolder: string,
  fill: (folder: string) => void | Promise<void>,
): Promise<string> {
  const backups = join(workingFolder, backupsFolder)
  const path = join(backups, folderNameOfNow())
  mkdirSync(path + unfinishedEnding, { recursive: true })
  try {
    await fill(path + unfinishedEnding)
    syncFolder(path + unfinishedEnding)
    renameSync(path + unfinishedEnding, path)
  } catch (error) {
    rmSync(path + unfinishedEnding, { recursive: true, force: true })
    throw error
  }
  syncFolder(backups)
  syncFolder(workingFolder)
  return path
}
