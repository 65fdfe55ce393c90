/** What the worker that verifies and repairs storage folders, LlamaIndex’s and Chroma’s, answers. */
import type { VerifyReport } from '#contract'
import { explainFileError } from '#platform/file-errors.ts'
import type { WorkerCallContext } from '#platform/worker-server.ts'
import {
  countChromaDocuments,
  inspectChromaFolder,
  type CollectionDocuments,
} from '../../stores/chroma/inspect-chroma-folder.ts'
import { repairChromaFolder } from '../../stores/chroma/verify/repair-chroma-folder.ts'
import { verifyChromaFolder } from '../../stores/chroma/verify/verify-chroma-folder.ts'
import { detectFolderKind } from '../detect-folder-kind.ts'
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
        const options = optionsOf(input, context)
        if (await isChroma(input)) return verifyChromaFolder({ ...options, folder: input.persistDir }).report
        using verified = await verifyFolder(options)
        return verified.report
      }),
    repair: (input: VerifyInput, context: WorkerCallContext): Promise<VerifyReport> =>
      explained(input, async () => {
        const options = optionsOf(input, context)
        if (await isChroma(input)) return repairChromaFolder({ ...options, folder: input.persistDir })
        return repairFolder(options)
      }),
    inspectChroma: ({ persistDir, dataFolder }: VerifyInput) => inspectChromaFolder(persistDir, dataFolder),
    countChromaDocuments: ({ persistDir, dataFolder, ...of }: VerifyInput & CollectionDocuments) =>
      countChromaDocuments(persistDir, dataFolder, of),
  }
}

async function isChroma({ persistDir }: VerifyInput): Promise<boolean> {
  return (await detectFolderKind(persistDir)) === 'chroma'
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
