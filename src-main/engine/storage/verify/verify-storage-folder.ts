/** Verifies and repairs storage folders: the main process's side of the worker that does it. */
import { z } from 'zod'
import type { VerifyReport } from '#contract'
import { WorkerClient } from '#platform/worker-client.ts'
import type { StorageVerifyMethods } from './verify-worker-methods.ts'

export interface VerifyStorageFolderOptions {
  readonly persistDir: string
  /** Stackroom's data folder. */
  readonly dataFolder: string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (bytesDone: number, bytesTotal: number) => void
}

const progressSchema = z.object({ bytesDone: z.number(), bytesTotal: z.number() })

/** Changes nothing. Throws `path-missing`, `not-a-storage-folder`, `unsupported-format`, `permission-denied`. */
export function verifyStorageFolder(options: VerifyStorageFolderOptions): Promise<VerifyReport> {
  return ask('verify', options)
}

/**
 * Mends what can be mended without inventing data, after a backup; the report is of the folder as it is then. Nobody may
 * have it open. Throws besides `locked`, `read-only`, `both-sides-changed`, `missing-file`, `disk-full`.
 */
export function repairStorageFolder(options: VerifyStorageFolderOptions): Promise<VerifyReport> {
  return ask('repair', options)
}

async function ask(
  method: 'verify' | 'repair',
  { persistDir, dataFolder, signal, onProgress }: VerifyStorageFolderOptions,
): Promise<VerifyReport> {
  await using worker = new WorkerClient<StorageVerifyMethods>('storage-verify')
  return await worker.call(
    method,
    { persistDir, dataFolder },
    {
      signal,
      onProgress: (value) => {
        const progress = progressSchema.parse(value)
        onProgress?.(progress.bytesDone, progress.bytesTotal)
      },
    },
  )
}
