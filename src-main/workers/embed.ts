/** Entry point of the worker thread that runs one embed model. */
import { workerData } from 'node:worker_threads'
import { serveWorker } from '#platform/worker-server.ts'
import { embedWorkerMethods, type EmbedWorkerData } from '#engine/embed/onnx-worker.ts'

serveWorker(embedWorkerMethods(workerData as EmbedWorkerData))
