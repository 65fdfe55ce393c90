/** Opens and creates persist dirs: the main process's side of the storage worker, one worker for each open folder. */
import { StackroomError } from '#contract'
import { WorkerClient } from '#platform/worker-client.ts'
import type { StackroomSettings } from './stackroom-settings.ts'
import type { StorageWorkerMethods } from './storage-worker-methods.ts'
import type { StorageFolder } from './storage-folder.ts'

export interface OpenStorageFolderOptions {
  readonly persistDir: string
  /** Stackroom's data folder: where the working store of a read-only folder goes. */
  readonly dataFolder: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens a persist dir that exists, bringing in what another program changed since last time. Throws `path-missing`,
 * `not-a-storage-folder`, `missing-file`, `damaged-file`, `dimension-mismatch`, `both-sides-changed`, `locked`.
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
  const worker = new WorkerClient<StorageWorkerMethods>('storage')
  try {
    await worker.call('open', { persistDir, dataFolder, settings }, { signal })
  } catch (error) {
    await worker.close()
    throw systemError(error)
  }
  const call: typeof worker.call = (name, input, options) =>
    worker.call(name, input, options).catch((error: unknown) => {
      throw systemError(error)
    })
  const close = async (): Promise<void> => {
    await worker.call('close', null)
    await worker.close()
  }
  return {
    persistDir,
    summary: () => call('summary', null),
    query: (vector, topK, options) => call('query', { vector, topK }, options),
    nodes: (nodeIds) => call('nodes', nodeIds),
    nodesOfDocument: (refDocId) => call('nodesOfDocument', refDocId),
    change: (change, options) => call('change', change, options),
    manifest: () => call('manifest', null),
    writeSettings: (newSettings) => call('writeSettings', newSettings),
    persist: (options) => call('persist', null, options),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** What the system refuses, as a sentence. The worker's error has the system's words in its cause only. */
function systemError(error: unknown): unknown {
  if (!(error instanceof StackroomError) || error.code !== 'internal') return error
  const details = String(error.cause)
  if (/ENOSPC|SQLITE_FULL|EDQUOT/.test(details))
    return new StackroomError('disk-full', 'The disk is full.', {
      hint: 'Free some space and try again. What was finished before is kept.',
      cause: error,
    })
  if (/EACCES|EPERM|EROFS|SQLITE_READONLY|SQLITE_CANTOPEN/.test(details))
    return new StackroomError('permission-denied', 'Stackroom may not write to this folder.', {
      hint: 'Change the permissions of the folder, or choose another.',
      cause: error,
    })
  if (/SQLITE_CORRUPT|SQLITE_NOTADB/.test(details))
    return new StackroomError('damaged-file', 'The working store of this folder (.stackroom) is damaged.', {
      hint: 'Move the .stackroom folder away and open the folder again: it is made anew from the JSON files.',
      cause: error,
    })
  return error
}
