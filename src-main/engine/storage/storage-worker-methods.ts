/** What the storage worker answers: the methods of StorageFolder, on the one folder it has open. */
import { StackroomError } from '#contract'
import type { WorkerCallContext } from '#platform/worker-server.ts'
import type { StackroomSettings } from './stackroom-settings.ts'
import type { StorageChange } from './storage-folder.ts'
import { StorageSession, type StorageSessionOptions } from './storage-session.ts'

export type StorageWorkerMethods = ReturnType<typeof storageWorkerMethods>

export function storageWorkerMethods() {
  let session: StorageSession | undefined
  function opened(): StorageSession {
    if (!session) throw new StackroomError('internal', 'The storage folder is not open.')
    return session
  }
  return {
    async open(options: StorageSessionOptions): Promise<void> {
      session = await StorageSession.open(options)
    },
    summary: (_: null) => opened().summary(),
    query: (input: { vector: Float32Array; topK: number }) => opened().query(input),
    nodes: (nodeIds: readonly string[]) => opened().nodes(nodeIds),
    nodesOfDocument: (refDocId: string) => opened().nodesOfDocument(refDocId),
    change: (change: StorageChange) => opened().change(change),
    manifest: (_: null) => opened().manifest(),
    writeSettings: (settings: StackroomSettings) => opened().writeSettings(settings),
    persist: (_: null, { signal }: WorkerCallContext) => opened().persist(signal),
    async close(_: null): Promise<void> {
      await session?.close()
      session = undefined
    },
  }
}
