/** The source of a hit beside the results: its document's text with the node marked, and its metadata. */
import { Copy, ExternalLink, FolderOpen, Trash2, X } from 'lucide-react'
import { useApp } from '../../store/use-app.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { placeOf, titleOf } from './hit-facts.ts'
import { HitExplanation } from './hit-reasons.tsx'
import { MetadataTable } from './metadata-table.tsx'
import { SourceBody } from './source-body.tsx'
import './source-panel.css'
import type { OpenSource } from './source-slice.ts'

export function SourcePanel({ openSource }: { readonly openSource: OpenSource }) {
  const { hit, source } = openSource
  const closeSource = useApp((state) => state.closeSource)
  const focusSearch = useApp((state) => state.focusSearch)
  const place = placeOf(hit, source)
  const path = source?.path ?? hit.source
  const close = (): void => {
    closeSource()
    focusSearch()
  }
  return (
    <aside
      className="source-panel"
      aria-label="Source"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close()
      }}
    >
      <header className="source-header">
        <div className="source-title">
          <h2>{titleOf(hit)}</h2>
          {place !== null && <span className="source-page">{place}</span>}
          <span className="spring" />
          <IconButton icon={X} label="Close the source" onClick={close} />
        </div>
        {path !== null && <PathText className="source-path" path={path} />}
        <HitExplanation hit={hit} />
        <SourceActions openSource={openSource} path={path} />
      </header>
      <SourceBody open={openSource} />
      <MetadataTable
        metadata={source?.metadata ?? hit.metadata}
        nodeId={hit.nodeId}
        refDocId={hit.refDocId}
      />
    </aside>
  )
}

interface SourceActionsProps {
  readonly openSource: OpenSource
  readonly path: string | null
}

function SourceActions({ openSource, path }: SourceActionsProps) {
  const { knowledgeBaseId, hit, source } = openSource
  const openFile = useApp((state) => state.openFile)
  const revealPath = useApp((state) => state.revealPath)
  const copy = useApp((state) => state.copy)
  const copyHit = useApp((state) => state.copyHit)
  const askCare = useApp((state) => state.askCare)
  const canRemove = useApp((state) => {
    const knowledgeBase = state.knowledgeBases.find(({ id }) => id === knowledgeBaseId)
    return knowledgeBase?.state === 'ready' && !knowledgeBase.readOnly && !knowledgeBase.conflict
  })
  const canOpenFiles = useApp((state) => state.appInfo?.canOpenFiles === true)
  const { refDocId } = hit
  const missing = source?.fileExists === false
  return (
    <div className="source-actions">
      {canOpenFiles && path !== null && (
        <>
          <Button
            icon={ExternalLink}
            disabled={missing}
            onClick={() => void openFile(knowledgeBaseId, hit.nodeId)}
          >
            Open file
          </Button>
          <Button icon={FolderOpen} disabled={missing} onClick={() => void revealPath(path)}>
            Show in folder
          </Button>
        </>
      )}
      <Button look="quiet" icon={Copy} onClick={() => void copyHit(hit)}>
        Copy with source
      </Button>
      {path !== null && (
        <Button look="quiet" icon={Copy} onClick={() => void copy(path, 'Path copied')}>
          Copy path
        </Button>
      )}
      {canRemove && refDocId !== null && (
        <Button
          look="quiet"
          icon={Trash2}
          onClick={() => askCare({ kind: 'remove', knowledgeBaseId, refDocId })}
        >
          Remove…
        </Button>
      )}
    </div>
  )
}
