/** What the two storage workers answer: one writes to the folder, one reads from it. */
import { StackroomError } from '#contract'
import { explainFileError } from '#platform/file-errors.ts'
import type { WorkerCallContext } from '#platform/worker-server.ts'
import type { StackroomSettings } from './stackroom-settings.ts'
import type { StorageChange } from './storage-folder.ts'
import { discardOldVectors, finishReplacement, restoreOldVectors } from './old-vectors.ts'
import {
  addNewVectors,
  beginReplacement,
  textsToEmbed,
  type NewVector,
  type ReplacementTarget,
} from './replace-vectors.ts'
import type { ConflictSide } from './shared-store.ts'
import { StorageReader } from './storage-reader.ts'
import { StorageWriter, type OpenedFolder, type StorageWriterOptions } from './storage-writer.ts'

export type StorageWriterMethods = ReturnType<typeof storageWriterMethods>
export type StorageReaderMethods = ReturnType<typeof storageReaderMethods>

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

export function storageReaderMethods() {
  let reader: StorageReader | undefined
  let path = ''
  function reading<Value>(work: (reader: StorageReader) => Value): Value {
    if (!reader) throw new StackroomError('internal', 'The storage folder is not open.')
    try {
      return work(reader)
    } catch (error) {
      throw explainFileError(error, path)
    }
  }
  return {
    async open(folder: OpenedFolder): Promise<void> {
      await reader?.[Symbol.asyncDispose]()
      path = folder.persistDir
      reader = new StorageReader(folder)
    },
    summary: (_: null) => reading((open) => open.summary()),
    query: (input: { vector: Float32Array; topK: number }) => reading((open) => open.query(input)),
    nodes: (nodeIds: readonly string[]) => reading((open) => open.nodes(nodeIds)),
    sampleNodes: (count: number) => reading((open) => open.sampleNodes(count)),
    nodesOfDocument: (refDocId: string) => reading((open) => open.nodesOfDocument(refDocId)),
    documentHashes: (refDocIds: readonly string[]) => reading((open) => open.documentHashes(refDocIds)),
    manifest: (_: null) => reading((open) => open.manifest()),
    async close(_: null): Promise<void> {
      await reader?.[Symbol.asyncDispose]()
      reader = undefined
    },
  }
}
