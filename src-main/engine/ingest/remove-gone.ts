/** What becomes of files that are gone when a run is through: their documents leave the index, or stay and wait. */
import type { ManifestEntry, StorageFolder } from '#engine/storage/storage-folder.ts'
import type { RunReport } from './run-report.ts'

/** Files of one change. */
const filesAtOnce = 500

export interface RemoveGoneOptions {
  readonly storage: Pick<StorageFolder, 'change'>
  readonly gone: ReadonlyMap<string, ManifestEntry>
  readonly keep: boolean
  readonly report: RunReport
  readonly signal: AbortSignal | undefined
}

export async function removeGone(options: RemoveGoneOptions): Promise<void> {
  const { storage, gone, keep, report, signal } = options
  const entries = [...gone.values()]
  for (let start = 0; start < entries.length; start += filesAtOnce) {
    signal?.throwIfAborted()
    const deleteRefDocIds: string[] = []
    const forgetSources: string[] = []
    for (const { path, refDocIds } of entries.slice(start, start + filesAtOnce)) {
      // Nothing was ever made of it: there is nobody to ask.
      if (refDocIds.length === 0) forgetSources.push(path)
      else if (keep) report.add(path, 'missing')
      else {
        deleteRefDocIds.push(...refDocIds)
        forgetSources.push(path)
        report.add(path, 'removed')
      }
    }
    await storage.change({ deleteRefDocIds, forgetSources, ...report.take() })
  }
}
