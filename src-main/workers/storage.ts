/** A worker thread that has one storage folder open. */
import { storageWorkerMethods } from '#engine/storage/storage-worker-methods.ts'
import { serveWorker } from '#platform/worker-server.ts'

serveWorker(storageWorkerMethods())
