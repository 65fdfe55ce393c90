/** The source of a hit beside the results: its document's text with the node marked, and its metadata. */
import { Copy, ExternalLink, FolderOpen, Trash2, X } from 'lucide-react'
import { useApp } from '../../store/use-app.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Message } from '../../ui/message.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { pageLabel, titleOf } from './hit-row.tsx'
import { MetadataTable } from './metadata-table.tsx'
import { ScoreBar } from './score-bar.tsx'
import './source-panel.css'
import type { OpenSource } from './source-slice.ts'
import { SourceText } from './source-text.tsx'

export function SourcePanel({ openSource }: { readonly openSource: OpenSource }) {
  const { hit, query, source, error } = openSource
  const closeSource = useApp((state) => state.closeSource)
  const focusSearch = useApp((state) => state.focusSearch)
  const openFile = useApp((state) => state.openFile)
  const revealPath = useApp((state) => state.revealPath)
  const copy = useApp((state) => state.copy)
  const askCare = useApp((state) => state.askCare)
  const canRemove = useApp((state) => {
    const knowledgeBase = state.knowledgeBases.find(({ id }) => id === openSource.knowledgeBaseId)
    return knowledgeBase?.state === 'ready' && !knowledgeBase.readOnly && !knowledgeBase.conflict
  })
  const canOpenFiles = useApp((state) => state.appInfo?.canOpenFiles === true)
  const { refDocId } = hit
  const path = source?.path ?? hit.source
  const page = source?.pageLabel ?? pageLabel(hit.metadata)
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
          {page !== null && <span className="source-page">page {page}</span>}
          <span className="spring" />
          <IconButton icon={X} label="Close the source" onClick={close} />
        </div>
        <div className="source-where">
          {path !== null && <PathText className="source-path" path={path} />}
          <ScoreBar score={hit.score} />
        </div>
        <div className="source-actions">
          {canOpenFiles && path !== null && (
            <>
              <Button
                icon={ExternalLink}
                disabled={source?.fileExists === false}
                onClick={() => void openFile()}
              >
                Open file
              </Button>
              <Button
                icon={FolderOpen}
                disabled={source?.fileExists === false}
                onClick={() => void revealPath(path)}
              >
                Show in folder
              </Button>
            </>
          )}
          <Button look="quiet" icon={Copy} onClick={() => void copy(hit.text, 'Text copied')}>
            Copy text
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
              onClick={() =>
                askCare({ kind: 'remove', knowledgeBaseId: openSource.knowledgeBaseId, refDocId })
              }
            >
              Remove…
            </Button>
          )}
        </div>
      </header>
      <div
        className="source-body"
        key={hit.nodeId}
        tabIndex={0}
        role="group"
        aria-label="Text of the document"
      >
        {error !== null && <Message kind="error" message={error.message} hint={error.hint} />}
        {source !== null && !source.fileExists && source.path !== null && (
          <Message
            kind="warning"
            message="The file is no longer there."
            hint="This is its text as it was indexed."
          />
        )}
        {source === null && error === null && <Spinner label="Loading the source" />}
        {source !== null && <SourceText source={source} query={query} />}
      </div>
      <MetadataTable
        metadata={source?.metadata ?? hit.metadata}
        nodeId={hit.nodeId}
        refDocId={hit.refDocId}
      />
    </aside>
  )
}
