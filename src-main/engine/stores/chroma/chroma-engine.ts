/**
 * Chroma's engine on a folder, the counterpart of Python's `chromadb.PersistentClient(path)`: a child process that is started
 * by the first call, ends when nothing was asked of it for a while, and is started again by the next call. Its side is
 * engine-process.ts.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { StackroomError } from '#contract'
import { abortable } from '#platform/abortable.ts'
import { workerUrl } from '#platform/worker-url.ts'
import type { ChromaServer } from './chroma-server.ts'
import { engineMessageSchema, stopMessage, type EngineOptions } from './engine-messages.ts'

export interface ChromaEngineOptions extends EngineOptions {
  /** Milliseconds without a call after which the process ends. */
  readonly idleMs?: number | undefined
  /** Called with the backup of a folder that was migrated. */
  readonly onBackup?: ((folder: string) => void) | undefined
}

interface RunningEngine {
  readonly child: ChildProcess
  /** `http://127.0.0.1:port` */
  readonly address: string
}

const defaultIdleMs = 120_000
/** Machines that are busy start it in seconds. */
const startMs = 30_000
const stopMs = 5_000

export class ChromaEngine implements ChromaServer, AsyncDisposable {
  readonly folder: string
  readonly #options: ChromaEngineOptions
  #running: Promise<RunningEngine> | null = null
  #calls = 0
  #idle: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: ChromaEngineOptions) {
    this.folder = options.folder
    this.#options = options
  }

  /** The process, or null while there is none. */
  async pid(): Promise<number | null> {
    const running = await this.#running?.catch(() => null)
    return running?.child.pid ?? null
  }

  /**
   * Does `work` with the engine's address. When the engine dies under it, it is started again and the work done once more: all
   * that is asked of a store may be asked twice. Throws `locked`, `older-format`, `unsupported-format`, `engine-unavailable`,
   * `damaged-file`.
   */
  async use<Value>(work: (address: string) => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    this.#calls++
    clearTimeout(this.#idle)
    try {
      return await this.#attempt(work, signal, 1)
    } finally {
      this.#calls--
      if (this.#calls === 0 && !this.#isClosed) this.#stopLater()
    }
  }

  async #attempt<Value>(
    work: (address: string) => Promise<Value>,
    signal: AbortSignal | undefined,
    retries: number,
  ): Promise<Value> {
    signal?.throwIfAborted()
    const { child, address } = await abortable(this.#start(), signal)
    try {
      return await work(address)
    } catch (error) {
      signal?.throwIfAborted()
      const isBrokenOff = error instanceof StackroomError && error.code === 'server-down'
      // What the engine answered with.
      if (error instanceof StackroomError && !isBrokenOff) throw error
      // A part of the engine that breaks down takes the connection along, and at times the whole process.
      if (!(await hasEnded(child)) && !isBrokenOff) throw error
      if (retries > 0 && !this.#isClosed) return this.#attempt(work, signal, retries - 1)
      throw new StackroomError('damaged-file', `Chroma's engine broke down on the folder ${this.folder}.`, {
        hint: 'Its vector index may be damaged: run `stackroom verify` on it.',
        cause: error,
      })
    }
  }

  #start(): Promise<RunningEngine> {
    if (this.#isClosed) throw new StackroomError('internal', 'The Chroma engine is closed.')
    if (this.#running) return this.#running
    const running = startEngine(this.#options)
    this.#running = running
    const forget = (): void => {
      if (this.#running === running) this.#running = null
    }
    running.then(({ child }) => {
      if (child.exitCode !== null || child.signalCode !== null) forget()
      else child.once('exit', forget)
    }, forget)
    return running
  }

  #stopLater(): void {
    this.#idle = setTimeout(() => void this.#stop(), this.#options.idleMs ?? defaultIdleMs)
    this.#idle.unref()
  }

  async #stop(): Promise<void> {
    const stopping = this.#running
    this.#running = null
    const running = await stopping?.catch(() => null)
    if (running) await stopEngine(running.child)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#idle)
    await this.#stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

async function startEngine({
  folder,
  cacheFolder,
  migrate,
  onBackup,
}: ChromaEngineOptions): Promise<RunningEngine> {
  const options: EngineOptions = { folder, cacheFolder, migrate }
  const child = fork(fileURLToPath(workerUrl('chroma-engine')), [JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
    env: engineEnvironment(),
    // In a group of its own: Ctrl-C in a terminal is for its owner, who may have something to finish with it.
    detached: process.platform !== 'win32',
  })
  let printed = ''
  child.stderr?.on('data', (text: Buffer) => {
    printed = (printed + text.toString()).slice(-4000)
  })
  try {
    const { port, backup } = await readiness(child, () => printed)
    // An owner that ends without closing it ends all the same: the channel closes then, which ends the child.
    child.unref()
    child.channel?.unref()
    if (child.stderr instanceof Socket) child.stderr.unref()
    if (backup === null) return { child, address: `http://127.0.0.1:${port}` }
    onBackup?.(backup)
    await stopEngine(child)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  // An engine that has just migrated a folder still has statements in use that know the tables as they were.
  return startEngine({ folder, cacheFolder, migrate: false })
}

/** Without what would configure the engine from outside. */
function engineEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(CHROMA|OTEL)_/.test(name)))
}

function readiness(
  child: ChildProcess,
  printed: () => string,
): Promise<{ port: number; backup: string | null }> {
  return new Promise((resolve, reject) => {
    const broken = (message: string): StackroomError =>
      new StackroomError('engine-unavailable', message, {
        hint: 'The folder may be damaged: run `stackroom verify` on it.',
        cause: printed(),
      })
    const timer = setTimeout(() => reject(broken('The Chroma engine did not start in time.')), startMs)
    const settle = (): void => {
      clearTimeout(timer)
      for (const event of ['exit', 'message']) child.removeAllListeners(event)
    }
    // Stays, as a message that cannot be sent any more is one, too.
    child.on('error', (error) => {
      settle()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      settle()
      reject(broken(`The Chroma engine ended while it started (${signal ?? code}).`))
    })
    child.on('message', (value) => {
      const message = engineMessageSchema.parse(value)
      settle()
      if (message.type === 'ready') resolve(message)
      else {
        const { code, message: sentence, hint } = message.shape
        reject(new StackroomError(code, sentence, { hint, cause: message.stack }))
      }
    })
  })
}

/** A connection that broke is seen before the end of the process that it led to. */
async function hasEnded(child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return true
  return new Promise((resolve) => {
    const ended = (): void => {
      clearTimeout(timer)
      resolve(true)
    }
    const timer = setTimeout(() => {
      child.off('exit', ended)
      resolve(false)
    }, 100)
    child.once('exit', ended)
  })
}

async function stopEngine(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    if (child.connected) child.send(stopMessage)
    else child.kill('SIGKILL')
  })
}
