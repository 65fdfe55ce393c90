/** One knowledge base in the sidebar: its name, its size, and how it is. */
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { classNames } from '../../ui/class-names.ts'
import { formatCount } from '../../ui/format.ts'
import { ProgressRing } from '../../ui/progress.tsx'
import { placeOf, storeName } from '../stores/store-words.ts'
import { fractionDone, isActive, jobOf } from '../ingest/jobs-slice.ts'

export function KnowledgeBaseItem({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, name, nodes, vectorStore } = knowledgeBase
  const selected = useApp((state) => state.selectedId === id && state.view === 'library')
  const select = useApp((state) => state.select)
  const job = useApp((state) => jobOf(state, id))
  const indexing = job !== null && isActive(job)
  const state = stateOf(knowledgeBase)
  return (
    <li>
      <button
        type="button"
        className={classNames('knowledge-base-item', selected && 'knowledge-base-item-selected')}
        aria-current={selected ? 'page' : undefined}
        title={placeOf(knowledgeBase)}
        onClick={() => select(id)}
      >
        {indexing ? (
          <ProgressRing fraction={fractionDone(job)} label="Indexing" />
        ) : (
          <span className={`state-dot state-dot-${state.look}`} role="img" aria-label={state.label} />
        )}
        <span className="knowledge-base-item-name">{name}</span>
        {vectorStore !== null && (
          <span className="knowledge-base-item-store">{storeName(vectorStore.kind)}</span>
        )}
        <span className="knowledge-base-item-nodes">
          {formatCount(indexing ? Math.max(nodes, job.progress.nodes) : nodes)}
          <span className="visually-hidden"> nodes</span>
        </span>
      </button>
    </li>
  )
}

function stateOf({ state, error, warnings, conflict }: KnowledgeBase): { look: string; label: string } {
  if (state === 'missing') return { look: 'missing', label: 'Folder not found' }
  if (state === 'error' || error !== null) return { look: 'error', label: 'Needs attention' }
  if (state === 'opening') return { look: 'closed', label: 'Opening' }
  if (state === 'closed') return { look: 'closed', label: 'Not open yet' }
  if (warnings.length > 0 || conflict) return { look: 'warning', label: 'Ready, with warnings' }
  return { look: 'ready', label: 'Ready' }
}
