/** A worker thread that writes to one storage folder. */
import { storageWriterMethods } from '#engine/storage/storage-writer-methods.ts'
import { serveWorker } from '#platform/worker-server.ts'

serveWorker(storageWriterMethods())
