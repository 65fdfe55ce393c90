/** Search as you type: one session for each knowledge base; the last call is cancelled by the next. */
import { isCancelled, type ErrorShape, type SearchAnswer } from '#contract'
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
      const sameQuery = get().sessions[id]?.answeredQuery === query
      update(id, {
        answer,
        answeredQuery: query,
        searching: false,
        error: null,
        ...(sameQuery ? {} : { activeIndex: answer.hits.length > 0 ? 0 : -1 }),
      })
    } catch (error) {
      if (controller.signal.aborted) return
      update(id, { searching: false, ...(isCancelled(error) ? {} : { error: describeError(error) }) })
    }
  }

  return {
    sessions: {},
    topK: 10,
    setQuery(id, query) {
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
  }
}
