/** What the worker that verifies and repairs storage folders answers. */
import type { VerifyReport } from '#contract'
import { explainFileError } from '#platform/file-errors.ts'
import type { WorkerCallContext } from '#platform/worker-server.ts'
import { repairFolder } from './repair-folder.ts'
import { verifyFolder, type VerifyFolderOptions } from './verify-folder.ts'

export type StorageVerifyMethods = ReturnType<typeof storageVerifyMethods>

export interface VerifyInput {
  readonly persistDir: string
  readonly dataFolder: string
}

export function storageVerifyMethods() {
  return {
    verify: (input: VerifyInput, context: WorkerCallContext): Promise<VerifyReport> =>
      explained(input, async () => {
        using verified = await verifyFolder(optionsOf(input, context))
        return verified.report
      }),
    repair: (input: VerifyInput, context: WorkerCallContext): Promise<VerifyReport> =>
      explained(input, () => repairFolder(optionsOf(input, context))),
  }
}

function optionsOf(input: VerifyInput, context: WorkerCallContext): VerifyFolderOptions {
  return {
    ...input,
    signal: context.signal,
    onProgress: (bytesDone, bytesTotal) => context.progress({ bytesDone, bytesTotal }),
  }
}

async function explained<Value>({ persistDir }: VerifyInput, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    throw explainFileError(error, persistDir)
  }
}
