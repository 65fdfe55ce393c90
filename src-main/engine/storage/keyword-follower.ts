/**
 * Keeps the keyword index of a folder in step with its working store, in a thread and on connections of its own: nobody who
 * writes waits for it. A new index is filled from all nodes in pages; from then on it takes in the nodes that were noted as
 * changed, always before it answers.
 */
import { join } from 'node:path'
import type { SearchKey } from '#contract'
import { KeywordIndex } from '#engine/retrieve/keyword/keyword-index.ts'
import { pathOf } from '#engine/retrieve/file-types.ts'
import type { QueryTerm } from '#engine/retrieve/keyword/query-terms.ts'
import type { MetadataFilters } from '#engine/stores/metadata-filters.ts'
import { layoutOf } from './folder-layout.ts'
import { originalKey } from './llamaindex/python-json.ts'
import { lastNodeChange, nodeChangesAfter, nodeChangesRun } from './node-changes.ts'
import { readNode } from './read-node.ts'
import { identityOf, workingFile } from './replace-working-store.ts'
import type { KeywordProgress, KeywordQuery } from './keyword-search.ts'
import type { ScoredNode } from './storage-folder.ts'
import { WorkingStore, type SectionRow } from './working-store.ts'

export const keywordFile = 'keywords.sqlite'

/** Changed nodes that are taken in at once: a search waits for no more than these. */
const pageNodes = 400
/** Of an index that is being filled and so answers nothing: large pages are merged less often. */
const fillNodes = 2000
/** So many changes are taken in before an answer; more are a new index's business. */
const mostChanges = 2000

/** A document beside its nodes, as docstores of ingestion pipelines have them: LlamaIndex's `ObjectType.DOCUMENT`. */
const isDocument = /"__type__"\s*:\s*"(4|DOCUMENT)"/

export class KeywordFollower implements Disposable {
  readonly #workingFolder: string
  readonly #index: KeywordIndex
  #store: WorkingStore
  #identity: string | null

  constructor(workingFolder: string) {
    this.#workingFolder = workingFolder
    this.#identity = identityOf(this.#path)
    this.#store = new WorkingStore(this.#path, 'read')
    try {
      this.#index = new KeywordIndex(join(workingFolder, keywordFile))
    } catch (error) {
      this.#store[Symbol.dispose]()
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.#index[Symbol.dispose]()
    this.#store[Symbol.dispose]()
  }

  get #path(): string {
    return join(this.#workingFolder, workingFile)
  }

  /** Takes in a page of what is not in the index yet. */
  step(): KeywordProgress {
    this.#reopen()
    return this.#store.database.transaction(() => {
      this.#store.forgetSections()
      this.#begin()
      if (this.#index.meta('filled') === null) this.#fill()
      else this.#followChanges(pageNodes)
      return this.#progress()
    })()
  }

  /** Best first; null while too much is not in the index yet. */
  query({ terms, topK, filters }: KeywordQuery): ScoredNode[] | null {
    this.#reopen()
    return this.#store.database.transaction(() => {
      this.#store.forgetSections()
      this.#begin()
      if (this.#index.meta('filled') === null) return null
      this.#followChanges(mostChanges)
      return this.#changesLeft() > 0 ? null : this.#search(terms, topK, filters ?? null)
    })()
  }

  keys(): SearchKey[] {
    return this.#index.keys()
  }

  /** How many changes need not be noted any more. */
  get taken(): number {
    return Number(this.#index.meta('sequence') ?? 0)
  }

  /** A working store that was made anew is another file. */
  #reopen(): void {
    const identity = identityOf(this.#path)
    if (identity === null || identity === this.#identity) return
    const store = new WorkingStore(this.#path, 'read')
    this.#store[Symbol.dispose]()
    this.#store = store
    this.#identity = identity
  }

  /** Another run of changes is another index. */
  #begin(): void {
    const { database } = this.#store
    const run = nodeChangesRun(database) ?? ''
    if (this.#index.meta('run') === run && nodeChangesAfter(database, this.taken, 1) !== null) return
    this.#index.clear()
    this.#index.transaction(() => {
      this.#index.setMeta('run', run)
      this.#index.setMeta('sequence', String(lastNodeChange(database)))
    })
  }

  #nodes(): SectionRow | undefined {
    return this.#store.sections().find(({ role }) => role === 'nodes')
  }

  #fill(): void {
    const section = this.#nodes()
    const after = Number(this.#index.meta('position') ?? 0)
    // The plus keeps SQLite from an index in which it would sort the whole section for each page.
    const page = (
      section
        ? this.#store
            .statement('SELECT id, key, value FROM entries WHERE +section = ? AND id > ? ORDER BY id LIMIT ?')
            .all(section.id, after, fillNodes)
        : []
    ) as { id: number; key: string; value: Buffer }[]
    this.#index.transaction(() => {
      if (section) for (const { key, value } of page) this.#put(section, key, value.toString('utf8'))
      const last = page.at(-1)
      if (last) this.#index.setMeta('position', String(last.id))
      if (page.length < fillNodes) this.#index.setMeta('filled', 'yes')
    })
  }

  #followChanges(limit: number): void {
    const changes = nodeChangesAfter(this.#store.database, this.taken, limit) ?? []
    const last = changes.at(-1)
    if (!last) return
    const section = this.#nodes()
    this.#index.transaction(() => {
      for (const { key } of changes) {
        const value = section ? this.#store.get(section.id, key) : null
        if (section && value !== null) this.#put(section, key, value)
        else this.#index.remove(key)
      }
      this.#index.setMeta('sequence', String(last.sequence))
    })
  }

  #put({ file }: SectionRow, key: string, entry: string): void {
    if (isDocument.test(entry)) {
      this.#index.remove(key)
      return
    }
    const { text, metadata, refDocId } = readNode(originalKey(key), entry, file)
    this.#index.put({
      key,
      text,
      // As node_to_metadata_dict: filters may ask for the document.
      metadata:
        refDocId === null
          ? metadata
          : { ...metadata, document_id: refDocId, doc_id: refDocId, ref_doc_id: refDocId },
      source: pathOf(metadata),
    })
  }

  #changesLeft(): number {
    const { database } = this.#store
    return Math.max(0, lastNodeChange(database) - this.taken)
  }

  #progress(): KeywordProgress {
    const total = this.#store.count(this.#nodes()?.id)
    const isFilled = this.#index.meta('filled') !== null
    return {
      done: isFilled ? Math.max(0, total - this.#changesLeft()) : this.#index.nodes,
      total,
      ready: isFilled && this.#changesLeft() === 0,
    }
  }

  /** Only nodes that a search by vector may find, where the folder has vectors: an index may have forgotten a node that the docstore has. */
  #search(terms: readonly QueryTerm[], topK: number, filters: MetadataFilters | null): ScoredNode[] {
    const { vectorStore } = layoutOf(this.#store)
    const isSearched = vectorStore === null || vectorStore.rows === 0 ? null : this.#searched(vectorStore.id)
    for (let limit = topK; ; limit *= 4) {
      const found = this.#index.search(terms, limit, filters)
      const hits = isSearched ? found.filter(({ key }) => isSearched(key)) : found
      if (hits.length >= topK || found.length < limit)
        return hits.slice(0, topK).map(({ key, score }) => ({ nodeId: originalKey(key), score }))
    }
  }

  #searched(vectorStore: number): (key: string) => boolean {
    const masked = this.#store.statement('SELECT 1 FROM masked WHERE store = ? AND row = ?')
    return (key) => {
      const row = this.#store.rowOf(vectorStore, key)
      return row !== null && masked.get(vectorStore, row) === undefined
    }
  }
}
