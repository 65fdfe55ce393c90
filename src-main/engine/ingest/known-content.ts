/**
 * Files whose content was indexed before, under the same or another path: their nodes and vectors are taken over, and no
 * model is asked.
 */
import type { ManifestEntry, StorageFolder } from '#engine/storage/storage-folder.ts'
import type { ReadFile } from './embed-and-commit.ts'
import { isReadAlike } from './read-by.ts'

/** Where a file's nodes are. */
export interface KnownContent {
  readonly entry: ManifestEntry
  /** The file that they were of is gone: it was moved. Else there are two of the same content now. */
  readonly isMoved: boolean
}

export interface SortedBatch {
  readonly toEmbed: readonly ReadFile[]
  readonly toCopy: readonly { readonly read: ReadFile; readonly from: KnownContent }[]
  /** Their content is that of another file of this batch: it is known when that one was committed. */
  readonly later: readonly ReadFile[]
}

/** @param gone files that are not there any more; those that are found again are taken out */
export async function sortByContent(
  batch: readonly ReadFile[],
  storage: Pick<StorageFolder, 'ingestion'>,
  gone: Map<string, ManifestEntry>,
): Promise<SortedBatch> {
  const withDocuments = batch.filter(({ parsed }) => parsed.documents !== null)
  const known = await storage.ingestion.withContent([
    ...new Set(withDocuments.map(({ parsed }) => parsed.contentHash)),
  ])
  const found = new Map<string, ManifestEntry[]>()
  for (const entry of known) {
    const entries = found.get(entry.contentHash)
    if (entries) entries.push(entry)
    else found.set(entry.contentHash, [entry])
  }
  const toEmbed: ReadFile[] = []
  const toCopy: { read: ReadFile; from: KnownContent }[] = []
  const later: ReadFile[] = []
  const own = new Set<string>()
  for (const read of batch) {
    const { contentHash, documents } = read.parsed
    if (documents === null) {
      toEmbed.push(read)
      continue
    }
    const fitting = (found.get(contentHash) ?? []).filter((entry) => fits(entry, read))
    const moved = fitting.find(({ path }) => gone.has(path))
    const entry = moved ?? fitting[0]
    const key = `${contentHash} ${read.file.readBy}`
    if (entry && (await isCopyable(storage, entry))) {
      gone.delete(entry.path)
      toCopy.push({ read, from: { entry, isMoved: moved !== undefined } })
    } else if (own.has(key)) later.push(read)
    else {
      own.add(key)
      toEmbed.push(read)
    }
  }
  return { toEmbed, toCopy, later }
}

/** The same reader and node parser made as many documents of it. */
function fits(entry: ManifestEntry, { file, parsed }: ReadFile): boolean {
  return (
    entry.path !== file.path &&
    isReadAlike(entry.readBy, file.readBy) &&
    entry.refDocIds.length === parsed.documents?.ids.length
  )
}

async function isCopyable(
  { ingestion }: Pick<StorageFolder, 'ingestion'>,
  { refDocIds }: ManifestEntry,
): Promise<boolean> {
  return (await ingestion.copyable(refDocIds)).every(Boolean)
}
