/** Whether the JSON files have everything; when they have not, a way to bring them up to date. */
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { useIndexing } from '../ingest/use-indexing.ts'
import './care.css'

export function FilesState({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, persisted, readOnly, conflict } = knowledgeBase
  const persistFolder = useApp((state) => state.persistFolder)
  const persisting = useApp((state) => state.persistingIds.includes(id))
  const indexing = useIndexing(id)
  if (persisted || conflict) return null
  return (
    <li title="LlamaIndex reads the JSON files; Stackroom’s own store has more than they do.">
      {persisting ? 'Bringing files up to date…' : 'Files not up to date'}
      {!persisting && !readOnly && !indexing && (
        <button type="button" className="fact-action" onClick={() => void persistFolder(id)}>
          Bring up to date
        </button>
      )}
    </li>
  )
}
