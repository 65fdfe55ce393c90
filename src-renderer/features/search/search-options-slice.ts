/** How searches are done in this window, kept over its restarts. */
import type { Fusion, SearchMode } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { recall, remember } from '../../store/remembered.ts'

export interface SearchChoices {
  readonly mode: SearchMode
  readonly fusion: Fusion
  /** MMR's lambda: from 0, as different from each other as can be, to 1, as near to the query as can be; null: off. */
  readonly mmr: number | null
  /** Whether nearly equal passages are one hit. */
  readonly collapse: boolean
  readonly byDocument: boolean
  /** similarity_top_k */
  readonly topK: number
}

export interface SearchOptionsSlice {
  readonly searchOptions: SearchChoices
  /** Changes how all searches are done, and asks the one on screen again. */
  readonly setSearchOptions: (change: Partial<SearchChoices>) => void
  /** Goes on to the next mode. */
  readonly nextSearchMode: () => void
}

export const searchModes: readonly SearchMode[] = ['hybrid', 'vector', 'keyword']
export const choicesOfTopK: readonly number[] = [10, 25, 50, 100, 250, 1000]

const usual: SearchChoices = {
  mode: 'hybrid',
  fusion: 'reciprocal-rank',
  mmr: null,
  collapse: true,
  byDocument: false,
  topK: 25,
}

const storageKey = 'search-options'

export const createSearchOptionsSlice: SliceCreator<SearchOptionsSlice> = ({ set, get }) => ({
  searchOptions: readChoices(recall(storageKey)),
  setSearchOptions(change) {
    const searchOptions = { ...get().searchOptions, ...change }
    set({ searchOptions })
    remember(storageKey, JSON.stringify(searchOptions))
    const { selectedId } = get()
    if (selectedId !== null) get().searchAgain(selectedId)
  },
  nextSearchMode() {
    const { selectedId, sessions, searchOptions } = get()
    const keywordOnly = selectedId !== null && sessions[selectedId]?.keywordOnly === true
    if (keywordOnly) get().setKeywordOnly(selectedId, false)
    const at = searchModes.indexOf(keywordOnly ? 'keyword' : searchOptions.mode)
    get().setSearchOptions({ mode: searchModes[(at + 1) % searchModes.length] ?? 'hybrid' })
  },
})

function readChoices(text: string | null): SearchChoices {
  if (text === null) return usual
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return usual
  }
  if (typeof value !== 'object' || value === null) return usual
  const { mode, fusion, mmr, collapse, byDocument, topK }: { [Name in keyof SearchChoices]?: unknown } = value
  return {
    mode: searchModes.find((known) => known === mode) ?? usual.mode,
    fusion: fusion === 'relative-score' ? fusion : usual.fusion,
    mmr: typeof mmr === 'number' && mmr >= 0 && mmr <= 1 ? mmr : null,
    collapse: collapse !== false,
    byDocument: byDocument === true,
    topK: choicesOfTopK.find((known) => known === topK) ?? usual.topK,
  }
}
