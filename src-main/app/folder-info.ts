/** What is in a storage folder, and the state of its files. */
import { StackroomError, type FolderInfo } from '#contract'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import { isStoreAddress } from '#engine/stores/store-address.ts'
import type { EngineServices } from './engine-services.ts'

export async function folderInfo(services: EngineServices, persistDir: string): Promise<FolderInfo> {
  await requireStorageFolder(persistDir)
  const folder = await services.folders.open(persistDir)
  const summary = await folder.summary()
  const { model, verdict, score } = await services.checks.check(folder)
  const { kind, documents, nodes, dimensions, store, collection, files, persisted, conflict } = summary
  return {
    kind,
    documents,
    nodes,
    dimensions,
    model,
    modelVerdict: verdict,
    modelScore: score,
    store,
    vectorStore: collection?.place ?? null,
    maker: isStoreAddress(folder.persistDir) ? (collection?.maker ?? null) : null,
    files: files.map((file) => ({ ...file })),
    persisted,
    conflict,
  }
}

/** A collection of a store is one, too. @throws StackroomError `path-missing` or `not-a-storage-folder` */
export async function requireStorageFolder(persistDir: string): Promise<void> {
  if (isStoreAddress(persistDir)) return
  const kind = await detectFolderKind(persistDir)
  if (kind === 'missing')
    throw new StackroomError('path-missing', `There is no folder at ${persistDir}.`, {
      hint: 'It may have been moved, or its drive may not be connected.',
    })
  if (kind === 'files' || kind === 'empty')
    throw new StackroomError(
      'not-a-storage-folder',
      `${persistDir} is not a storage folder: it holds no index.`,
      {
        hint: 'To search the documents in it, index it into a storage folder first.',
      },
    )
}
