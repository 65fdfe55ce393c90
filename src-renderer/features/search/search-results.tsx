/** What a search found, or what can be done before there is a search. */
import type { KnowledgeBase } from '#contract'
import { BeforeSearch } from './before-search.tsx'
import { HitActions } from './hit-actions.tsx'
import { HitList } from './hit-list.tsx'
import { NothingFound } from './nothing-found.tsx'
import { SearchNotices } from './search-notices.tsx'
import { SearchRefused } from './search-refused.tsx'
import './search-results.css'
import { useSession } from './use-session.ts'

export function SearchResults({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id } = knowledgeBase
  const { query, answer, answeredQuery, activeIndex, error } = useSession(id)

  if (error !== null) {
    return (
      <div className="search-results">
        <SearchRefused knowledgeBase={knowledgeBase} error={error} />
      </div>
    )
  }
  if (query.trim() === '') return <BeforeSearch knowledgeBase={knowledgeBase} />
  if (answer === null) return <div className="search-results" />

  const active = answer.hits[activeIndex]
  return (
    <div className="search-results">
      <SearchNotices sessionId={id} notices={answer.notices} />
      {answer.hits.length === 0 ? (
        <NothingFound knowledgeBase={knowledgeBase} />
      ) : (
        <HitList knowledgeBase={knowledgeBase} answer={answer} query={answeredQuery} />
      )}
      {active !== undefined && <HitActions sessionId={id} hit={active} />}
    </div>
  )
}
