/** What the storage worker that writes to a folder answers. */
import { StackroomError } from '#contract'
import type { WorkerCallContext } from '#platform/worker-server.ts'
import type { StackroomSettings } from './stackroom-settings.ts'
import type { StorageChange } from './storage-folder.ts'
import { beginReport, finishReport, type ReportBeginning } from './file-report.ts'
import { forgetNodeChanges } from './node-changes.ts'
import { discardOldVectors, finishReplacement, restoreOldVectors } from './old-vectors.ts'
import {
  addNewVectors,
  beginReplacement,
  textsToEmbed,
  type NewVector,
  type ReplacementTarget,
} from './replace-vectors.ts'
import type { ConflictSide } from './shared-store.ts'
import { unfinishedKey } from './source-tables.ts'
import { StorageWriter, type OpenedFolder, type StorageWriterOptions } from './storage-writer.ts'

export type StorageWriterMethods = ReturnType<typeof storageWriterMethods>

export function storageWriterMethods() {
  let writer: StorageWriter | undefined
  function opened(): StorageWriter {
    if (!writer) throw new StackroomError('internal', 'The storage folder is not open.')
    return writer
  }
  return {
    async open(options: StorageWriterOptions, { signal }: WorkerCallContext): Promise<OpenedFolder> {
      writer = await StorageWriter.open(options, signal)
      return writer.opened
    },
    change: (change: StorageChange) => opened().change(change),
    writeSettings: (settings: StackroomSettings) => opened().writeSettings(settings),
    beginReplacement: (target: ReplacementTarget, { signal }: WorkerCallContext) =>
      opened().work(({ store, workingFolder }) => beginReplacement(store, workingFolder, target, signal)),
    textsToEmbed: ({ page, limit }: { page: number; limit: number }) =>
      opened().work(({ store }) => textsToEmbed(store, page, limit)),
    addNewVectors: (vectors: readonly NewVector[]) =>
      opened().work(({ store, workingFolder }) => addNewVectors(store, workingFolder, vectors)),
    finishReplacement: (settings: StackroomSettings) =>
      opened().work((folder) => finishReplacement(folder, settings)),
    oldVectors: (_: null) => opened().oldVectors(),
    discardOldVectors: (_: null) => opened().work(({ workingFolder }) => discardOldVectors(workingFolder)),
    restoreOldVectors: (_: null, { signal }: WorkerCallContext) =>
      opened().work((folder) => restoreOldVectors(folder, signal)),
    beginReport: (beginning: ReportBeginning) => opened().work(({ store }) => beginReport(store, beginning)),
    finishReport: (finishedAt: string) => opened().work(({ store }) => finishReport(store, finishedAt)),
    noteUnfinished: (text: string | null) => opened().work(({ store }) => store.setMeta(unfinishedKey, text)),
    pendingStoreChanges: (_: null) => opened().pendingStoreChanges(),
    settleStoreChanges: (last: number) => opened().settleStoreChanges(last),
    forgetNodeChanges: (until: number) =>
      opened().work(({ store }) => forgetNodeChanges(store.database, until)),
    bringIn: (_: null, { signal }: WorkerCallContext) => opened().bringIn(signal),
    persist: (_: null, { signal }: WorkerCallContext) => opened().persist(signal),
    resolveConflict: (keep: ConflictSide, { signal }: WorkerCallContext) =>
      opened().resolveConflict(keep, signal),
    async close(_: null): Promise<void> {
      await writer?.close()
      writer = undefined
    },
  }
}
