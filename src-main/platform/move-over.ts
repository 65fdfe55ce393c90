/** Moves a finished file over another one, also where the other one is a mount of its own and cannot be renamed over. */
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { writeFully } from './atomic-files.ts'
import { errorCodeOf } from './file-errors.ts'

const blockBytes = 1024 * 1024

/**
 * At once, for whoever reads meanwhile, where the system can do that. A file that is a mount of its own is written over,
 * and `from` goes only when that is on the disk: after a crash it can be done again.
 */
export function moveOver(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!['EBUSY', 'EXDEV'].includes(errorCodeOf(error)) || process.platform === 'win32') throw error
    writeOver(from, to)
    rmSync(from)
  }
}

function writeOver(from: string, to: string): void {
  const target = openSync(to, 'w')
  try {
    for (const block of blocksOf(from)) writeFully(target, block)
    fsyncSync(target)
  } finally {
    closeSync(target)
  }
}

/** Whether the content of `path` is what `whole` begins with, as when writing it over was broken off. */
export function isBeginningOf(path: string, whole: string): boolean {
  const others = blocksOf(whole)
  for (const block of blocksOf(path)) {
    const other = others.next().value
    if (!other?.subarray(0, block.length).equals(block)) return false
  }
  return true
}

/** Each block is a buffer of its own, and full but for the last. */
function* blocksOf(path: string): Generator<Buffer, undefined> {
  const file = openSync(path, 'r')
  try {
    for (;;) {
      const block = Buffer.allocUnsafe(blockBytes)
      let length = 0
      for (let count = -1; count !== 0 && length < blockBytes; length += count)
        count = readSync(file, block, length, blockBytes - length, null)
      if (length === 0) return
      yield block.subarray(0, length)
    }
  } finally {
    closeSync(file)
  }
}
