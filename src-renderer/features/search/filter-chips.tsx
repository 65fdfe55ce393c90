/** What narrows the search, as chips: each says what it does and can be taken away; more are chosen from a list. */
import { ListFilter, X } from 'lucide-react'
import { queryKeys, withoutPart } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { classNames } from '../../ui/class-names.ts'
import { Popover } from '../../ui/popover.tsx'
import { focusElement, searchBoxId } from './element-ids.ts'
import './filter-chips.css'
import { keyMeaning, partWords } from './filter-words.ts'
import { isMarked } from './query-backdrop.tsx'
import { useParsedQuery, useSearchKeys } from './use-parsed-query.ts'
import { useSession } from './use-session.ts'

export function FilterChips({ sessionId }: { readonly sessionId: string }) {
  const { query } = useSession(sessionId)
  const { parts } = useParsedQuery(sessionId)
  const setQuery = useApp((state) => state.setQuery)
  const marked = parts.filter((part) => isMarked(part) && part.complete)
  if (marked.length === 0) return null
  return (
    <ul className="filter-chips" aria-label="What narrows this search">
      {marked.map((part) => (
        <li key={part.start} className={classNames('filter-chip', part.excluded && 'filter-chip-excluded')}>
          {partWords(part)}
          <button
            type="button"
            aria-label={`Remove ${query.slice(part.start, part.end)}`}
            onClick={() => {
              setQuery(sessionId, withoutPart(query, part))
              focusElement(searchBoxId)
            }}
          >
            <X size={12} aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  )
}

/** Puts a key into the search box, which then completes its values. */
export function AddFilter({ sessionId }: { readonly sessionId: string }) {
  const keys = useSearchKeys(sessionId)
  const { query } = useSession(sessionId)
  const setQuery = useApp((state) => state.setQuery)
  const names = [...new Set([...queryKeys, ...keys.map(({ key }) => key)])]
  return (
    <Popover
      title="Filters"
      label="Add a filter"
      face={
        <>
          <ListFilter size={15} aria-hidden />
          <span className="search-bar-word">Filter</span>
        </>
      }
    >
      {(close) => (
        <>
          <ul className="filter-keys">
            {names.map((name) => (
              <li key={name}>
                <button
                  type="button"
                  onClick={() => {
                    close()
                    setQuery(sessionId, `${query} ${name}:`.trimStart())
                    requestAnimationFrame(writeOn)
                  }}
                >
                  <code>{name}:</code>
                  <span>{keyMeaning(name)}</span>
                </button>
              </li>
            ))}
          </ul>
          <dl className="filter-syntax">
            <div>
              <dt>
                <code>&quot;…&quot;</code>
              </dt>
              <dd>these words one after the other</dd>
            </div>
            <div>
              <dt>
                <code>-word</code>
              </dt>
              <dd>without the word, or the filter</dd>
            </div>
            <div>
              <dt>
                <code>begin*</code>
              </dt>
              <dd>words that begin so</dd>
            </div>
          </dl>
        </>
      )}
    </Popover>
  )
}

/** Puts the cursor behind what is in the search box, once it is there. */
function writeOn(): void {
  const box = document.getElementById(searchBoxId)
  if (!(box instanceof HTMLInputElement)) return
  box.focus()
  box.setSelectionRange(box.value.length, box.value.length)
}
