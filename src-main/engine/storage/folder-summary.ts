/** What is in a storage folder: counts, files, indexes, and sentences about what is odd. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { countDocuments } from './document-nodes.ts'
import { countMissing } from './file-report.ts'
import { looksChanged } from './file-state.ts'
import { layoutOf, type FolderLayout } from './folder-layout.ts'
import { forgettingStructTypes, nodesNamedBy, vectorStructTypes } from './llamaindex/index-struct.ts'
import { originalKey, storedKey } from './llamaindex/python-json.ts'
import { storeFileOf, storeFilesIn } from './llamaindex/store-files.ts'
import { settingsOfReplacement } from './old-vectors.ts'
import { safetyWarnings } from './safety-warnings.ts'
import { namedByVectorIndexes } from './settle-import.ts'
import { readSettings, settingsFile } from './stackroom-settings-file.ts'
import type { StorageSummary } from './storage-folder.ts'
import type { OpenedFolder } from './storage-writer.ts'
import type { SectionRow, WorkingStore } from './working-store.ts'

/** Larger structs are not looked through for a summary; `verify` does it. */
const largestStruct = 16 * 1024 * 1024

export function summaryOf(store: WorkingStore, folder: OpenedFolder): StorageSummary {
  const { persistDir, kind, readOnly, vectorsElsewhere } = folder
  const layout = layoutOf(store)
  const nodes = store.count(sectionOf(store, 'nodes')?.id)
  const vectors = searchedVectors(store, layout)
  return {
    kind,
    documents: countDocuments(store),
    nodes,
    vectors,
    dimensions: layout.vectorStore?.dimensions ?? null,
    store: layout.vectorsElsewhere ?? (nodes > 0 && !layout.vectorStore ? 'external' : 'simple'),
    readOnly: readOnly !== null || layout.flavour === 'typescript',
    persisted: store.isPersisted,
    conflict: store.meta('conflict') !== null,
    changedOutside:
      existsSync(persistDir) && store.meta('conflict') === null && looksChanged(store, persistDir),
    settings: settingsOfReplacement(store) ?? (existsSync(persistDir) ? readSettings(persistDir) : null),
    missingFiles: countMissing(store),
    files: filesOf(store, persistDir),
    indexes: layout.structs.map(({ key, type }) => ({ id: key, type })),
    vectorStores: store.vectorStores().map(({ id, file, dimensions }) => ({
      namespace: storeFileOf(file)?.namespace ?? file,
      vectors: store.countVectors(id),
      dimensions,
    })),
    warnings: [
      ...(readOnly ? [readOnly.message] : []),
      ...safetyWarnings(store, folder),
      ...(vectorsElsewhere ? [] : vectorWarnings(store, layout, nodes, vectors)),
      ...indexWarnings(store, layout),
    ],
  }
}

function sectionOf(store: WorkingStore, role: SectionRow['role']): SectionRow | undefined {
  return store.sections().find((section) => section.role === role)
}

function searchedVectors(store: WorkingStore, { vectorStore }: FolderLayout): number {
  return vectorStore ? vectorStore.rows - store.countMasked(vectorStore.id) : 0
}

function filesOf(store: WorkingStore, persistDir: string): StorageSummary['files'] {
  const present = existsSync(persistDir) ? storeFilesIn(persistDir).map(({ name }) => name) : []
  const known = store.statement('SELECT name FROM files').pluck().all() as string[]
  const missing = known.filter((name) => !present.includes(name))
  return [...present, ...missing, settingsFile].flatMap((name): StorageSummary['files'][number][] => {
    const path = join(persistDir, name)
    // Not there is also what is at the end of a link to nowhere.
    if (existsSync(path)) return [{ name, bytes: statSync(path).size, state: 'ok' }]
    return name === settingsFile ? [] : [{ name, bytes: 0, state: 'missing' }]
  })
}

function vectorWarnings(store: WorkingStore, layout: FolderLayout, nodes: number, vectors: number): string[] {
  const warnings: string[] = []
  if (layout.flavour === 'typescript')
    warnings.push('LlamaIndexTS wrote this folder: it can be searched, but not changed.')
  const types = layout.structs.map(({ type }) => type)
  if (layout.vectorsElsewhere === 'faiss')
    warnings.push('The folder has no vectors that Stackroom can read: they are in a FAISS index.')
  else if (layout.vectorsElsewhere === 'external' || (nodes > 0 && !layout.vectorStore))
    warnings.push(
      'The folder has no vectors: they are in another vector store, or default__vector_store.json is missing.',
    )
  else if (types.length > 0 && !types.some(isVectorType))
    warnings.push(
      vectors === 0
        ? 'The folder has no vector index, so that there are no vectors to search.'
        : `The folder has no vector index: what is searched are the vectors of its ${types.join(', ')} index.`,
    )
  else if (nodes > 0 && vectors === 0)
    warnings.push('The folder has no vectors: its nodes can be read, but not searched.')
  else {
    // What is searched has a node: where there are as many of the one as of the other, nothing needs to be looked up.
    const without = nodes === vectors ? 0 : nodesWithoutVector(store, layout)
    if (without > 0) warnings.push(`${without} of ${nodes} nodes have no vector that can be searched.`)
  }
  return warnings
}

function isVectorType(type: string): boolean {
  return vectorStructTypes.includes(type)
}

/** Whole documents and nodes of other indexes may stand in the docstore, too: what no vector index names needs no vector. */
function nodesWithoutVector(store: WorkingStore, { vectorStore }: FolderLayout): number {
  const nodes = sectionOf(store, 'nodes')
  if (!nodes || !vectorStore) return 0
  const keys = store
    .statement(
      `SELECT key FROM entries WHERE section = ? AND NOT EXISTS (
         SELECT 1 FROM vectors LEFT JOIN masked USING (store, row)
         WHERE store = ? AND node_id = entries.key AND masked.row IS NULL)`,
    )
    .pluck()
    .all(nodes.id, vectorStore.id) as string[]
  const named = keys.length > 0 ? namedByVectorIndexes(store) : null
  const documents = sectionOf(store, 'ref-doc-info')
  const isNode = (key: string): boolean =>
    named ? named.has(originalKey(key)) : !documents || !store.has(documents.id, key)
  return keys.filter(isNode).length
}

function indexWarnings(store: WorkingStore, { structs }: FolderLayout): string[] {
  const warnings: string[] = []
  const vectorIndexes = structs.filter(({ type }) => isVectorType(type))
  const [first] = vectorIndexes
  if (first && vectorIndexes.length > 1)
    warnings.push(
      `The folder has ${vectorIndexes.length} vector indexes: new documents go into ${first.key}.`,
    )
  const others = structs.filter(({ type }) => !isVectorType(type))
  if (first && others.length > 0)
    warnings.push(
      `The folder also has indexes that Stackroom keeps but does not search: ${others.map(({ type }) => type).join(', ')}.`,
    )
  const section = sectionOf(store, 'index-structs')
  const nodes = sectionOf(store, 'nodes')
  for (const { key, type } of others) {
    if (forgettingStructTypes.includes(type) || !section || !nodes) continue
    const value = store.bytes(section.id, key)
    if (!value || value.length > largestStruct) continue
    const named = [...(nodesNamedBy(type, value) ?? [])]
    const missing = named.filter((nodeId) => !store.has(nodes.id, storedKey(nodeId))).length
    if (missing > 0)
      warnings.push(
        `${missing} of ${named.length} nodes of the ${type} index ${key} were deleted: LlamaIndex has to build it anew.`,
      )
  }
  return warnings
}
