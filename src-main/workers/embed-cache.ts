/** Entry point of the worker thread that keeps the embedding cache. */
import { workerData } from 'node:worker_threads'
import { serveWorker } from '#platform/worker-server.ts'
import { cacheWorkerMethods } from '#engine/embed/cache/cache-worker.ts'
import type { CacheStoreOptions } from '#engine/embed/cache/cache-store.ts'

serveWorker(cacheWorkerMethods(workerData as CacheStoreOptions))
