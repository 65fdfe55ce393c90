/** The name, the facts and the actions of a knowledge base. */
import {
  Copy,
  Ellipsis,
  FilePlus2,
  FolderOpen,
  ListX,
  PanelLeft,
  Pencil,
  RefreshCw,
  ShieldCheck,
} from 'lucide-react'
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { formatBytes, formatCounted, formatDateTime } from '../../ui/format.ts'
import { Menu } from '../../ui/menu.tsx'
import { Message } from '../../ui/message.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { ConflictNotice } from '../care/conflict-notice.tsx'
import { FilesState } from '../care/files-state.tsx'
import { useIndexing } from '../ingest/use-indexing.ts'
import { ModelFact } from '../models/model-fact.tsx'
import { ModelNotes } from '../models/model-trouble.tsx'
import { MissingNotice } from '../sources/missing-notice.tsx'
import { useState } from 'react'
import { NameEditor } from './name-editor.tsx'

export function KnowledgeBaseHeader({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, name, persistDir, warnings } = knowledgeBase
  const [renaming, setRenaming] = useState(false)
  const appInfo = useApp((state) => state.appInfo)
  const sidebarOut = useApp((state) => state.sidebarOut)
  const showSidebar = useApp((state) => state.showSidebar)
  const chooseSources = useApp((state) => state.chooseSources)
  const askToForget = useApp((state) => state.askToForget)
  const revealPath = useApp((state) => state.revealPath)
  const copy = useApp((state) => state.copy)
  const refreshSources = useApp((state) => state.refreshSources)
  const checkFolder = useApp((state) => state.checkFolder)
  const canAdd =
    !knowledgeBase.readOnly &&
    !knowledgeBase.conflict &&
    knowledgeBase.state !== 'missing' &&
    knowledgeBase.error === null
  return (
    <header className="knowledge-base-header">
      <div className="knowledge-base-title">
        <IconButton
          className="sidebar-button"
          icon={PanelLeft}
          label="Library"
          aria-expanded={sidebarOut}
          aria-controls="sidebar"
          onClick={() => showSidebar(!sidebarOut)}
        />
        {renaming ? (
          <NameEditor knowledgeBase={knowledgeBase} onDone={() => setRenaming(false)} />
        ) : (
          <h1 onDoubleClick={() => setRenaming(true)} title={name}>
            {name}
          </h1>
        )}
        <span className="spring" />
        {canAdd && (
          <Button icon={FilePlus2} onClick={() => void chooseSources(id)}>
            Add files…
          </Button>
        )}
        <Menu
          label="More about this knowledge base"
          icon={Ellipsis}
          items={[
            { label: 'Rename', icon: Pencil, onChoose: () => setRenaming(true) },
            ...(canAdd && knowledgeBase.sources.length > 0
              ? [{ label: 'Refresh now', icon: RefreshCw, onChoose: () => void refreshSources(id) }]
              : []),
            { label: 'Copy path', icon: Copy, onChoose: () => void copy(persistDir, 'Path copied') },
            ...(appInfo?.canOpenFiles && knowledgeBase.state !== 'missing'
              ? [{ label: 'Show in folder', icon: FolderOpen, onChoose: () => void revealPath(persistDir) }]
              : []),
            ...(knowledgeBase.state === 'missing'
              ? []
              : [
                  {
                    label: 'Check this folder…',
                    icon: ShieldCheck,
                    onChoose: () => void checkFolder(id),
                  },
                ]),
            { label: 'Take off the list…', icon: ListX, onChoose: () => askToForget(id) },
          ]}
        />
      </div>
      <Facts knowledgeBase={knowledgeBase} />
      {knowledgeBase.conflict && <ConflictNotice knowledgeBase={knowledgeBase} />}
      {warnings.map((warning) => (
        <Message key={warning} kind="warning" message={warning} />
      ))}
      <MissingNotice knowledgeBase={knowledgeBase} />
      <ModelNotes knowledgeBase={knowledgeBase} />
    </header>
  )
}

function Facts({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { documents, nodes, dimensions, persistDir, size, lastIndexed } = knowledgeBase
  // the job's own figures say more than two zeros
  const isFirstRun = useIndexing(knowledgeBase.id) && nodes === 0
  return (
    <ul className="facts" aria-label="About this knowledge base">
      {!isFirstRun && <li>{formatCounted(documents, 'document', 'documents')}</li>}
      {!isFirstRun && <li>{formatCounted(nodes, 'node', 'nodes')}</li>}
      {nodes > 0 && (
        <li className="facts-model">
          <ModelFact knowledgeBase={knowledgeBase} />
        </li>
      )}
      {dimensions !== null && (
        <li className="facts-minor">{formatCounted(dimensions, 'dimension', 'dimensions')}</li>
      )}
      {size > 0 && <li className="facts-minor">{formatBytes(size)}</li>}
      {lastIndexed !== null && <li className="facts-minor">Indexed {formatDateTime(lastIndexed)}</li>}
      {knowledgeBase.readOnly && <li>Read-only</li>}
      <FilesState knowledgeBase={knowledgeBase} />
      <li className="facts-path">
        <PathText path={persistDir} />
      </li>
    </ul>
  )
}
