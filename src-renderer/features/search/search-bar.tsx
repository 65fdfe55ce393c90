/** How is searched, below the search box: the mode, filters, by document, where else, and what is rarely changed. */
import { FileStack } from 'lucide-react'
import type { KnowledgeBase, SearchMode } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { AddFilter, FilterChips } from './filter-chips.tsx'
import './search-bar.css'
import { SearchOptions } from './search-options.tsx'
import { searchModes } from './search-options-slice.ts'
import { SearchScope } from './search-scope.tsx'
import { SearchStatus } from './search-status.tsx'
import { useSession } from './use-session.ts'

export const modeLabels: Readonly<Record<SearchMode, string>> = {
  hybrid: 'Hybrid',
  vector: 'Vector',
  keyword: 'Keyword',
}

export function SearchBar({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id } = knowledgeBase
  const options = useApp((state) => state.searchOptions)
  const setSearchOptions = useApp((state) => state.setSearchOptions)
  const setKeywordOnly = useApp((state) => state.setKeywordOnly)
  const { keywordOnly } = useSession(id)
  return (
    <>
      <FilterChips sessionId={id} />
      <div className="search-bar" role="group" aria-label="How to search">
        <Segmented
          label="Mode"
          value={keywordOnly ? 'keyword' : options.mode}
          options={searchModes.map((mode) => ({ value: mode, label: modeLabels[mode] }))}
          onChange={(mode) => {
            if (keywordOnly) setKeywordOnly(id, false)
            setSearchOptions({ mode })
          }}
        />
        <AddFilter sessionId={id} />
        <button
          type="button"
          className="popover-face search-bar-toggle"
          aria-label="By document"
          aria-pressed={options.byDocument}
          title="The best passages of each document together"
          onClick={() => setSearchOptions({ byDocument: !options.byDocument })}
        >
          <FileStack size={15} aria-hidden />
          <span className="search-bar-word">By document</span>
        </button>
        <SearchScope knowledgeBase={knowledgeBase} />
        <SearchOptions />
        <SearchStatus sessionId={id} />
      </div>
    </>
  )
}
