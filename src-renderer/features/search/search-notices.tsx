/** What a search was done without: never left out silently. */
import type { SearchNotice } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Message } from '../../ui/message.tsx'
import { formatPercent } from '../../ui/format.ts'

interface SearchNoticesProps {
  readonly sessionId: string
  readonly notices: readonly SearchNotice[]
}

export function SearchNotices({ sessionId, notices }: SearchNoticesProps) {
  const knowledgeBases = useApp((state) => state.knowledgeBases)
  if (notices.length === 0) return null
  return (
    <div className="search-notices">
      {notices.map(({ reason, knowledgeBaseId, persistDir, message, error, progress }) => {
        const other = knowledgeBaseId === sessionId ? null : knowledgeBaseId
        const name = knowledgeBases.find(({ id }) => id === other)?.name
        const done = progress === null ? '' : ` ${formatPercent(progress)} of it is there.`
        return (
          <Message
            key={`${persistDir} ${reason}`}
            kind={reason === 'keywords-building' || reason === 'no-vectors' ? 'info' : 'warning'}
            message={`${name === undefined ? '' : `${name}: `}${message}${done}`}
            hint={error === null ? undefined : [error.message, error.hint].filter(Boolean).join(' ')}
          />
        )
      })}
    </div>
  )
}
