/** The search session of a knowledge base. */
import { useApp } from '../../store/use-app.ts'
import { emptySession, type SearchSession } from './search-slice.ts'

export function useSession(knowledgeBaseId: string): SearchSession {
  return useApp((state) => state.sessions[knowledgeBaseId] ?? emptySession)
}
