/** `update_ref_doc` and `refresh_ref_docs`: documents brought up to date, and only those that changed. */
import type { SourceDocument } from '#engine/schema/node.ts'
import type { DocumentWithVectors, StorageFolder } from './storage-folder.ts'

export interface RefreshOptions {
  readonly signal?: AbortSignal | undefined
}

/** `update_ref_doc` of each: what there was of the document is deleted from every store, then it is inserted anew. */
export function updateRefDocs(
  storage: Pick<StorageFolder, 'change' | 'documentHashes'>,
  documents: readonly DocumentWithVectors[],
  { signal }: RefreshOptions = {},
): Promise<void> {
  const change = { deleteRefDocIds: documents.map(({ document }) => document.id), insert: documents }
  return storage.change(change, signal ? { signal } : {})
}

/**
 * `refresh_ref_docs`: documents that are not in the docstore, or whose hash is another, are updated. Says of each whether it
 * was, as Python does. `prepare` cuts and embeds what needs it, and is not called when nothing does. Unlike in Python, a
 * document that has nodes but no hash is replaced, not inserted a second time.
 */
export async function refreshRefDocs(
  storage: Pick<StorageFolder, 'change' | 'documentHashes'>,
  documents: readonly SourceDocument[],
  prepare: (changed: readonly SourceDocument[]) => Promise<readonly DocumentWithVectors[]>,
  options: RefreshOptions = {},
): Promise<boolean[]> {
  const stored = await storage.documentHashes(documents.map(({ id }) => id))
  const hashes = new Map(documents.map(({ id }, index) => [id, stored[index] ?? null]))
  // Of a document that is given twice the last one stays, as if one came after the other.
  const changed = new Map<string, SourceDocument>()
  const refreshed = documents.map((document) => {
    if (hashes.get(document.id) === document.hash) return false
    hashes.set(document.id, document.hash)
    changed.delete(document.id)
    changed.set(document.id, document)
    return true
  })
  if (changed.size > 0) await updateRefDocs(storage, await prepare([...changed.values()]), options)
  return refreshed
}
