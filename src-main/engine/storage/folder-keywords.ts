/**
 * The keyword index of an open folder, the main process's side: its thread is started when it is first asked for, and fills
 * the index in the background.
 */
import type { SearchKey } from '#contract'
import { abortable } from '#platform/abortable.ts'
import { WorkerClient } from '#platform/worker-client.ts'
import type { KeywordProgress, KeywordQuery, KeywordSearch, PrepareOptions } from './keyword-search.ts'
import type { ScoredNode } from './storage-folder.ts'
import type { PreparedKeywords, StorageKeywordsMethods } from './storage-keywords-methods.ts'
import type { OpenedFolder } from './storage-writer.ts'

const resourceLimits = { maxYoungGenerationSizeMb: 16 }
/** So many changes are noted before those are forgotten that the index has. */
const changesToForget = 5000

export interface FolderKeywordsOptions {
  readonly opened: OpenedFolder
  /** Called now and then with the last change that the index has: it and those before it need not be noted any more. */
  readonly forget: (taken: number) => Promise<void>
}

export class FolderKeywords implements KeywordSearch {
  readonly #options: FolderKeywordsOptions
  #worker: WorkerClient<StorageKeywordsMethods> | undefined
  #preparing: Promise<void> | undefined
  #progress: KeywordProgress = { done: 0, total: 0, ready: false }
  #forgotten = 0
  readonly #closing = new AbortController()

  constructor(options: FolderKeywordsOptions) {
    this.#options = options
  }

  progress(): KeywordProgress {
    return this.#progress
  }

  prepare({ signal, inBackground = false }: PrepareOptions = {}): Promise<void> {
    if (!inBackground)
      this.#open()
        .call('hurry', null)
        .catch(() => undefined)
    this.#preparing ??= this.#prepare().finally(() => {
      this.#preparing = undefined
    })
    return abortable(this.#preparing, signal)
  }

  async query(query: KeywordQuery, signal?: AbortSignal): Promise<ScoredNode[] | null> {
    const found = await this.#call('query', query, signal)
    if (found === null) this.prepare({ inBackground: true }).catch(() => undefined)
    return found
  }

  keys(signal?: AbortSignal): Promise<SearchKey[]> {
    return this.#call('keys', null, signal)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#preparing?.catch(() => undefined)
    await this.#worker?.call('close', null).catch(() => undefined)
    await this.#worker?.close()
  }

  async #prepare(): Promise<void> {
    const onProgress = (value: unknown): void => {
      this.#progress = value as KeywordProgress
    }
    const { taken }: PreparedKeywords = await this.#open().call('prepare', null, {
      signal: this.#closing.signal,
      onProgress,
    })
    if (taken - this.#forgotten < changesToForget) return
    this.#forgotten = taken
    // Notes that stay cost a little room.
    await this.#options.forget(taken).catch(() => undefined)
  }

  #call<Name extends 'query' | 'keys'>(
    name: Name,
    input: Parameters<StorageKeywordsMethods[Name]>[0],
    signal: AbortSignal | undefined,
  ): Promise<Awaited<ReturnType<StorageKeywordsMethods[Name]>>> {
    return this.#open().call(name, input, { signal })
  }

  #open(): WorkerClient<StorageKeywordsMethods> {
    this.#closing.signal.throwIfAborted()
    this.#worker ??= new WorkerClient<StorageKeywordsMethods>('storage-keywords', {
      data: this.#options.opened,
      resourceLimits,
      onExit: () => {
        this.#worker = undefined
      },
    })
    return this.#worker
  }
}
