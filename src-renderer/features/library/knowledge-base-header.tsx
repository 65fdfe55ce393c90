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
import { useState } from 'react'
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
import {
  folderOf,
  folderOfAddress,
  isCollection,
  makerText,
  placeOf,
  storeName,
} from '../stores/store-words.ts'
import { NameEditor } from './name-editor.tsx'

export function KnowledgeBaseHeader({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, name, warnings, vectorStore } = knowledgeBase
  const place = placeOf(knowledgeBase)
  const folder = folderOf(knowledgeBase)
  // of a storage folder whose vectors are in a folder of their own
  const storeFolder =
    vectorStore === null || isCollection(knowledgeBase) ? null : folderOfAddress(vectorStore.address)
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
  const checkStore = useApp((state) => state.checkStore)
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
            folder === null
              ? { label: 'Copy address', icon: Copy, onChoose: () => void copy(place, 'Address copied') }
              : { label: 'Copy path', icon: Copy, onChoose: () => void copy(folder, 'Path copied') },
            ...(appInfo?.canOpenFiles && knowledgeBase.state !== 'missing' && folder !== null
              ? [{ label: 'Show in folder', icon: FolderOpen, onChoose: () => void revealPath(folder) }]
              : []),
            ...(storeFolder === null
              ? []
              : [
                  {
                    label: 'Check the Chroma folder…',
                    icon: ShieldCheck,
                    onChoose: () => void checkStore(storeFolder),
                  },
                ]),
            ...(knowledgeBase.state === 'missing' || folder === null
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
  const { documents, nodes, dimensions, vectorStore, size, lastIndexed } = knowledgeBase
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
      {vectorStore !== null && <VectorsFact knowledgeBase={knowledgeBase} />}
      <li className="facts-path">
        <PathText path={placeOf(knowledgeBase)} />
      </li>
    </ul>
  )
}

/** “Chroma collection notes, made by LangChain”; of a storage folder where its vectors are. */
function VectorsFact({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { vectorStore, maker } = knowledgeBase
  if (vectorStore === null) return null
  const { kind, collection, location } = vectorStore
  const name = `${storeName(kind)} collection ${collection}`
  const made = makerText(maker)
  return (
    <li title={location}>
      {isCollection(knowledgeBase) ? name : `Vectors in ${name}`}
      {made !== null && `, ${made}`}
    </li>
  )
}
