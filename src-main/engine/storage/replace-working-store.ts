/** A working store is made beside the old one, and takes its place when it is complete and on the disk. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { syncFolder, unfinishedEnding } from '#platform/atomic-files.ts'

export const workingFile = 'working.sqlite'
/** Beside a working store that turned out to be damaged while it was open. */
export const damageMark = 'working.sqlite.damaged'

/** @param build makes the working store at the path it is given, and closes it */
export async function replaceWorkingStore(
  workingFolder: string,
  build: (path: string) => void | Promise<void>,
): Promise<void> {
  const temporary = join(workingFolder, workingFile + unfinishedEnding)
  rmSync(temporary, { force: true })
  try {
    await build(temporary)
    flushFile(temporary)
    removeWorkingStore(workingFolder)
    renameSync(temporary, join(workingFolder, workingFile))
    syncFolder(workingFolder)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** The database goes first: a log without its database is no more than a leftover, a database without its log is damaged. */
export function removeWorkingStore(workingFolder: string): void {
  for (const ending of ['', '-wal', '-shm', '-journal'])
    rmSync(join(workingFolder, workingFile + ending), { recursive: true, force: true })
  rmSync(join(workingFolder, damageMark), { force: true })
}

function flushFile(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Which file it is, whatever its content; null when there is none. */
export function identityOf(path: string): string | null {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats ? `${stats.dev}-${stats.ino}` : null
}
