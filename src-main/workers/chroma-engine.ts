/** Entry point of the child process that Chroma's engine runs in, and of the engine's thread in it. */
import { isMainThread } from 'node:worker_threads'

// Each has only what it needs: the start of both is waited for.
if (isMainThread) await (await import('#engine/stores/chroma/engine-process.ts')).runEngineProcess()
else (await import('#engine/stores/chroma/engine-thread.ts')).runEngineThread()
