/** What a path is, told from the names in it: nothing is parsed. */
import { readdir } from 'node:fs/promises'
import type { FolderKind } from '#contract'

/** Names that only a LlamaIndex persist dir has. */
const pythonFiles = ['docstore.json', 'index_store.json', 'default__vector_store.json']

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
  if (has('stackroom.json') || has('.stackroom')) return 'stackroom'
  if (has('chroma.sqlite3')) return 'chroma'
  if (pythonFiles.some(has)) return 'llamaindex-python'
  if (has('doc_store.json')) return 'llamaindex-ts'
  return names.length === 0 ? 'empty' : 'files'
}
