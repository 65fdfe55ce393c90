/** Files that are replaced as a whole, folders that are flushed, and how to tell that a file is still the same. */
import {
  closeSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
  type BigIntStats,
} from 'node:fs'
import { dirname } from 'node:path'
import { errorCodeOf } from './file-errors.ts'

/**
 * What a file looked like: equal stamps mean an unchanged file. The change time and the inode are in it because a clock
 * may go backwards and a program may set the modification time.
 */
export function fileStamp(path: string): string | null {
  const stats = statsOf(path)
  return stats ? `${stats.size}-${stats.mtimeNs}-${stats.ctimeNs}-${stats.ino}` : null
}

/** Null for what is not there, and for a link that leads to itself. */
function statsOf(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
  } catch (error) {
    if (errorCodeOf(error) === 'ELOOP') return null
    throw error
  }
}

/** Writes all of `bytes`: a single write may write less. */
export function writeFully(file: number, bytes: Uint8Array, position: number | null = null): void {
  let done = 0
  while (done < bytes.length) {
    done += writeSync(file, bytes, done, bytes.length - done, position === null ? null : position + done)
  }
}

/** Makes renames, new and deleted files in a folder durable. */
export function syncFolder(path: string): void {
  // Windows cannot flush a folder; there the rename itself is durable.
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Behind the name of a file that is being written; a crash may leave it there. */
export const unfinishedEnding = '.new'

/** A reader sees the old or the new text, never a part, whatever happens meanwhile. */
export function replaceFile(path: string, text: string): void {
  const temporary = path + unfinishedEnding
  try {
    const file = openSync(temporary, 'w')
    try {
      writeFully(file, Buffer.from(text))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  syncFolder(dirname(path))
}
