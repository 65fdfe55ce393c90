/**
 * The keyword index of a collection in another vector store: filled from its records page by page, told of what Stackroom
 * changes there, and made anew when the collection has another number of records than the index, because another program
 * wrote to it.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { SearchKey } from '#contract'
import { pathOf } from '#engine/retrieve/file-types.ts'
import type { IndexedNode } from '#engine/retrieve/keyword/keyword-index.ts'
import type { IndexedChange, KeywordIndexMethods } from '#engine/retrieve/keyword/keyword-index-methods.ts'
import type {
  KeywordProgress,
  KeywordQuery,
  KeywordSearch,
  PrepareOptions,
} from '#engine/storage/keyword-search.ts'
import type { ScoredNode, StoredNode } from '#engine/storage/storage-folder.ts'
import { abortable } from '#platform/abortable.ts'
import { WorkerClient } from '#platform/worker-client.ts'

export interface CollectionKeywordsOptions {
  /** The index's file; its folder is made. */
  readonly path: string
  readonly records: () => Promise<number>
  /** Nodes with their text, in an order that stays. */
  readonly page: (offset: number, limit: number, signal: AbortSignal) => Promise<readonly StoredNode[]>
}

const pageRecords = 500

export class CollectionKeywords implements KeywordSearch {
  readonly #options: CollectionKeywordsOptions
  readonly #closing = new AbortController()
  #worker: WorkerClient<KeywordIndexMethods> | undefined
  #preparing: Promise<void> | undefined
  #progress: KeywordProgress = { done: 0, total: 0, ready: false }

  constructor(options: CollectionKeywordsOptions) {
    this.#options = options
  }

  progress(): KeywordProgress {
    return this.#progress
  }

  prepare({ signal }: PrepareOptions = {}): Promise<void> {
    this.#preparing ??= this.#prepare().finally(() => {
      this.#preparing = undefined
    })
    return abortable(this.#preparing, signal)
  }

  async query({ terms, topK, filters }: KeywordQuery, signal?: AbortSignal): Promise<ScoredNode[] | null> {
    const state = String(await this.#options.records())
    const query = { state, terms, topK, filters: filters ?? null }
    const found = await this.#open().call('query', query, { signal })
    if (found) return found.map(({ key, score }) => ({ nodeId: key, score }))
    this.prepare().catch(() => undefined)
    return null
  }

  keys(signal?: AbortSignal): Promise<SearchKey[]> {
    return this.#open().call('keys', null, { signal })
  }

  /** The collection was changed so; an index that is of another state anyway is made anew later. */
  async follow(change: IndexedChange, recordsBefore: number): Promise<void> {
    if (!this.#worker) return
    await this.#preparing?.catch(() => undefined)
    if ((await this.#worker.call('state', null)) !== String(recordsBefore)) return
    await this.#worker.call('change', { change, state: String(await this.#options.records()) })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#preparing?.catch(() => undefined)
    await this.#worker?.call('close', null).catch(() => undefined)
    await this.#worker?.close()
  }

  async #prepare(): Promise<void> {
    const { signal } = this.#closing
    const { records, page } = this.#options
    const total = await records()
    const worker = this.#open()
    if ((await worker.call('state', null)) !== String(total)) {
      await worker.call('clear', null)
      for (let offset = 0; offset < total; offset += pageRecords) {
        const nodes = await page(offset, pageRecords, signal)
        signal.throwIfAborted()
        await worker.call('put', nodes.map(indexed))
        this.#progress = { done: Math.min(total, offset + pageRecords), total, ready: false }
      }
      await worker.call('finish', String(total))
    }
    this.#progress = { done: total, total, ready: true }
  }

  #open(): WorkerClient<KeywordIndexMethods> {
    this.#closing.signal.throwIfAborted()
    if (this.#worker) return this.#worker
    mkdirSync(dirname(this.#options.path), { recursive: true })
    this.#worker = new WorkerClient<KeywordIndexMethods>('keyword-index', {
      data: this.#options.path,
      onExit: () => {
        this.#worker = undefined
      },
    })
    return this.#worker
  }
}

export function indexed({ nodeId, text, metadata, refDocId }: StoredNode): IndexedNode {
  const ids =
    refDocId === null
      ? metadata
      : { ...metadata, document_id: refDocId, doc_id: refDocId, ref_doc_id: refDocId }
  return { key: nodeId, text, metadata: ids, source: pathOf(metadata) }
}
