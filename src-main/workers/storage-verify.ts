/** A worker thread that reads everything in a storage folder to see whether it fits together, and mends what it can. */
import { storageVerifyMethods } from '#engine/storage/verify/verify-worker-methods.ts'
import { serveWorker } from '#platform/worker-server.ts'

serveWorker(storageVerifyMethods())
