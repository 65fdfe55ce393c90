/** What was searched for before, to be asked again: arrows move, Enter asks, Delete forgets. */
import { History, X } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useApp } from '../../store/use-app.ts'
import { IconButton } from '../../ui/button.tsx'
import { focusElement, pastSearchesId, searchBoxId } from './element-ids.ts'
import type { PastSearch } from './history-slice.ts'

const shownAtMost = 8

export function PastSearches({ knowledgeBaseId }: { readonly knowledgeBaseId: string }) {
  const pastSearches = useApp((state) => state.pastSearches)
  const setQuery = useApp((state) => state.setQuery)
  const forgetSearch = useApp((state) => state.forgetSearch)
  const forgetSearches = useApp((state) => state.forgetSearches)
  const shown = pastSearches.filter((past) => past.knowledgeBaseId === knowledgeBaseId).slice(0, shownAtMost)
  if (shown.length === 0) return null

  const ask = (past: PastSearch): void => {
    setQuery(knowledgeBaseId, past.query)
    focusElement(searchBoxId)
  }

  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const buttons = Array.from(event.currentTarget.querySelectorAll<HTMLElement>('.past-search'))
    const at = buttons.findIndex((button) => button === document.activeElement)
    const past = shown[at]
    if (past === undefined) return
    if (event.key === 'ArrowDown') buttons[Math.min(at + 1, buttons.length - 1)]?.focus()
    else if (event.key === 'ArrowUp') (buttons[at - 1] ?? document.getElementById(searchBoxId))?.focus()
    else if (event.key === 'Escape') focusElement(searchBoxId)
    else if (event.key === 'Delete' || event.key === 'Backspace') {
      // the focus goes first: with its button it would be lost
      ;(buttons[at + 1] ?? buttons[at - 1] ?? document.getElementById(searchBoxId))?.focus()
      forgetSearch(past)
    } else {
      if (event.key.length === 1 && event.key !== ' ') focusElement(searchBoxId)
      return
    }
    event.preventDefault()
  }

  return (
    <section className="before-search-part" aria-labelledby="past-searches-heading">
      <h3 id="past-searches-heading">
        Recent searches
        <button type="button" className="quiet-link" onClick={() => forgetSearches(knowledgeBaseId)}>
          Forget them
        </button>
      </h3>
      <ul className="past-searches" onKeyDown={onKeyDown}>
        {shown.map((past, index) => (
          <li key={past.query}>
            <button
              type="button"
              className="past-search"
              id={index === 0 ? pastSearchesId : undefined}
              onClick={() => ask(past)}
            >
              <History size={14} aria-hidden />
              <span>{past.query}</span>
            </button>
            <IconButton
              icon={X}
              label={`Forget “${past.query}”`}
              tabIndex={-1}
              onClick={() => forgetSearch(past)}
            />
          </li>
        ))}
      </ul>
    </section>
  )
}
