/** What the worker answers that keeps the keyword index of something that only the main process can read. */
import type { SearchKey } from '#contract'
import type { MetadataFilters } from '#engine/stores/metadata-filters.ts'
import { KeywordIndex, type IndexedNode, type KeywordHit } from './keyword-index.ts'
import type { QueryTerm } from './query-terms.ts'

export type KeywordIndexMethods = ReturnType<typeof keywordIndexMethods>

export interface IndexedChange {
  readonly removedKeys: readonly string[]
  /** Documents, as their nodes' metadata name them. */
  readonly removedRefDocIds: readonly string[]
  readonly nodes: readonly IndexedNode[]
}

export interface IndexedQuery {
  /** Of what the index is asked; another state is no answer. */
  readonly state: string
  readonly terms: readonly QueryTerm[]
  readonly topK: number
  readonly filters: MetadataFilters | null
}

/** Under `meta`: of what state the index is; absent while it is filled. */
const stateKey = 'state'

export function keywordIndexMethods(path: string) {
  let index: KeywordIndex | undefined
  const open = (): KeywordIndex => (index ??= new KeywordIndex(path))
  const finish = (state: string): void => open().setMeta(stateKey, state)
  return {
    state: (_: null): string | null => open().meta(stateKey),
    clear: (_: null): void => open().clear(),
    put(nodes: readonly IndexedNode[]): void {
      const opened = open()
      opened.transaction(() => nodes.forEach((node) => opened.put(node)))
    },
    finish,
    /** The index is of the state after it. */
    change({ change, state }: { readonly change: IndexedChange; readonly state: string }): void {
      const opened = open()
      opened.transaction(() => {
        for (const key of [...opened.keysOfDocuments(change.removedRefDocIds), ...change.removedKeys])
          opened.remove(key)
        for (const node of change.nodes) opened.put(node)
        finish(state)
      })
    },
    query({ state, terms, topK, filters }: IndexedQuery): KeywordHit[] | null {
      return open().meta(stateKey) === state ? open().search(terms, topK, filters) : null
    },
    keys: (_: null): SearchKey[] => open().keys(),
    close(_: null): void {
      index?.[Symbol.dispose]()
      index = undefined
    },
  }
}
