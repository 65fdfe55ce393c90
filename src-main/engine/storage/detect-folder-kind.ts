/** What a path is, told from the names in it: nothing is parsed. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FolderKind } from '#contract'
import { storeFileOf } from './llamaindex/store-files.ts'
import { workingFile } from './replace-working-store.ts'
import { workingFolderName } from './working-folder.ts'

export async function detectFolderKind(path: string): Promise<FolderKind> {
  let names: string[]
  try {
    names = await readdir(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      if (error.code === 'ENOENT') return 'missing'
      if (error.code === 'ENOTDIR') return 'files'
    }
    throw error
  }
  const has = (name: string): boolean => names.includes(name)
  if (has('stackroom.json')) return 'stackroom'
  if (has('chroma.sqlite3')) return 'chroma'
  if (has('doc_store.json')) return 'llamaindex-ts'
  // A graph store or a vector store alone may belong to anything.
  const roles = names.map((name) => storeFileOf(name)?.role)
  if (roles.includes('docstore') || roles.includes('index-store') || has('default__vector_store.json'))
    return 'llamaindex-python'
  if (has(workingFolderName)) {
    const isMade = existsSync(join(path, workingFolderName, workingFile))
    // Making a new index was broken off before there was anything.
    if (isMade || names.length > 1) return 'stackroom'
    return 'empty'
  }
  return names.length === 0 ? 'empty' : 'files'
}
