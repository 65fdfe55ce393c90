/** What can be done with the hit that the arrows are at, each with its key: the line below the results. */
import type { SearchHit } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Keys } from '../../ui/keys.tsx'
import './hit-actions.css'

interface HitActionsProps {
  readonly sessionId: string
  readonly hit: SearchHit
}

export function HitActions({ sessionId, hit }: HitActionsProps) {
  const openHit = useApp((state) => state.openHit)
  const showQuickLook = useApp((state) => state.showQuickLook)
  const copyHit = useApp((state) => state.copyHit)
  const openFile = useApp((state) => state.openFile)
  const canOpenFiles = useApp((state) => state.appInfo?.canOpenFiles === true)
  const actions = [
    { keys: ['Enter'], label: 'Read source', run: () => openHit(sessionId, hit) },
    { keys: ['Space'], label: 'Quick look', run: () => void showQuickLook(sessionId, hit) },
    { keys: ['Mod', 'C'], label: 'Copy', run: () => void copyHit(hit) },
    ...(canOpenFiles && hit.source !== null
      ? [{ keys: ['Mod', 'Enter'], label: 'Open file', run: () => void openFile(sessionId, hit.nodeId) }]
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
