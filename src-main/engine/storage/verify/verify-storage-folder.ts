/** Verifies storage folders: the main process's side of the worker that does it. */
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
export async function verifyStorageFolder({
  persistDir,
  dataFolder,
  signal,
  onProgress,
}: VerifyStorageFolderOptions): Promise<VerifyReport> {
  await using worker = new WorkerClient<StorageVerifyMethods>('storage-verify')
  return await worker.call(
    'verify',
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
