/** The library at the window's left: what there is, what runs, and the ways to get more. */
import { Boxes, DatabaseZap, FolderOpen, FolderPlus, Settings } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { classNames } from '../../ui/class-names.ts'
import { RunningJobs } from '../ingest/running-jobs.tsx'
import { KnowledgeBaseItem } from './knowledge-base-item.tsx'
import './sidebar.css'

export function Sidebar() {
  const knowledgeBases = useApp((state) => state.knowledgeBases)
  const sidebarOut = useApp((state) => state.sidebarOut)
  const showSidebar = useApp((state) => state.showSidebar)
  const chooseSources = useApp((state) => state.chooseSources)
  const chooseStorageFolder = useApp((state) => state.chooseStorageFolder)
  const openStoreServer = useApp((state) => state.openStoreServer)
  const view = useApp((state) => state.view)
  const showView = useApp((state) => state.showView)
  const showSettings = useApp((state) => state.showSettings)
  const aside = useRef<HTMLElement>(null)

  useEffect(() => {
    if (sidebarOut) aside.current?.querySelector<HTMLElement>('[aria-current], button')?.focus()
  }, [sidebarOut])

  return (
    <>
      {sidebarOut && <div className="sidebar-scrim" onClick={() => showSidebar(false)} />}
      <aside
        ref={aside}
        className={classNames('sidebar', sidebarOut && 'sidebar-out')}
        id="sidebar"
        aria-label="Library"
      >
        <div className="sidebar-brand">
          <img src="./icon.svg" alt="" width={24} height={24} />
          Stackroom
        </div>
        <nav className="sidebar-list" aria-labelledby="sidebar-heading">
          <h2 id="sidebar-heading">Knowledge bases</h2>
          <ul>
            {knowledgeBases.map((knowledgeBase) => (
              <KnowledgeBaseItem key={knowledgeBase.id} knowledgeBase={knowledgeBase} />
            ))}
          </ul>
        </nav>
        <div className="sidebar-ways">
          <Button look="quiet" icon={FolderPlus} onClick={() => void chooseSources()}>
            New knowledge base…
          </Button>
          <Button look="quiet" icon={FolderOpen} onClick={() => void chooseStorageFolder()}>
            Open storage folder…
          </Button>
          <Button look="quiet" icon={DatabaseZap} onClick={() => openStoreServer(null)}>
            Connect to a vector store…
          </Button>
        </div>
        <RunningJobs />
        <div className="sidebar-foot">
          <Button
            look="quiet"
            icon={Boxes}
            className={classNames(view === 'models' && 'sidebar-selected')}
            aria-current={view === 'models' ? 'page' : undefined}
            onClick={() => showView('models')}
          >
            Embedding models
          </Button>
          <Button look="quiet" icon={Settings} onClick={() => showSettings(true)}>
            Settings
          </Button>
        </div>
      </aside>
    </>
  )
}
