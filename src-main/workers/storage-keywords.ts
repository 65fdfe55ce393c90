/** A worker thread that keeps the keyword index of one storage folder in step, and answers from it. */
import { workerData } from 'node:worker_threads'
import { storageKeywordsMethods } from '#engine/storage/storage-keywords-methods.ts'
import type { OpenedFolder } from '#engine/storage/storage-writer.ts'
import { serveWorker } from '#platform/worker-server.ts'

serveWorker(storageKeywordsMethods(workerData as OpenedFolder))
