/** What the worker that verifies and repairs storage folders answers. */
import type { VerifyReport } from '#contract'
import { explainFileError } from '#platform/file-errors.ts'
import type { WorkerCallContext } from '#platform/worker-server.ts'
import { verifyFolder } from './verify-folder.ts'

export type StorageVerifyMethods = ReturnType<typeof storageVerifyMethods>

export interface VerifyInput {
  readonly persistDir: string
  readonly dataFolder: string
}

export function storageVerifyMethods() {
  return {
    async verify(input: VerifyInput, context: WorkerCallContext): Promise<VerifyReport> {
      try {
        using verified = await verifyFolder({
          ...input,
          signal: context.signal,
          onProgress: (bytesDone, bytesTotal) => context.progress({ bytesDone, bytesTotal }),
        })
        return verified.report
      } catch (error) {
        throw explainFileError(error, input.persistDir)
      }
    },
  }
}
