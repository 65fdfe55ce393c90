/** A worker thread that keeps one keyword index, of nodes that it is given. */
import { workerData } from 'node:worker_threads'
import { keywordIndexMethods } from '#engine/retrieve/keyword/keyword-index-methods.ts'
import { serveWorker } from '#platform/worker-server.ts'

serveWorker(keywordIndexMethods(String(workerData)))
