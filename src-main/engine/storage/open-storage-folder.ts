/** Opens and creates persist dirs: the main process's side of the storage workers, two for each open folder. */
import { WorkerClient } from '#platform/worker-client.ts'
import { FolderKeywords } from './folder-keywords.ts'
import type { StackroomSettings } from './stackroom-settings.ts'
import type { PendingStoreChanges } from './store-changes.ts'
import type { StorageReaderMethods } from './storage-reader-methods.ts'
import type { StorageWriterMethods } from './storage-writer-methods.ts'
import type { OpenedFolder } from './storage-writer.ts'
import type { StorageFolder, StorageSummary } from './storage-folder.ts'

/** What they hold for long is outside of V8's heap: a large nursery would only be room that is never used. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 }

export interface OpenStorageFolderOptions {
  readonly persistDir: string
  /** Stackroom's data folder: where the working store of a read-only folder goes. */
  readonly dataFolder: string
  readonly signal?: AbortSignal | undefined
  /** Whether another store has the vectors: whoever opens the folder brings it what changed. Default: false. */
  readonly vectorsElsewhere?: boolean | undefined
}

/** Of a folder whose vectors are in another store. */
export interface StoreChangesOf {
  /** What that store has to learn; null: nothing. */
  pending(): Promise<PendingStoreChanges | null>
  /** It has learnt all up to `last`. */
  settle(last: number): Promise<void>
}

export interface OpenedStorageFolder extends StorageFolder {
  readonly storeChanges: StoreChangesOf
}

/**
 * Opens a persist dir that exists, bringing in what another program changed since last time. Throws `path-missing`,
 * `not-a-storage-folder`, `missing-file`, `damaged-file`, `locked`.
 */
export function openStorageFolder(options: OpenStorageFolderOptions): Promise<OpenedStorageFolder> {
  return start(options, null)
}

/** Makes a new, empty index in a folder that is new or empty. Throws `not-a-storage-folder` when it is neither. */
export function createStorageFolder(
  options: OpenStorageFolderOptions & { readonly settings: StackroomSettings },
): Promise<OpenedStorageFolder> {
  return start(options, options.settings)
}

async function start(
  { persistDir, dataFolder, signal, vectorsElsewhere = false }: OpenStorageFolderOptions,
  settings: StackroomSettings | null,
): Promise<OpenedStorageFolder> {
  signal?.throwIfAborted()
  const writer = new WorkerClient<StorageWriterMethods>('storage-writer', { resourceLimits })
  // Started at once, as starting takes as long as opening.
  const reader = new WorkerClient<StorageReaderMethods>('storage-reader', { resourceLimits })
  let opened: OpenedFolder
  try {
    opened = await writer.call('open', { persistDir, dataFolder, settings, vectorsElsewhere }, { signal })
    await reader.call('open', opened, { signal })
  } catch (error) {
    await writer.call('close', null).catch(() => undefined)
    await Promise.all([writer.close(), reader.close()])
    throw error
  }
  const keywords = new FolderKeywords({
    opened,
    forget: (taken) => writer.call('forgetNodeChanges', taken),
  })
  let isBringingIn = false
  /** Nobody waits for it. What keeps it from being done is thrown by the next change or persist. */
  const bringIn = (): void => {
    if (isBringingIn) return
    isBringingIn = true
    const done = (): void => {
      isBringingIn = false
    }
    writer.call('bringIn', null).then(done, done)
  }
  const close = async (): Promise<void> => {
    try {
      await keywords.close()
      await reader.call('close', null)
      await writer.call('close', null)
    } finally {
      await Promise.all([writer.close(), reader.close()])
    }
  }
  const summary = async (): Promise<StorageSummary> => {
    const read = await reader.call('summary', null)
    if (read.changedOutside) bringIn()
    return read
  }
  return {
    persistDir,
    summary,
    fileState: summary,
    query: (vector, topK, { signal: querySignal, ...choice } = {}) =>
      reader.call('query', { vector, topK, ...choice }, { signal: querySignal }),
    entries: (query, options) => reader.call('entries', query, options),
    nodes: (nodeIds) => reader.call('nodes', nodeIds),
    nodesOfDocument: (refDocId) => reader.call('nodesOfDocument', refDocId),
    sampleNodes: (count) => reader.call('sampleNodes', count),
    keywords,
    replacement: {
      begin: (target, options) => writer.call('beginReplacement', target, options),
      texts: (page, limit) => writer.call('textsToEmbed', { page, limit }),
      add: (vectors) => writer.call('addNewVectors', vectors),
      finish: (newSettings) => writer.call('finishReplacement', newSettings),
      oldVectors: () => writer.call('oldVectors', null),
      discardOld: () => writer.call('discardOldVectors', null),
      restoreOld: async (options) => {
        await writer.call('persist', null, options)
        await writer.call('restoreOldVectors', null, options)
      },
    },
    ingestion: {
      manifestPage: (query) => reader.call('manifestPage', query),
      manifestLooks: (query) => reader.call('manifestLooks', query),
      manifestEntries: (paths) => reader.call('manifestEntries', paths),
      countFiles: (under) => reader.call('countFiles', under),
      withContent: (contentHashes) => reader.call('withContent', contentHashes),
      copyable: (refDocIds) => reader.call('copyable', refDocIds),
      beginReport: (beginning) => writer.call('beginReport', beginning),
      finishReport: (finishedAt) => writer.call('finishReport', finishedAt),
      report: (query) => reader.call('report', query),
      unfinished: () => reader.call('unfinished', null),
      noteUnfinished: (text) => writer.call('noteUnfinished', text),
    },
    storeChanges: {
      pending: () => writer.call('pendingStoreChanges', null),
      settle: (last) => writer.call('settleStoreChanges', last),
    },
    documentHashes: (refDocIds) => reader.call('documentHashes', refDocIds),
    change: (change, options) =>
      writer.call('change', change, {
        ...options,
        transfer: change.insertPacked?.map(({ documents }) => documents.bytes.buffer) ?? [],
      }),
    manifest: () => reader.call('manifest', null),
    writeSettings: (newSettings) => writer.call('writeSettings', newSettings),
    persist: (options) => writer.call('persist', null, options),
    resolveConflict: async (keep, options) => ({
      backup: await writer.call('resolveConflict', keep, options),
    }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
