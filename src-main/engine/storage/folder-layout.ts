/** Which sections of which files play which part in one folder. */
import { vectorStructTypes } from './llamaindex/index-struct.ts'
import { defaultNamespace, sectionRoleOf, sectionsOfNewFile, storeFileOf } from './llamaindex/store-files.ts'
import type { SectionRow, VectorStoreRow, WorkingStore } from './working-store.ts'

export interface FolderLayout {
  readonly flavour: 'python' | 'typescript'
  readonly docstore: string | null
  readonly indexStore: string | null
  /** The vector store that is searched: the default one, or when it is not there the first that has vectors. */
  readonly vectorStore: VectorStoreRow | null
  /** Where the vectors of the vector index are, when they are not in the folder or cannot be read from it. */
  readonly vectorsElsewhere: 'faiss' | 'external' | null
  readonly structs: readonly IndexStructRow[]
}

export interface IndexStructRow {
  readonly key: string
  readonly type: string
}

/** Meta value: the file in which a vector store of another kind keeps its own bytes. */
export const foreignVectorFile = 'foreign-vector-file'

export function layoutOf(store: WorkingStore): FolderLayout {
  const names = store.statement('SELECT name FROM files ORDER BY name').pluck().all() as string[]
  const withRole = (role: string): string | null =>
    names.find((name) => storeFileOf(name)?.role === role) ?? null
  const isTypescript =
    names.includes('doc_store.json') || store.sections().some(({ name }) => name === 'embeddingDict')
  const structs = structsOf(store)
  return {
    flavour: isTypescript ? 'typescript' : 'python',
    docstore: withRole('docstore'),
    indexStore: withRole('index-store'),
    vectorStore: searchedVectorStore(store),
    vectorsElsewhere: vectorsElsewhere(store, names, structs),
    structs,
  }
}

function isDefault(file: string): boolean {
  return storeFileOf(file)?.namespace === defaultNamespace
}

/** In the order of the index store. Joined in this order: SQLite would rather walk through all entries by their ids. */
function structsOf(store: WorkingStore): IndexStructRow[] {
  return store
    .statement(
      `SELECT index_structs.key, type FROM sections CROSS JOIN index_structs CROSS JOIN entries
         ON entries.section = sections.id AND entries.key = index_structs.key
       WHERE role = 'index-structs' ORDER BY +entries.id`,
    )
    .all() as IndexStructRow[]
}

/** `default__vector_store.json` goes before the `vector_store.json` of older versions, which may have been left behind. */
function searchedVectorStore(store: WorkingStore): VectorStoreRow | null {
  const all = store.vectorStores().toSorted((one, other) => (one.file < other.file ? -1 : 1))
  return all.find(({ file }) => isDefault(file)) ?? all.find(({ rows }) => rows > 0) ?? null
}

function vectorsElsewhere(
  store: WorkingStore,
  names: readonly string[],
  structs: readonly IndexStructRow[],
): FolderLayout['vectorsElsewhere'] {
  if (store.meta(foreignVectorFile) !== null) return 'faiss'
  const hasVectorIndex = structs.some(({ type }) => vectorStructTypes.includes(type))
  return hasVectorIndex && !names.some(isDefault) ? 'external' : null
}

/** The section of a file that has this role; made with Python's name, as all that are missing, when it is not there yet. */
export function ensureSection(store: WorkingStore, file: string, role: SectionRow['role']): SectionRow {
  const existing = store.section(file, role)
  if (existing) return existing
  const fileRole = storeFileOf(file)?.role ?? 'docstore'
  for (const name of sectionsOfNewFile[fileRole] ?? [])
    if (!store.section(file, sectionRoleOf(fileRole, name))) store.addSection(file, name)
  const made = store.section(file, role)
  if (!made) throw new Error(`${file} has no section for ${role}`)
  return made
}
