/** Search as you type: one session for each knowledge base; the last call is cancelled by the next. */
import { isCancelled, type CommandInput, type ErrorShape, type SearchAnswer, type SearchHit } from '#contract'
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
  /** Other knowledge bases that are searched at the same time. */
  readonly alsoIn: readonly string[]
  /** Whether it is searched by keyword whatever the mode is, because its model does not fit. */
  readonly keywordOnly: boolean
}

export interface SearchSlice {
  readonly sessions: Readonly<Record<string, SearchSession>>
  readonly setQuery: (knowledgeBaseId: string, query: string) => void
  /** Asks the current query anew, when the index or the way of searching has changed. */
  readonly searchAgain: (knowledgeBaseId: string) => void
  /** Asks it anew while files are being indexed, now and then, so that what is found keeps up. */
  readonly indexGrew: (knowledgeBaseId: string) => void
  readonly setAlsoIn: (knowledgeBaseId: string, alsoIn: readonly string[]) => void
  readonly setKeywordOnly: (knowledgeBaseId: string, keywordOnly: boolean) => void
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
  alsoIn: [],
  keywordOnly: false,
}

/** How often an answer keeps up with a growing index: seldom enough that reading is not disturbed. */
const keepUpMs = 2000
/** An answer that stood this long was looked at, and its query is worth remembering. */
const lookedAtMs = 2500

export const createSearchSlice: SliceCreator<SearchSlice> = ({ client, set, get }) => {
  const running = new Map<string, AbortController>()
  const searchedAt = new Map<string, number>()
  /** What each session's answer answers, with all options. */
  const answered = new Map<string, string>()

  const sessionOf = (id: string): SearchSession => get().sessions[id] ?? emptySession

  const update = (id: string, change: Partial<SearchSession>): void => {
    set(({ sessions }) => ({
      sessions: { ...sessions, [id]: { ...(sessions[id] ?? emptySession), ...change } },
    }))
  }

  function inputOf(id: string): CommandInput<'search.query'> {
    const { byDocument, ...options } = get().searchOptions
    const { query, alsoIn, keywordOnly } = sessionOf(id)
    const listed = new Set(get().knowledgeBases.map((knowledgeBase) => knowledgeBase.id))
    return {
      ...options,
      ...(keywordOnly && { mode: 'keyword' as const }),
      group: byDocument ? 'document' : null,
      knowledgeBaseId: id,
      alsoIn: alsoIn.filter((other) => listed.has(other)),
      query: query.trim(),
    }
  }

  async function search(id: string): Promise<void> {
    running.get(id)?.abort()
    const { query, answeredQuery } = sessionOf(id)
    if (query !== answeredQuery) get().foldAll()
    if (query.trim() === '') {
      running.delete(id)
      update(id, { answer: null, answeredQuery: '', searching: false, error: null, activeIndex: -1 })
      return
    }
    const controller = new AbortController()
    const { signal } = controller
    running.set(id, controller)
    searchedAt.set(id, Date.now())
    update(id, { searching: true })
    try {
      const input = inputOf(id)
      const answer = await client.call('search.query', input, { signal })
      if (signal.aborted) return
      const asked = JSON.stringify(input)
      const activeIndex = nextActive(sessionOf(id), answered.get(id) === asked, answer)
      answered.set(id, asked)
      update(id, { answer, answeredQuery: query, searching: false, error: null, activeIndex })
      askAgainWhenBuilt(id, answer, signal)
    } catch (error) {
      if (signal.aborted) return
      update(id, { searching: false, ...(isCancelled(error) ? {} : { error: describeError(error) }) })
    }
  }

  /** Words are found as soon as they can be looked for. */
  function askAgainWhenBuilt(id: string, { notices }: SearchAnswer, signal: AbortSignal): void {
    if (!notices.some(({ reason }) => reason === 'keywords-building')) return
    setTimeout(() => {
      if (!signal.aborted) void search(id)
    }, keepUpMs)
  }

  /** What is typed over was worth an answer, when that answer was looked at. */
  function noteBeforeLeaving(id: string): void {
    const { answer, answeredQuery } = sessionOf(id)
    const looked = Date.now() - (searchedAt.get(id) ?? Infinity) >= lookedAtMs
    if (looked && answer !== null && answer.hits.length > 0) get().noteSearch(id, answeredQuery)
  }

  return {
    sessions: {},
    setQuery(id, query) {
      noteBeforeLeaving(id)
      update(id, { query })
      void search(id)
    },
    searchAgain(id) {
      if (sessionOf(id).query.trim() !== '') void search(id)
    },
    indexGrew(id) {
      const now = Date.now()
      if (sessionOf(id).searching || now - (searchedAt.get(id) ?? 0) < keepUpMs) return
      get().searchAgain(id)
    },
    setAlsoIn(id, alsoIn) {
      update(id, { alsoIn })
      get().searchAgain(id)
    },
    setKeywordOnly(id, keywordOnly) {
      update(id, { keywordOnly, error: null })
      get().searchAgain(id)
    },
    setActiveHit: (id, activeIndex) => update(id, { activeIndex }),
    openHit(id, hit) {
      const { openSource, appInfo } = get()
      const shown = openSource?.hit.nodeId === hit.nodeId && openSource.source !== null
      if (shown && appInfo?.canOpenFiles && openSource.source.fileExists) {
        void get().openFile(knowledgeBaseOf(hit, id), hit.nodeId)
      } else if (!shown) {
        void get().showSource(id, hit)
      }
    },
  }
}

/** The knowledge base that a hit is from: not always the one that is on screen. */
export function knowledgeBaseOf({ knowledgeBaseId }: SearchHit, sessionId: string): string {
  return knowledgeBaseId ?? sessionId
}

/** A new question begins at its best hit; the same one, asked again, stays at the hit that was gone to, wherever that is now. */
function nextActive(before: SearchSession, sameQuestion: boolean, answer: SearchAnswer): number {
  const best = answer.hits.length > 0 ? 0 : -1
  if (!sameQuestion || before.activeIndex <= 0) return best
  const nodeId = before.answer?.hits[before.activeIndex]?.nodeId
  const at = answer.hits.findIndex((hit) => hit.nodeId === nodeId)
  return at >= 0 ? at : best
}
