/** What can be done with the hit that the arrows are at, each with its key: the line below the results. */
import type { SearchHit } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Keys } from '../../ui/keys.tsx'
import './hit-actions.css'
import { knowledgeBaseOf } from './search-slice.ts'

interface HitActionsProps {
  readonly sessionId: string
  readonly hit: SearchHit
}

export function HitActions({ sessionId, hit }: HitActionsProps) {
  const openHit = useApp((state) => state.openHit)
  const showQuickLook = useApp((state) => state.showQuickLook)
  const copyHit = useApp((state) => state.copyHit)
  const openFile = useApp((state) => state.openFile)
  const unfoldHit = useApp((state) => state.unfoldHit)
  const foldHit = useApp((state) => state.foldHit)
  const unfolded = useApp((state) => state.unfolded[hit.nodeId] !== undefined)
  const knowledgeBaseId = knowledgeBaseOf(hit, sessionId)
  const canOpenFiles = useApp((state) => state.appInfo?.canOpenFiles === true)
  const actions = [
    { keys: ['Enter'], label: 'Read source', run: () => openHit(sessionId, hit) },
    { keys: ['Space'], label: 'Quick look', run: () => void showQuickLook(sessionId, hit) },
    unfolded
      ? { keys: ['←'], label: 'Fold', run: () => foldHit(hit.nodeId) }
      : { keys: ['→'], label: 'Neighbours', run: () => void unfoldHit(knowledgeBaseId, hit) },
    { keys: ['Mod', 'C'], label: 'Copy', run: () => void copyHit(hit) },
    ...(canOpenFiles && hit.source !== null
      ? [
          {
            keys: ['Mod', 'Enter'],
            label: 'Open file',
            run: () => void openFile(knowledgeBaseId, hit.nodeId),
          },
        ]
      : []),
  ]
  return (
    <div className="hit-actions" role="toolbar" aria-label="With this result">
      {actions.map(({ keys, label, run }) => (
        <button key={label} type="button" className="hit-action" onClick={run}>
          {label}
          <Keys keys={keys} />
        </button>
      ))}
    </div>
  )
}
