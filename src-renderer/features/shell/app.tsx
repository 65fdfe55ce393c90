/** The whole window: sidebar, what is selected, and what lies above them. */
import { useEffect } from 'react'
import { useApp } from '../../store/use-app.ts'
import { CareQuestion } from '../care/care-question.tsx'
import { CheckDialog } from '../care/check-dialog.tsx'
import { Chooser } from '../chooser/chooser.tsx'
import { DropZone } from '../ingest/drop-zone.tsx'
import { IntakeDialog } from '../ingest/intake-dialog.tsx'
import { PreviewDialog } from '../ingest/preview-dialog.tsx'
import { EmptyLibrary } from '../library/empty-library.tsx'
import { ForgetDialog } from '../library/forget-dialog.tsx'
import { KnowledgeBaseView } from '../library/knowledge-base-view.tsx'
import { LibraryFailed } from '../library/library-failed.tsx'
import { Sidebar } from '../library/sidebar.tsx'
import { ModelDialog } from '../models/model-dialog.tsx'
import { ModelsDialogs } from '../models/models-dialogs.tsx'
import { ModelsPage } from '../models/models-page.tsx'
import { Notices } from '../notices/notices.tsx'
import { QuickLook } from '../search/quick-look.tsx'
import { SettingsDialog } from '../settings/settings-dialog.tsx'
import { SourceDialogs } from '../sources/source-dialogs.tsx'
import { StoreDialogs } from '../stores/store-dialogs.tsx'
import './app.css'
import { ConnectionBar } from './connection-bar.tsx'
import { useShortcuts } from './use-shortcuts.ts'

export function App() {
  const theme = useApp((state) => state.theme)
  const libraryState = useApp((state) => state.libraryState)
  const hasKnowledgeBases = useApp((state) => state.knowledgeBases.length > 0)
  const selected = useApp((state) => state.knowledgeBases.find(({ id }) => id === state.selectedId))
  const view = useApp((state) => state.view)
  const settingsOpen = useApp((state) => state.settingsOpen)
  useShortcuts()

  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }, [theme])

  const place = view === 'models' ? 'Embedding models' : selected?.name
  const title = place === undefined ? 'Stackroom' : `${place} – Stackroom`
  useEffect(() => {
    document.title = title
  }, [title])

  return (
    <>
      <div className="app">
        <ConnectionBar />
        <div className="app-columns">
          {hasKnowledgeBases && <Sidebar />}
          <main className="app-main">
            {view === 'models' ? (
              <ModelsPage />
            ) : (
              <>
                {libraryState === 'failed' && !hasKnowledgeBases && <LibraryFailed />}
                {libraryState === 'ready' && !hasKnowledgeBases && <EmptyLibrary />}
                {selected !== undefined && <KnowledgeBaseView key={selected.id} knowledgeBase={selected} />}
              </>
            )}
          </main>
        </div>
      </div>
      <QuickLook />
      <DropZone />
      <IntakeDialog />
      <PreviewDialog />
      <SourceDialogs />
      <StoreDialogs />
      <Chooser />
      <ForgetDialog />
      <CheckDialog />
      <CareQuestion />
      <ModelsDialogs />
      <ModelDialog />
      {settingsOpen && <SettingsDialog />}
      <Notices />
    </>
  )
}
