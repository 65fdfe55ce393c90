/** What the storage worker that reads from a folder answers. */
import { StackroomError } from '#contract'
import { explainStoreError } from './damaged-store.ts'
import type { FileReportQuery } from './file-report.ts'
import type { ManifestQuery } from './source-manifest.ts'
import { StorageReader } from './storage-reader.ts'
import type { EntryQuery, NodeQuery } from './storage-folder.ts'
import type { OpenedFolder } from './storage-writer.ts'

export type StorageReaderMethods = ReturnType<typeof storageReaderMethods>

export function storageReaderMethods() {
  let reader: StorageReader | undefined
  let opened: OpenedFolder | undefined
  function reading<Value>(work: (reader: StorageReader) => Value): Value {
    if (!reader || !opened) throw new StackroomError('internal', 'The storage folder is not open.')
    try {
      return work(reader)
    } catch (error) {
      throw explainStoreError(error, opened.persistDir, opened.workingFolder)
    }
  }
  return {
    async open(folder: OpenedFolder): Promise<void> {
      await reader?.[Symbol.asyncDispose]()
      opened = folder
      try {
        reader = new StorageReader(folder)
      } catch (error) {
        throw explainStoreError(error, folder.persistDir, folder.workingFolder)
      }
    },
    summary: (_: null) => reading((open) => open.summary()),
    query: (input: NodeQuery) => reading((open) => open.query(input)),
    entries: (query: EntryQuery) => reading((open) => open.entries(query)),
    nodes: (nodeIds: readonly string[]) => reading((open) => open.nodes(nodeIds)),
    sampleNodes: (count: number) => reading((open) => open.sampleNodes(count)),
    nodesOfDocument: (refDocId: string) => reading((open) => open.nodesOfDocument(refDocId)),
    documentHashes: (refDocIds: readonly string[]) => reading((open) => open.documentHashes(refDocIds)),
    manifest: (_: null) => reading((open) => open.manifest()),
    manifestPage: (query: ManifestQuery) => reading((open) => open.manifestPage(query)),
    manifestLooks: (query: ManifestQuery) => reading((open) => open.manifestLooks(query)),
    manifestEntries: (paths: readonly string[]) => reading((open) => open.manifestEntries(paths)),
    countFiles: (under: readonly string[]) => reading((open) => open.countFiles(under)),
    withContent: (contentHashes: readonly string[]) => reading((open) => open.withContent(contentHashes)),
    copyable: (refDocIds: readonly string[]) => reading((open) => open.copyable(refDocIds)),
    report: (query: FileReportQuery) => reading((open) => open.report(query)),
    unfinished: (_: null) => reading((open) => open.unfinished()),
    async close(_: null): Promise<void> {
      await reader?.[Symbol.asyncDispose]()
      reader = undefined
    },
  }
}
