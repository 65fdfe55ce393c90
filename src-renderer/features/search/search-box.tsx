/** The search box: asks as you type; arrows go to the results, Enter shows the source, Escape clears. */
import { Search, X } from 'lucide-react'
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react'
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { IconButton } from '../../ui/button.tsx'
import { Keys } from '../../ui/keys.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { CompletionList } from './completion-list.tsx'
import {
  completionId,
  completionOptionId,
  focusElement,
  hitElementId,
  pastSearchesId,
  resultsId,
  searchBoxId,
} from './element-ids.ts'
import { QueryBackdrop } from './query-backdrop.tsx'
import './search-box.css'
import { useCompletion, type Completion } from './use-completion.ts'
import { useHitCopy } from './use-hit-copy.ts'
import { useHitKeys } from './use-hit-keys.ts'
import { useParsedQuery } from './use-parsed-query.ts'
import { useSession } from './use-session.ts'

export function SearchBox({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, name, nodes } = knowledgeBase
  const input = useRef<HTMLInputElement>(null)
  const cursor = useRef<number | null>(null)
  const [scrollLeft, setScrollLeft] = useState(0)
  const focusRequests = useApp((state) => state.searchFocusRequests)
  const setQuery = useApp((state) => state.setQuery)
  const loadSearchKeys = useApp((state) => state.loadSearchKeys)
  const lastSearch = useApp((state) => state.pastSearches.find((past) => past.knowledgeBaseId === id))
  const { inBox } = useHitKeys(id)
  const { query, answer, activeIndex, searching } = useSession(id)
  const { parts } = useParsedQuery(id)
  const hits = answer?.hits ?? []
  const onCopy = useHitCopy(hits[activeIndex])
  const { completion, takeKey, accept, moved, close } = useCompletion(id, query, (completed, at) => {
    cursor.current = at
    setQuery(id, completed)
  })

  useEffect(() => {
    if (nodes > 0) void loadSearchKeys(id)
  }, [id, nodes, loadSearchKeys])

  useEffect(() => {
    // what is being typed is not to be typed over
    if (document.activeElement === input.current || document.querySelector('dialog[open]') !== null) return
    input.current?.focus()
    input.current?.select()
  }, [focusRequests])

  useLayoutEffect(() => {
    if (cursor.current !== null) input.current?.setSelectionRange(cursor.current, cursor.current)
    cursor.current = null
  }, [query])

  const whileEmpty = (event: KeyboardEvent): boolean => {
    if (query !== '' || lastSearch === undefined) return false
    if (event.key === 'ArrowUp') setQuery(id, lastSearch.query)
    return event.key === 'ArrowUp' || (event.key === 'ArrowDown' && focusElement(pastSearchesId))
  }

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if ((event.metaKey || event.ctrlKey) && event.key === 'k') event.currentTarget.select()
    if (takeKey(event) || inBox(event) || whileEmpty(event)) event.preventDefault()
    else if (event.key === 'Escape' && query !== '') {
      event.preventDefault()
      setQuery(id, '')
    }
  }

  return (
    <div className="search-box">
      <Search size={17} aria-hidden className="search-box-icon" />
      <QueryBackdrop query={query} parts={parts} scrollLeft={scrollLeft} />
      <input
        ref={input}
        id={searchBoxId}
        type="text"
        role="combobox"
        aria-label={`Search ${name}`}
        aria-expanded={completion !== null || hits.length > 0}
        aria-controls={completion === null ? resultsId : completionId}
        aria-autocomplete="list"
        aria-activedescendant={activeDescendant(completion, hits.length > 0 ? activeIndex : -1)}
        placeholder="Ask or describe what you are looking for"
        autoComplete="off"
        spellCheck={false}
        value={query}
        onChange={(event) => {
          setQuery(id, event.target.value)
          moved(event.target.selectionStart, event.target.value)
        }}
        onSelect={(event) => moved(event.currentTarget.selectionStart)}
        onScroll={(event) => setScrollLeft(event.currentTarget.scrollLeft)}
        onBlur={close}
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
      {completion !== null && (
        <CompletionList
          completion={completion}
          textBefore={query.slice(0, completion.start)}
          onAccept={accept}
        />
      )}
    </div>
  )
}

function activeDescendant(completion: Completion | null, activeHit: number): string | undefined {
  if (completion !== null) return completion.chosen < 0 ? undefined : completionOptionId(completion.chosen)
  return activeHit < 0 ? undefined : hitElementId(activeHit)
}
