/** Opens and creates persist dirs: the main process's side of the storage workers, two for each open folder. */
import { WorkerClient } from '#platform/worker-client.ts'
import type { StackroomSettings } from './stackroom-settings.ts'
import type { StorageReaderMethods } from './storage-reader-methods.ts'
import type { StorageWriterMethods } from './storage-writer-methods.ts'
import type { StorageFolder } from './storage-folder.ts'

/** What they hold for long is outside of V8's heap: a large nursery would only be room that is never used. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 }

export interface OpenStorageFolderOptions {
  readonly persistDir: string
  /** Stackroom's data folder: where the working store of a read-only folder goes. */
  readonly dataFolder: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens a persist dir that exists, bringing in what another program changed since last time. Throws `path-missing`,
 * `not-a-storage-folder`, `missing-file`, `damaged-file`, `locked`.
 */
export function openStorageFolder(options: OpenStorageFolderOptions): Promise<StorageFolder> {
  return start(options, null)
}

/** Makes a new, empty index in a folder that is new or empty. Throws `not-a-storage-folder` when it is neither. */
export function createStorageFolder(
  options: OpenStorageFolderOptions & { readonly settings: StackroomSettings },
): Promise<StorageFolder> {
  return start(options, options.settings)
}

async function start(
  { persistDir, dataFolder, signal }: OpenStorageFolderOptions,
  settings: StackroomSettings | null,
): Promise<StorageFolder> {
  signal?.throwIfAborted()
  const writer = new WorkerClient<StorageWriterMethods>('storage-writer', { resourceLimits })
  // Started at once, as starting takes as long as opening.
  const reader = new WorkerClient<StorageReaderMethods>('storage-reader', { resourceLimits })
  try {
    const opened = await writer.call('open', { persistDir, dataFolder, settings }, { signal })
    await reader.call('open', opened, { signal })
  } catch (error) {
    await writer.call('close', null).catch(() => undefined)
    await Promise.all([writer.close(), reader.close()])
    throw error
  }
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
      await reader.call('close', null)
      await writer.call('close', null)
    } finally {
      await Promise.all([writer.close(), reader.close()])
    }
  }
  return {
    persistDir,
    summary: async () => {
      const summary = await reader.call('summary', null)
      if (summary.changedOutside) bringIn()
      return summary
    },
    query: (vector, topK, { signal: querySignal, ...choice } = {}) =>
      reader.call('query', { vector, topK, ...choice }, { signal: querySignal }),
    entries: (query, options) => reader.call('entries', query, options),
    nodes: (nodeIds) => reader.call('nodes', nodeIds),
    nodesOfDocument: (refDocId) => reader.call('nodesOfDocument', refDocId),
    sampleNodes: (count) => reader.call('sampleNodes', count),
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
