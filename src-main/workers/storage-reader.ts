/** A worker thread that reads from one storage folder. */
import { storageReaderMethods } from '#engine/storage/storage-reader-methods.ts'
import { serveWorker } from '#platform/worker-server.ts'

serveWorker(storageReaderMethods())
