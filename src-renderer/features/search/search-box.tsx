/** The search box: asks as you type; arrows move through the results, Enter shows the source, Escape clears. */
import { Search, X } from 'lucide-react'
import { useEffect, useRef, type KeyboardEvent } from 'react'
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { IconButton } from '../../ui/button.tsx'
import { Keys } from '../../ui/keys.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { hitElementId, resultsId } from './element-ids.ts'
import './search-box.css'
import { useSession } from './use-session.ts'

const pageStep = 5

export function SearchBox({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, name } = knowledgeBase
  const input = useRef<HTMLInputElement>(null)
  const focusRequests = useApp((state) => state.searchFocusRequests)
  const setQuery = useApp((state) => state.setQuery)
  const setActiveHit = useApp((state) => state.setActiveHit)
  const showSource = useApp((state) => state.showSource)
  const closeSource = useApp((state) => state.closeSource)
  const sourceOpen = useApp((state) => state.openSource !== null)
  const session = useSession(id)
  const { query, answer, answeredQuery, activeIndex, searching } = session
  const hits = answer?.hits ?? []

  useEffect(() => {
    if (document.querySelector('dialog[open]') !== null) return
    input.current?.focus()
    input.current?.select()
  }, [focusRequests])

  const moveTo = (index: number): void => {
    const bounded = Math.min(Math.max(index, 0), hits.length - 1)
    const hit = hits[bounded]
    if (hit === undefined) return
    setActiveHit(id, bounded)
    // a panel that is open follows the arrows
    if (sourceOpen) void showSource(id, hit, answeredQuery)
  }

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'ArrowDown') moveTo(activeIndex + 1)
    else if (event.key === 'ArrowUp') moveTo(activeIndex - 1)
    else if (event.key === 'PageDown') moveTo(activeIndex + pageStep)
    else if (event.key === 'PageUp') moveTo(activeIndex - pageStep)
    else if (event.key === 'Enter') {
      const hit = hits[activeIndex]
      if (hit !== undefined) void showSource(id, hit, answeredQuery)
    } else if (event.key === 'Escape' && sourceOpen) closeSource()
    else if (event.key === 'Escape' && query !== '') setQuery(id, '')
    else return
    event.preventDefault()
  }

  return (
    <div className="search-box">
      <Search size={17} aria-hidden className="search-box-icon" />
      <input
        ref={input}
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
