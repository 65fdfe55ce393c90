/** Search as you type: one session for each knowledge base; the last call is cancelled by the next. */
import { isCancelled, type ErrorShape, type SearchAnswer, type SearchHit } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'

export interface SearchSession {
  /** What is typed now. */
  readonly query: string
  /** The newest answer, and the query that it answers. */
  readonly answer: SearchAnswer | null
  readonly answeredQuery: string
  readonly searching: boolean
  readonly error: ErrorShape | null
  /** The hit that the arrow keys are at; -1 for none. */
  readonly activeIndex: number
}

export interface SearchSlice {
  readonly sessions: Readonly<Record<string, SearchSession>>
  /** similarity_top_k */
  readonly topK: number
  readonly setQuery: (knowledgeBaseId: string, query: string) => void
  readonly setTopK: (topK: number) => void
  /** Asks the current query anew, when the index has changed. */
  readonly searchAgain: (knowledgeBaseId: string) => void
  /** Asks it anew while files are being indexed, now and then, so that what is found keeps up. */
  readonly indexGrew: (knowledgeBaseId: string) => void
  readonly setActiveHit: (knowledgeBaseId: string, index: number) => void
  /** Shows the hit's source; a second time, where it is shown already, opens its file. */
  readonly openHit: (knowledgeBaseId: string, hit: SearchHit) => void
}

export const emptySession: SearchSession = {
  query: '',
  answer: null,
  answeredQuery: '',
  searching: false,
  error: null,
  activeIndex: -1,
}

/** How often an answer keeps up with a growing index: seldom enough that reading is not disturbed. */
const keepUpMs = 2000
/** An answer that stood this long was looked at, and its query is worth remembering. */
const lookedAtMs = 2500

export const createSearchSlice: SliceCreator<SearchSlice> = ({ client, set, get }) => {
  const running = new Map<string, AbortController>()
  const searchedAt = new Map<string, number>()

  const update = (id: string, change: Partial<SearchSession>): void => {
    set(({ sessions }) => ({
      sessions: { ...sessions, [id]: { ...(sessions[id] ?? emptySession), ...change } },
    }))
  }

  async function search(id: string, query: string): Promise<void> {
    running.get(id)?.abort()
    if (query.trim() === '') {
      running.delete(id)
      update(id, { answer: null, answeredQuery: '', searching: false, error: null, activeIndex: -1 })
      return
    }
    const controller = new AbortController()
    running.set(id, controller)
    searchedAt.set(id, Date.now())
    update(id, { searching: true })
    try {
      const input = { knowledgeBaseId: id, query: query.trim(), topK: get().topK }
      const answer = await client.call('search.query', input, { signal: controller.signal })
      if (controller.signal.aborted) return
      const activeIndex = nextActive(get().sessions[id], query, answer)
      update(id, { answer, answeredQuery: query, searching: false, error: null, activeIndex })
    } catch (error) {
      if (controller.signal.aborted) return
      update(id, { searching: false, ...(isCancelled(error) ? {} : { error: describeError(error) }) })
    }
  }

  /** What is typed over was worth an answer, when that answer was looked at. */
  function noteBeforeLeaving(id: string): void {
    const { answer, answeredQuery } = get().sessions[id] ?? emptySession
    const looked = Date.now() - (searchedAt.get(id) ?? Infinity) >= lookedAtMs
    if (looked && answer !== null && answer.hits.length > 0) get().noteSearch(id, answeredQuery)
  }

  return {
    sessions: {},
    topK: 10,
    setQuery(id, query) {
      noteBeforeLeaving(id)
      update(id, { query })
      void search(id, query)
    },
    setTopK(topK) {
      set({ topK })
      const { selectedId } = get()
      if (selectedId !== null) get().searchAgain(selectedId)
    },
    searchAgain(id) {
      const query = get().sessions[id]?.query ?? ''
      if (query.trim() !== '') void search(id, query)
    },
    indexGrew(id) {
      const now = Date.now()
      if (get().sessions[id]?.searching || now - (searchedAt.get(id) ?? 0) < keepUpMs) return
      get().searchAgain(id)
    },
    setActiveHit: (id, activeIndex) => update(id, { activeIndex }),
    openHit(id, hit) {
      const { openSource, appInfo } = get()
      const shown = openSource?.hit.nodeId === hit.nodeId && openSource.source !== null
      if (shown && appInfo?.canOpenFiles && openSource.source.fileExists) {
        void get().openFile(id, hit.nodeId)
      } else if (!shown) {
        void get().showSource(id, hit)
      }
    },
  }
}

/** A new query begins at its best hit; the same one, asked again, stays at the hit it was at, wherever that is now. */
function nextActive(before: SearchSession | undefined, query: string, answer: SearchAnswer): number {
  const best = answer.hits.length > 0 ? 0 : -1
  if (before?.answeredQuery !== query) return best
  const nodeId = before.answer?.hits[before.activeIndex]?.nodeId
  const at = answer.hits.findIndex((hit) => hit.nodeId === nodeId)
  return at >= 0 ? at : Math.min(Math.max(before.activeIndex, best), answer.hits.length - 1)
}
