/**
 * FAISS writes its own bytes into the file in which the simple vector store has JSON. Such a file is known by its looks, and
 * neither read nor written.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { fileStamp } from '#platform/atomic-files.ts'
import { foreignVectorFile } from './folder-layout.ts'
import { checksumOf } from './llamaindex/json-scanner.ts'
import type { WorkingStore } from './working-store.ts'

/** They begin with a code of four letters, as `IxF2` or `IHNf`. */
export function isFaissIndex(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const first = Buffer.alloc(4)
    // What is no file is told of by whoever reads it.
    if (!fstatSync(file).isFile()) return false
    readSync(file, first)
    return /^I[A-Za-z][A-Za-z0-9]{2}$/.test(first.toString('latin1'))
  } finally {
    closeSync(file)
  }
}

export function noteForeignVectorFile(store: WorkingStore, path: string): void {
  const name = basename(path)
  store.addFile(name)
  store
    .statement('UPDATE files SET stamp = ?, bytes = ?, checksum = ? WHERE name = ?')
    .run(fileStamp(path), statSync(path).size, checksumOf(path), name)
  store.setMeta(foreignVectorFile, name)
}
