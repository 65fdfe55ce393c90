/** What a search found, or what can be done before there is a search. */
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { formatCounted, formatMilliseconds } from '../../ui/format.ts'
import { useIndexing } from '../ingest/use-indexing.ts'
import { BeforeSearch } from './before-search.tsx'
import { HitActions } from './hit-actions.tsx'
import { HitList } from './hit-list.tsx'
import { SearchRefused } from './search-refused.tsx'
import './search-results.css'
import { useSession } from './use-session.ts'

const choicesOfTopK = [10, 25, 50, 100]

export function SearchResults({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id } = knowledgeBase
  const session = useSession(id)
  const { query, answer, answeredQuery, error } = session
  const topK = useApp((state) => state.topK)
  const setTopK = useApp((state) => state.setTopK)
  const indexing = useIndexing(id)

  if (error !== null) {
    return (
      <div className="search-results">
        <SearchRefused knowledgeBase={knowledgeBase} error={error} />
      </div>
    )
  }
  if (query.trim() === '') return <BeforeSearch knowledgeBase={knowledgeBase} />
  if (answer === null) return <div className="search-results" />

  const { hits, timings } = answer
  const active = hits[session.activeIndex]
  return (
    <div className="search-results">
      <div className="search-facts">
        <p role="status">
          {formatCounted(hits.length, 'result', 'results')}
          <span aria-hidden>
            {' '}
            · embed {formatMilliseconds(timings.embedMs)} · retrieve {formatMilliseconds(timings.retrieveMs)}
          </span>
        </p>
        <label>
          Top
          <select value={topK} onChange={(event) => setTopK(Number(event.target.value))}>
            {choicesOfTopK.map((choice) => (
              <option key={choice} value={choice}>
                {choice}
              </option>
            ))}
          </select>
        </label>
      </div>
      {hits.length === 0 ? (
        <div className="search-nothing">
          <p>Nothing found.</p>
          <p>
            {indexing
              ? 'Results appear by themselves as soon as files are indexed.'
              : knowledgeBase.nodes === 0
                ? 'This knowledge base has no nodes yet. Add files to it.'
                : 'Try other words, or describe what the text is about.'}
          </p>
        </div>
      ) : (
        <HitList knowledgeBase={knowledgeBase} hits={hits} query={answeredQuery} />
      )}
      {active !== undefined && <HitActions sessionId={id} hit={active} />}
    </div>
  )
}
