/** Which sections of which files play which part in one folder. */
import { defaultNamespace, sectionsOfNewFile, storeFileOf } from './llamaindex/store-files.ts'
import type { SectionRow, VectorStoreRow, WorkingStore } from './working-store.ts'

export interface FolderLayout {
  readonly flavour: 'python' | 'typescript'
  readonly docstore: string | null
  readonly indexStore: string | null
  /** The vector store that is searched: the default one, or the only one with vectors. */
  readonly vectorStore: VectorStoreRow | null
}

export function layoutOf(store: WorkingStore): FolderLayout {
  const names = store.statement('SELECT name FROM files ORDER BY name').pluck().all() as string[]
  const withRole = (role: string): string | null =>
    names.find((name) => storeFileOf(name)?.role === role) ?? null
  const isTypescript =
    names.includes('doc_store.json') || store.sections().some(({ name }) => name === 'embeddingDict')
  return {
    flavour: isTypescript ? 'typescript' : 'python',
    docstore: withRole('docstore'),
    indexStore: withRole('index-store'),
    vectorStore: searchedVectorStore(store),
  }
}

function searchedVectorStore(store: WorkingStore): VectorStoreRow | null {
  const all = store.vectorStores()
  const isDefault = ({ file }: VectorStoreRow): boolean => storeFileOf(file)?.namespace === defaultNamespace
  const filled = all.filter(({ rows }) => rows > 0)
  return filled.find(isDefault) ?? filled[0] ?? all.find(isDefault) ?? null
}

/** The section of a file that has this role; made with Python's name when it is not there yet. */
export function ensureSection(store: WorkingStore, file: string, role: SectionRow['role']): SectionRow {
  const existing = store.section(file, role)
  if (existing) return existing
  for (const name of sectionsOfNewFile[storeFileOf(file)?.role ?? ''] ?? []) store.addSection(file, name)
  const made = store.section(file, role)
  if (!made) throw new Error(`${file} has no section for ${role}`)
  return made
}
