/** The query that is typed, as the engine will read it. */
import { useMemo } from 'react'
import { parseQuery, type ParsedQuery, type SearchKey } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { noKeys } from './search-keys-slice.ts'
import { useSession } from './use-session.ts'

export function useSearchKeys(sessionId: string): readonly SearchKey[] {
  return useApp((state) => state.searchKeys[sessionId] ?? noKeys)
}

export function useParsedQuery(sessionId: string): ParsedQuery {
  const keys = useSearchKeys(sessionId)
  const { query } = useSession(sessionId)
  return useMemo(() => parseQuery(query, { keys: keys.map(({ key }) => key) }), [query, keys])
}
