/** Nothing was found: why that may be, with a button for each way on. */
import { SearchX } from 'lucide-react'
import { withoutPart, type KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { useIndexing } from '../ingest/use-indexing.ts'
import { focusElement, searchBoxId } from './element-ids.ts'
import { isMarked } from './query-backdrop.tsx'
import { useParsedQuery } from './use-parsed-query.ts'
import { useSession } from './use-session.ts'

export function NothingFound({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, nodes } = knowledgeBase
  const indexing = useIndexing(id)
  const { query, keywordOnly } = useSession(id)
  const { parts } = useParsedQuery(id)
  const setQuery = useApp((state) => state.setQuery)
  const setSearchOptions = useApp((state) => state.setSearchOptions)
  const byKeyword = useApp((state) => state.searchOptions.mode === 'keyword')
  const narrowing = parts.filter((part) => isMarked(part) && part.complete)

  if (indexing || nodes === 0) {
    return (
      <div className="search-nothing">
        <p>Nothing found.</p>
        <p>
          {indexing
            ? 'Results appear by themselves as soon as files are indexed.'
            : 'This knowledge base has no nodes yet. Add files to it.'}
        </p>
      </div>
    )
  }
  return (
    <div className="search-nothing">
      <SearchX size={26} aria-hidden />
      <p>Nothing found.</p>
      <p>{advice(narrowing.length > 0, byKeyword || keywordOnly)}</p>
      <div className="search-nothing-ways">
        {narrowing.map((part) => (
          <Button
            key={part.start}
            onClick={() => {
              setQuery(id, withoutPart(query, part))
              focusElement(searchBoxId)
            }}
          >
            Search without {query.slice(part.start, part.end)}
          </Button>
        ))}
        {byKeyword && !keywordOnly && (
          <Button onClick={() => setSearchOptions({ mode: 'hybrid' })}>Search by meaning, too</Button>
        )}
      </div>
    </div>
  )
}

function advice(narrowed: boolean, byKeyword: boolean): string {
  if (narrowed) return 'No passage fits all of this. Take something away:'
  return byKeyword
    ? 'None of these words stands in it. Their beginnings may be enough: “index*” finds “indexing”.'
    : 'Try other words, or describe what the text is about.'
}
