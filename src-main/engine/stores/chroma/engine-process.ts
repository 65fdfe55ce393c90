/**
 * The child process that Chroma's engine runs in. The engine has a thread, as its one function returns only at its end; this,
 * the main thread, holds the folder's lock and watches the owner: when the channel to it closes, however it ended, the
 * process ends itself.
 *
 * It ends by SIGKILL. The engine takes SIGTERM, stops serving and then keeps a processor busy for ever. What it had answered
 * is committed in SQLite; the vector index is made up from there.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { StackroomError, toErrorShape } from '#contract'
import { FolderLock } from '#platform/folder-lock.ts'
import { workerUrl } from '#platform/worker-url.ts'
import { backUpFolder } from './back-up-folder.ts'
import {
  engineOptionsSchema,
  stopMessage,
  type EngineMessage,
  type EngineOptions,
} from './engine-messages.ts'
import type { EngineThreadData } from './engine-thread.ts'
import { folderInUse, folderUsers } from './folder-users.ts'
import { migrationsText, readFolderVersion } from './folder-version.ts'

/** Inside a Chroma folder; Chroma passes over folders that it does not know. */
export const ownFolder = '.stackroom/chroma'

/** Call it once, in the entry point of the process. */
export async function runEngineProcess(): Promise<void> {
  const options = engineOptionsSchema.parse(JSON.parse(process.argv[2] ?? ''))
  const own = join(options.folder, ownFolder)
  const end = (): void => {
    rmSync(join(own, 'lock.json'), { force: true })
    process.kill(process.pid, 'SIGKILL')
  }
  process.on('disconnect', end)
  // The owner may have gone before anybody listened.
  if (!process.connected) end()
  process.on('SIGTERM', end)
  process.on('message', (message) => {
    if (message === stopMessage) void untilIdle().then(end)
  })
  try {
    mkdirSync(own, { recursive: true })
    // Held until the process ends: the system lets go of it then, and only then.
    new FolderLock(own, 'Stackroom')
    await requireUnused(options.folder)
    const backup = await prepare(options)
    const port = await freePort()
    const thread = engineThread(options, port)
    await untilReady(thread, port)
    thread.once('exit', end)
    tell({ type: 'ready', port, backup })
  } catch (error) {
    const stack = error instanceof Error ? error.stack : undefined
    tell({ type: 'failed', shape: toErrorShape(error), ...(stack !== undefined && { stack }) })
  }
}

function tell(message: EngineMessage): void {
  process.send?.(message)
}

async function requireUnused(folder: string): Promise<void> {
  const [user] = await folderUsers(folder, [process.pid])
  if (user) throw folderInUse(folder, user)
}

/** Nothing is opened that would not survive it. Answers with the backup that was made, if any. */
async function prepare({ folder, migrate }: EngineOptions): Promise<string | null> {
  const { version, migrations } = readFolderVersion(folder)
  if (version === 'newer')
    throw new StackroomError(
      'unsupported-format',
      `${folder} was written by a newer Chroma (${migrationsText(migrations)}) than the engine of this Stackroom.`,
      {
        hint: 'Update Stackroom, or start that Chroma as a server (`chroma run`) and open it by its address.',
      },
    )
  if (version !== 'older') return null
  if (!migrate)
    throw new StackroomError(
      'older-format',
      `${folder} was written by an older Chroma (${migrationsText(migrations)}).`,
      {
        hint: 'Opening it brings it up to date for good: the program that wrote it needs a newer Chroma from then on. A backup is made first.',
      },
    )
  return backUpFolder(folder, join(folder, ownFolder, 'backups'))
}

function engineThread({ folder, cacheFolder }: EngineOptions, port: number): Worker {
  const data: EngineThreadData = {
    arguments: ['chroma', 'run', '--path', folder, '--host', '127.0.0.1', '--port', String(port)],
    cacheFolder,
  }
  return new Worker(workerUrl('chroma-engine'), { workerData: data })
}

async function untilReady(thread: Worker, port: number): Promise<void> {
  const isOver = new AbortController()
  const ended = new Promise<never>((_, reject) => {
    thread.once('error', reject)
    thread.once('exit', () => reject(new Error('The Chroma engine ended before it was ready.')))
  })
  try {
    await Promise.race([ended, answering(port, isOver.signal)])
  } finally {
    isOver.abort()
    thread.removeAllListeners('exit')
  }
}

async function answering(port: number, signal: AbortSignal): Promise<void> {
  const address = `http://127.0.0.1:${port}/api/v2/heartbeat`
  while (!signal.aborted) {
    const answer = await fetch(address, { signal }).catch(() => null)
    if (answer?.ok) return
    await pause(10)
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** The engine goes on after it has answered: it writes its vector index. That shows in the processor's time. */
async function untilIdle(): Promise<void> {
  const windowMs = 50
  for (let left = 60; left > 0; left--) {
    const before = process.cpuUsage()
    await pause(windowMs)
    const { user, system } = process.cpuUsage(before)
    if ((user + system) / 1000 < windowMs / 10) return
  }
}
