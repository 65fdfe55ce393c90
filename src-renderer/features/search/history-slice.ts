/** Searches that led somewhere: what was asked of each knowledge base, newest first, kept by this window. */
import type { SliceCreator } from '../../store/app-state.ts'
import { recall, remember } from '../../store/remembered.ts'

export interface PastSearch {
  readonly knowledgeBaseId: string
  readonly query: string
}

export interface HistorySlice {
  readonly pastSearches: readonly PastSearch[]
  readonly noteSearch: (knowledgeBaseId: string, query: string) => void
  readonly forgetSearch: (past: PastSearch) => void
  readonly forgetSearches: (knowledgeBaseId: string) => void
}

const keptAtMost = 200
const storageKey = 'searches'

export const createHistorySlice: SliceCreator<HistorySlice> = ({ set, get }) => {
  const keep = (pastSearches: readonly PastSearch[]): void => {
    set({ pastSearches })
    remember(storageKey, pastSearches.length === 0 ? null : JSON.stringify(pastSearches))
  }
  return {
    pastSearches: readPast(recall(storageKey)),
    noteSearch(knowledgeBaseId, query) {
      const asked = query.trim()
      if (asked === '') return
      const before = get().pastSearches
      if (before[0]?.query === asked && before[0].knowledgeBaseId === knowledgeBaseId) return
      const others = before.filter(
        (past) => past.knowledgeBaseId !== knowledgeBaseId || !isSameSearch(past.query, asked),
      )
      keep([{ knowledgeBaseId, query: asked }, ...others].slice(0, keptAtMost))
    },
    forgetSearch: (past) => keep(get().pastSearches.filter((other) => other !== past)),
    forgetSearches(knowledgeBaseId) {
      keep(get().pastSearches.filter((past) => past.knowledgeBaseId !== knowledgeBaseId))
    },
  }
}

/** The same words, or an earlier state of them that was typed on. */
function isSameSearch(before: string, now: string): boolean {
  const [older, newer] = [before.toLowerCase(), now.toLowerCase()]
  return newer === older || newer.startsWith(older)
}

function readPast(text: string | null): PastSearch[] {
  if (text === null) return []
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.filter(isPastSearch) : []
  } catch {
    // another version's, or cut off: the window then starts without a history
    return []
  }
}

function isPastSearch(value: unknown): value is PastSearch {
  if (typeof value !== 'object' || value === null) return false
  const { knowledgeBaseId, query }: Partial<Record<keyof PastSearch, unknown>> = value
  return typeof knowledgeBaseId === 'string' && typeof query === 'string'
}
