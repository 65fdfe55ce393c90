/**
 * Reader workers, one for each core. They are started when files come and ended when none have come for a while. Each
 * file has a limit of time and memory; a worker that exceeds one is ended, and another takes its place.
 */
import { availableParallelism } from 'node:os'
import { StackroomError } from '#contract'
import { WorkerClient } from '#platform/worker-client.ts'
import { FileLimits, memoryLimit } from './file-limits.ts'
import type { NodeParserSettings } from './node-parser-settings.ts'
import type { PackedFile, ParsedFile, ParseFileInput } from './parse-file.ts'
import type { FilePreview, PreviewLimits } from './preview-of.ts'

/** What src-main/workers/reader.ts answers. */
type ReaderMethods = {
  parse: (input: WithSettings) => Promise<ParsedFile>
  parsePacked: (input: WithSettings) => Promise<PackedFile>
  preview: (input: WithSettings & { readonly limits: PreviewLimits }) => Promise<FilePreview>
}
type WithSettings = ParseFileInput & { readonly settings: NodeParserSettings }

/** A larger nursery would be room that is never used: what a file leaves behind is dropped with the next one. */
const maxYoungGenerationSizeMb = 8

export interface ReaderPoolOptions {
  /** Default: the number of cores. */
  readonly size?: number
  /** Heap of one worker in MB; with its buffers it may hold half as much again. Default: 1024. */
  readonly memoryLimitMb?: number
  /** How long a file of so many bytes may take, in milliseconds. Default: a minute, and a second for each MB. */
  readonly timeLimitMs?: (bytes: number) => number
  /** Workers without work are ended after so many milliseconds. Default: 30,000. */
  readonly idleMs?: number
}

export interface ParseOptions {
  readonly settings: NodeParserSettings
  /** The file's size, for its time limit. */
  readonly bytes: number
  readonly signal?: AbortSignal | undefined
}

type Reader = WorkerClient<ReaderMethods>

export class ReaderPool implements AsyncDisposable {
  /** Files that are worked on at once. */
  readonly size: number
  readonly #memoryLimitMb: number
  readonly #timeLimitMs: (bytes: number) => number
  readonly #idleMs: number
  readonly #idle: { readonly reader: Reader; readonly since: number }[] = []
  readonly #busy = new Set<Reader>()
  readonly #waiting: (() => void)[] = []
  #slots: number
  #idleTimer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: ReaderPoolOptions = {}) {
    this.size = Math.max(1, options.size ?? availableParallelism())
    this.#slots = this.size
    this.#memoryLimitMb = options.memoryLimitMb ?? 1024
    this.#timeLimitMs = options.timeLimitMs ?? ((bytes) => 60_000 + bytes / 1000)
    this.#idleMs = options.idleMs ?? 30_000
  }

  /** @throws StackroomError about this file: of its reader, `time-limit` or `memory-limit`; or the signal's reason. */
  parse(input: ParseFileInput, options: ParseOptions): Promise<ParsedFile> {
    return this.#call('parse', { ...input, settings: options.settings }, options)
  }

  /** As `parse`, with the documents as bytes. */
  parsePacked(input: ParseFileInput, options: ParseOptions): Promise<PackedFile> {
    return this.#call('parsePacked', { ...input, settings: options.settings }, options)
  }

  /** Parses the file and answers with what a user is shown of it. Throws as `parse` does. */
  preview(input: ParseFileInput, options: ParseOptions, limits: PreviewLimits): Promise<FilePreview> {
    return this.#call('preview', { ...input, settings: options.settings, limits }, options)
  }

  async #call<Name extends keyof ReaderMethods>(
    name: Name,
    input: Parameters<ReaderMethods[Name]>[0],
    { bytes, signal }: Omit<ParseOptions, 'settings'>,
  ): Promise<Awaited<ReturnType<ReaderMethods[Name]>>> {
    await this.#takeSlot(signal)
    try {
      signal?.throwIfAborted()
      if (this.#closed) throw new StackroomError('cancelled', 'The readers were closed.')
      const reader = this.#idle.pop()?.reader ?? this.#start()
      this.#busy.add(reader)
      using limits = new FileLimits(reader, {
        milliseconds: this.#timeLimitMs(bytes),
        megabytes: this.#memoryLimitMb * 1.5,
        signal,
      })
      let isFine = false
      try {
        const value = await reader.call(name, input, { signal: limits.signal })
        isFine = true
        return value
      } catch (error) {
        // Errors of the file come back from a worker that goes on; after any other its thread is stuck or gone.
        isFine = error instanceof StackroomError && !limits.signal.aborted && !this.#ended.has(reader)
        throw error instanceof StackroomError && error.code === 'memory-limit' ? memoryLimit(error) : error
      } finally {
        this.#busy.delete(reader)
        if (isFine && !this.#closed) this.#rest(reader)
        else await reader.close()
      }
    } finally {
      this.#freeSlot()
    }
  }

  readonly #ended = new WeakSet<Reader>()

  #start(): Reader {
    const reader: Reader = new WorkerClient<ReaderMethods>('reader', {
      resourceLimits: { maxOldGenerationSizeMb: this.#memoryLimitMb, maxYoungGenerationSizeMb },
      // Libraries write about damaged files; the errors say what is wrong with them.
      silent: true,
      onExit: () => this.#ended.add(reader),
    })
    return reader
  }

  #rest(reader: Reader): void {
    this.#idle.push({ reader, since: performance.now() })
    this.#idleTimer ??= setInterval(() => this.#endIdle(), this.#idleMs).unref()
  }

  #endIdle(): void {
    const limit = performance.now() - this.#idleMs
    const old = this.#idle.filter(({ since }) => since < limit)
    for (const entry of old) {
      this.#idle.splice(this.#idle.indexOf(entry), 1)
      void entry.reader.close()
    }
    if (this.#idle.length === 0 && this.#busy.size === 0) this.#stopTimer()
  }

  #stopTimer(): void {
    clearInterval(this.#idleTimer)
    this.#idleTimer = undefined
  }

  async #takeSlot(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (this.#slots > 0) {
      this.#slots--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1)
        reject(signal?.reason as Error)
      }
      const enter = (): void => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }
      signal?.addEventListener('abort', stop, { once: true })
      this.#waiting.push(enter)
    })
  }

  /** The slot goes on to whoever waits longest. */
  #freeSlot(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#slots++
  }

  /** Ends all workers; files under way are rejected. */
  async close(): Promise<void> {
    this.#closed = true
    this.#stopTimer()
    const readers = [...this.#idle.map(({ reader }) => reader), ...this.#busy]
    this.#idle.length = 0
    await Promise.all(readers.map((reader) => reader.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
