/** The source of one hit: beside the results, or its whole document over them for a quick look. */
import { isCancelled, type ErrorShape, type NodeSource, type SearchHit } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'
import { citationOf, withCitation } from './citation.ts'
import { knowledgeBaseOf } from './search-slice.ts'

export interface OpenSource {
  /** The search that found it. */
  readonly sessionId: string
  readonly knowledgeBaseId: string
  readonly hit: SearchHit
  readonly source: NodeSource | null
  readonly error: ErrorShape | null
}

export interface SourceSlice {
  /** Beside the results. */
  readonly openSource: OpenSource | null
  /** Over the results. */
  readonly quickLook: OpenSource | null
  readonly showSource: (sessionId: string, hit: SearchHit) => Promise<void>
  readonly closeSource: () => void
  readonly showQuickLook: (sessionId: string, hit: SearchHit) => Promise<void>
  readonly closeQuickLook: () => void
  /** The hit's file in its own program. */
  readonly openFile: (knowledgeBaseId: string, nodeId: string) => Promise<void>
  readonly revealPath: (path: string) => Promise<void>
  readonly copyHit: (hit: SearchHit) => Promise<void>
}

export const createSourceSlice: SliceCreator<SourceSlice> = ({ client, set, get }) => {
  /** Loads what one of the two places shows; the newest call for a place is the one that counts. */
  function place(whole: boolean, show: (open: OpenSource | null) => void) {
    let current = new AbortController()
    return {
      open: async (sessionId: string, hit: SearchHit): Promise<void> => {
        current.abort()
        const { signal } = (current = new AbortController())
        get().noteSearch(sessionId, get().sessions[sessionId]?.answeredQuery ?? '')
        const knowledgeBaseId = knowledgeBaseOf(hit, sessionId)
        const opening = { sessionId, knowledgeBaseId, hit, source: null, error: null }
        show(opening)
        try {
          const source = await client.call(
            'search.source',
            { knowledgeBaseId, nodeId: hit.nodeId, whole },
            { signal },
          )
          if (!signal.aborted) show({ ...opening, source })
        } catch (error) {
          if (signal.aborted || isCancelled(error)) return
          show({ ...opening, error: describeError(error) })
        }
      },
      close: (): void => {
        current.abort()
        show(null)
      },
    }
  }

  const beside = place(false, (openSource) => set({ openSource }))
  const over = place(true, (quickLook) => set({ quickLook }))
  return {
    openSource: null,
    quickLook: null,
    showSource: beside.open,
    closeSource: beside.close,
    showQuickLook: over.open,
    closeQuickLook: over.close,
    async openFile(knowledgeBaseId, nodeId) {
      try {
        await client.call('files.open', { knowledgeBaseId, nodeId })
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
    copyHit: (hit) => get().copy(withCitation(hit.text, citationOf(hit)), 'Copied with its source'),
  }
}
