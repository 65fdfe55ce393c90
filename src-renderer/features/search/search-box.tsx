/** The search box: asks as you type; arrows go to the results, Enter shows the source, Escape clears. */
import { Search, X } from 'lucide-react'
import { useEffect, useRef, type KeyboardEvent } from 'react'
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { IconButton } from '../../ui/button.tsx'
import { Keys } from '../../ui/keys.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { focusElement, hitElementId, pastSearchesId, resultsId, searchBoxId } from './element-ids.ts'
import './search-box.css'
import { useHitCopy } from './use-hit-copy.ts'
import { useHitKeys } from './use-hit-keys.ts'
import { useSession } from './use-session.ts'

export function SearchBox({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, name } = knowledgeBase
  const input = useRef<HTMLInputElement>(null)
  const focusRequests = useApp((state) => state.searchFocusRequests)
  const setQuery = useApp((state) => state.setQuery)
  const lastSearch = useApp((state) => state.pastSearches.find((past) => past.knowledgeBaseId === id))
  const { inBox } = useHitKeys(id)
  const { query, answer, activeIndex, searching } = useSession(id)
  const hits = answer?.hits ?? []
  const onCopy = useHitCopy(hits[activeIndex])

  useEffect(() => {
    if (document.querySelector('dialog[open]') !== null) return
    input.current?.focus()
    input.current?.select()
  }, [focusRequests])

  const whileEmpty = (event: KeyboardEvent): boolean => {
    if (query !== '' || lastSearch === undefined) return false
    if (event.key === 'ArrowUp') setQuery(id, lastSearch.query)
    return event.key === 'ArrowUp' || (event.key === 'ArrowDown' && focusElement(pastSearchesId))
  }

  const onKeyDown = (event: KeyboardEvent): void => {
    if (inBox(event) || whileEmpty(event)) event.preventDefault()
    else if (event.key === 'Escape' && query !== '') {
      event.preventDefault()
      setQuery(id, '')
    }
  }

  return (
    <div className="search-box">
      <Search size={17} aria-hidden className="search-box-icon" />
      <input
        ref={input}
        id={searchBoxId}
        type="text"
        role="combobox"
        aria-label={`Search ${name}`}
        aria-expanded={hits.length > 0}
        aria-controls={resultsId}
        aria-autocomplete="list"
        aria-activedescendant={activeIndex >= 0 && hits.length > 0 ? hitElementId(activeIndex) : undefined}
        placeholder="Ask or describe what you are looking for"
        autoComplete="off"
        spellCheck={false}
        value={query}
        onChange={(event) => setQuery(id, event.target.value)}
        onKeyDown={onKeyDown}
        onCopy={onCopy}
      />
      {searching && answer === null && <Spinner label="Searching" />}
      {query === '' ? (
        <Keys keys={['Mod', 'K']} />
      ) : (
        <IconButton
          icon={X}
          label="Clear the search"
          onClick={() => {
            setQuery(id, '')
            input.current?.focus()
          }}
        />
      )}
    </div>
  )
}
