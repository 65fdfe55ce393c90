/** The files that `StorageContext.persist` writes, told by their names, and what each section in them is. */
import { readdirSync } from 'node:fs'

export type StoreRole = 'docstore' | 'index-store' | 'vector-store' | 'graph-store' | 'property-graph-store'

export interface StoreFile {
  readonly name: string
  readonly role: StoreRole
  /** Of a vector store: `default`, `image`, or what its owner chose. */
  readonly namespace: string | null
}

export const defaultNamespace = 'default'

const byName: Readonly<Record<string, StoreRole>> = {
  'docstore.json': 'docstore',
  /** LlamaIndexTS. */
  'doc_store.json': 'docstore',
  'index_store.json': 'index-store',
  'graph_store.json': 'graph-store',
  'property_graph_store.json': 'property-graph-store',
}

/** Null for a file that is none of LlamaIndex's: such files are never touched. */
export function storeFileOf(name: string): StoreFile | null {
  const role = Object.hasOwn(byName, name) ? byName[name] : undefined
  if (role) return { name, role, namespace: null }
  // Before namespaces, and in LlamaIndexTS.
  if (name === 'vector_store.json') return { name, role: 'vector-store', namespace: defaultNamespace }
  const ending = '__vector_store.json'
  if (name.endsWith(ending) && name.length > ending.length)
    return { name, role: 'vector-store', namespace: name.slice(0, -ending.length) }
  return null
}

/** The store files that are in a folder, in a steady order; with an ending, those that have it behind their name. */
export function storeFilesIn(folder: string, ending = ''): StoreFile[] {
  return readdirSync(folder)
    .sort()
    .flatMap(
      (name) => (name.endsWith(ending) && storeFileOf(name.slice(0, name.length - ending.length))) || [],
    )
}

/** What of a folder is brought into the working store; graph stores are told of, and left alone. */
export function isImported({ role }: StoreFile): boolean {
  return role === 'docstore' || role === 'index-store' || role === 'vector-store'
}

export type SectionRole =
  | 'nodes'
  | 'node-metadata'
  | 'ref-doc-info'
  | 'index-structs'
  | 'embeddings'
  | 'ref-doc-ids'
  | 'vector-metadata'
  | 'other'

const vectorSections: Readonly<Record<string, SectionRole>> = {
  embedding_dict: 'embeddings',
  text_id_to_ref_doc_id: 'ref-doc-ids',
  /** Before 0.6.20. */
  text_id_to_doc_id: 'ref-doc-ids',
  metadata_dict: 'vector-metadata',
  embeddingDict: 'embeddings',
  textIdToRefDocId: 'ref-doc-ids',
  metadataDict: 'vector-metadata',
}

/** Docstores and index stores may have a namespace of their own before the slash. */
export function sectionRoleOf(file: StoreRole, name: string): SectionRole {
  if (file === 'vector-store') return (Object.hasOwn(vectorSections, name) && vectorSections[name]) || 'other'
  const suffix = name.slice(name.lastIndexOf('/') + 1)
  if (file === 'index-store') return suffix === 'data' ? 'index-structs' : 'other'
  if (file !== 'docstore') return 'other'
  if (suffix === 'data') return 'nodes'
  if (suffix === 'metadata') return 'node-metadata'
  return suffix === 'ref_doc_info' ? 'ref-doc-info' : 'other'
}

/** The sections that Python writes, in its order. */
export const sectionsOfNewFile: Readonly<Record<string, readonly string[]>> = {
  docstore: ['docstore/metadata', 'docstore/ref_doc_info', 'docstore/data'],
  'index-store': ['index_store/data'],
  'vector-store': ['embedding_dict', 'text_id_to_ref_doc_id', 'metadata_dict'],
}
