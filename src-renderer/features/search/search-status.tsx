/** How much was found, and how long each step took. */
import type { SearchAnswer } from '#contract'
import { formatCounted, formatMilliseconds } from '../../ui/format.ts'
import { useSession } from './use-session.ts'

export function SearchStatus({ sessionId }: { readonly sessionId: string }) {
  const { answer, query, error } = useSession(sessionId)
  const shown = query.trim() === '' || error !== null ? null : answer
  return (
    <p className="search-status">
      <span role="status">{shown !== null && countOf(shown)}</span>
      {shown !== null && (
        <>
          <span title={stepsOf(shown)}>in {formatMilliseconds(shown.timings.totalMs)}</span>
          <span className="search-status-steps" aria-hidden>
            {stepsOf(shown)}
          </span>
        </>
      )}
    </p>
  )
}

function countOf({ hits, groups }: SearchAnswer): string {
  const passages = formatCounted(hits.length, 'result', 'results')
  return groups.length === 0
    ? passages
    : `${passages} in ${formatCounted(groups.length, 'document', 'documents')}`
}

/** Steps that took no time were not taken. */
function stepsOf({ timings }: SearchAnswer): string {
  const { embedMs, vectorMs, keywordMs, fuseMs, hydrateMs } = timings
  const steps: [string, number][] = [
    ['embed', embedMs],
    ['vector', vectorMs],
    ['keyword', keywordMs],
    ['fuse', fuseMs],
    ['load', hydrateMs],
  ]
  return steps
    .filter(([, milliseconds]) => milliseconds > 0)
    .map(([step, milliseconds]) => `${step} ${formatMilliseconds(milliseconds)}`)
    .join(', ')
}
