/** Takes documents out of an index, as `delete_ref_doc` does it. */
import type { Removal } from '#contract'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'

export interface RemoveDocumentsOptions {
  readonly refDocIds: readonly string[]
  /** As `delete_from_docstore=False`: the vectors and the index forget them, the docstore keeps them. */
  readonly keepInDocstore: boolean
  readonly signal?: AbortSignal | undefined
}

/** Ids that are not there are passed over and named. Throws `read-only`, `locked`, `both-sides-changed`, `disk-full`. */
export async function removeDocuments(
  storage: StorageFolder,
  { refDocIds, keepInDocstore, signal }: RemoveDocumentsOptions,
): Promise<Removal> {
  const removed: string[] = []
  const unknown: string[] = []
  for (const id of new Set(refDocIds)) {
    const list = (await isThere(storage, id)) ? removed : unknown
    list.push(id)
  }
  if (removed.length > 0) {
    const gone = new Set(removed)
    // A file whose documents were removed is not passed over as unchanged when it is indexed again.
    const forgetSources = (await storage.manifest())
      .filter((entry) => entry.refDocIds.some((id) => gone.has(id)))
      .map(({ path }) => path)
    const ids = keepInDocstore ? { deleteFromIndexOnly: removed } : { deleteRefDocIds: removed }
    await storage.change({ ...ids, forgetSources }, signal ? { signal } : {})
    await storage.persist(signal ? { signal } : {})
  }
  return { removed, unknown }
}

async function isThere(storage: StorageFolder, refDocId: string): Promise<boolean> {
  const [hash] = await storage.documentHashes([refDocId])
  return typeof hash === 'string' || (await storage.nodesOfDocument(refDocId)).length > 0
}
