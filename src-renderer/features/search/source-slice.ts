/** The source of one hit, shown beside the results. */
import { isCancelled, type ErrorShape, type NodeSource, type SearchHit } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'

export interface OpenSource {
  readonly knowledgeBaseId: string
  readonly hit: SearchHit
  /** What was searched for, to mark its words. */
  readonly query: string
  readonly source: NodeSource | null
  readonly error: ErrorShape | null
}

export interface SourceSlice {
  readonly openSource: OpenSource | null
  readonly showSource: (knowledgeBaseId: string, hit: SearchHit, query: string) => Promise<void>
  readonly closeSource: () => void
  readonly openFile: () => Promise<void>
  readonly revealPath: (path: string) => Promise<void>
}

export const createSourceSlice: SliceCreator<SourceSlice> = ({ client, set, get }) => {
  let current = new AbortController()
  return {
    openSource: null,
    async showSource(knowledgeBaseId, hit, query) {
      current.abort()
      const { signal } = (current = new AbortController())
      const opening: OpenSource = { knowledgeBaseId, hit, query, source: null, error: null }
      set({ openSource: opening })
      try {
        const source = await client.call('search.source', { knowledgeBaseId, nodeId: hit.nodeId }, { signal })
        if (!signal.aborted) set({ openSource: { ...opening, source } })
      } catch (error) {
        if (signal.aborted || isCancelled(error)) return
        set({ openSource: { ...opening, error: describeError(error) } })
      }
    },
    closeSource() {
      current.abort()
      set({ openSource: null })
    },
    async openFile() {
      const { openSource } = get()
      if (openSource === null) return
      try {
        const { knowledgeBaseId, hit } = openSource
        await client.call('files.open', { knowledgeBaseId, nodeId: hit.nodeId })
      } catch (error) {
        get().notifyError(error)
      }
    },
    async revealPath(path) {
      try {
        await client.call('files.reveal', { path })
      } catch (error) {
        get().notifyError(error)
      }
    },
  }
}
