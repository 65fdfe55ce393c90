/** What LlamaIndex's insert and delete_ref_doc do to each store, done in one transaction of the working store. */
import { StackroomError } from '#contract'
import { unpackDocuments } from '#engine/schema/packed-documents.ts'
import type { ChangeWork } from './change-work.ts'
import { copyDocument } from './copy-document.ts'
import { deleteNodes } from './delete-nodes.ts'
import { deleteRefDoc } from './delete-ref-doc.ts'
import { writeReport } from './file-report.ts'
import { layoutOf, type FolderLayout } from './folder-layout.ts'
import { DocumentInsertion } from './insert-document.ts'
import { vectorStructTypes } from './llamaindex/index-struct.ts'
import { removeFromManifest, writeManifest } from './source-manifest.ts'
import type { DocumentCopy, DocumentWithVectors, PackedWithVectors, StorageChange } from './storage-folder.ts'
import { StoreChanges } from './store-changes.ts'
import { StructNotes } from './struct-notes.ts'
import type { VectorStores } from './vector-stores.ts'
import type { WorkingStore } from './working-store.ts'

/** Throws `dimension-mismatch`, `invalid-vector`, `missing-file`, `unsupported-format`; then nothing was done. */
export function applyChange(
  store: WorkingStore,
  vectors: VectorStores,
  change: StorageChange,
  vectorsElsewhere: boolean,
): void {
  const layout = layoutOf(store)
  const { deleteFromIndexOnly = [], copy = [], deleteVectors = [], deleteNodes: deletedNodes = [] } = change
  const moved = copy.flatMap(({ from, keepNodeIds }) => (keepNodeIds ? [from] : []))
  const deleteRefDocIds = [...(change.deleteRefDocIds ?? []), ...moved]
  const insertions = (change.insert?.length ?? 0) + (change.insertPacked?.length ?? 0) + copy.length
  if (insertions > 0) requireVectorIndex(layout)
  const deletions = [deleteRefDocIds, deleteFromIndexOnly, deleteVectors, deletedNodes].flat().length
  if (insertions + deletions > 0 && !vectorsElsewhere) requireChangeable(layout, store)
  try {
    store.database.transaction(() => {
      const structs = new StructNotes(store, layout)
      const storeChanges = vectorsElsewhere ? new StoreChanges(store) : null
      const work: ChangeWork = { store, vectors, layout, structs, storeChanges }
      // A document that is copied may be replaced or moved in the same change.
      const insert = [
        ...copy.map((document) => copied(store, vectors, document)),
        ...(change.insert ?? []),
        ...(change.insertPacked ?? []).flatMap(unpacked),
      ]
      let isChanged = insert.length > 0
      for (const refDocId of deleteRefDocIds) isChanged = deleteRefDoc(work, refDocId, true) || isChanged
      for (const refDocId of deleteFromIndexOnly) isChanged = deleteRefDoc(work, refDocId, false) || isChanged
      isChanged = deleteNodes(work, deleteVectors, false) || isChanged
      isChanged = deleteNodes(work, deletedNodes, true) || isChanged
      if (insert.length > 0) {
        const insertion = new DocumentInsertion(work)
        for (const document of insert) insertion.insert(document)
      }
      for (const entry of change.manifest ?? []) writeManifest(store, entry)
      for (const path of change.forgetSources ?? []) removeFromManifest(store, path)
      writeReport(store, change.report ?? [])
      if (isChanged) store.noteUnpersisted()
      vectors.flush()
    })()
  } catch (error) {
    store.forgetSections()
    vectors.forget()
    throw error
  }
}

function unpacked({ documents, vectors }: PackedWithVectors): DocumentWithVectors[] {
  let next = 0
  return unpackDocuments(documents).map((document) => {
    const own = vectors.slice(next, next + document.nodes.length)
    next += own.length
    return { ...document, vectors: own }
  })
}

function copied(store: WorkingStore, vectors: VectorStores, copy: DocumentCopy): DocumentWithVectors {
  const document = copyDocument(store, vectors, copy)
  if (document) return document
  throw new StackroomError('not-found', `The document ${copy.from} is not there as it was any more.`, {
    hint: 'Another program changed the folder meanwhile. Try again.',
  })
}

/** With a second index beside the user's own, their program could not tell any more which one to load. */
function requireVectorIndex({ structs }: FolderLayout): void {
  if (structs.length === 0 || structs.some(({ type }) => vectorStructTypes.includes(type))) return
  const types = structs.map(({ type }) => type).join(', ')
  throw new StackroomError(
    'unsupported-format',
    `This folder has no vector index to insert into, but: ${types}.`,
    {
      hint: 'Index the documents into a new folder.',
    },
  )
}

function requireChangeable(layout: FolderLayout, store: WorkingStore): void {
  if (layout.flavour === 'typescript')
    throw new StackroomError(
      'unsupported-format',
      'LlamaIndexTS wrote this folder: it can be searched, but not changed.',
      { hint: 'Index the documents into a new folder.' },
    )
  const nodes = layout.docstore ? store.section(layout.docstore, 'nodes') : undefined
  const hasNodesWithoutStore = !layout.vectorStore && store.count(nodes?.id) > 0
  if (layout.vectorsElsewhere === null && !hasNodesWithoutStore) return
  throw new StackroomError('missing-file', 'The vectors of this folder are not in it.', {
    hint: 'They are in another vector store, which would not learn of the change. Index the documents into a new folder.',
  })
}
