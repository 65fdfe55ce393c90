/** What a working store that is made anew takes over from the one before it: what is known of source files and of runs over them. */
import { isUnreadable } from './damaged-store.ts'
import { keepReport } from './file-report.ts'
import { storedKey } from './llamaindex/python-json.ts'
import { readManifest, writeManifest } from './source-manifest.ts'
import { unfinishedKey } from './source-tables.ts'
import { WorkingStore } from './working-store.ts'

/** A file's entry stays as long as every document made of it is still there, and with it what the report says of the file. */
export function keepSourceRecords(store: WorkingStore, previousPath: string): void {
  let previous: WorkingStore
  try {
    previous = new WorkingStore(previousPath, 'read')
  } catch {
    // None yet, or one that cannot be read: then every source file is read again.
    return
  }
  try {
    store.setMeta(unfinishedKey, previous.meta(unfinishedKey))
    const documents = store.sections().find(({ role }) => role === 'ref-doc-info')
    for (const entry of readManifest(previous)) {
      if (documents && entry.refDocIds.every((id) => store.has(documents.id, storedKey(id))))
        writeManifest(store, entry)
    }
    keepReport(store, previous)
  } catch (error) {
    if (!isUnreadable(error)) throw error
  } finally {
    previous[Symbol.dispose]()
  }
}
