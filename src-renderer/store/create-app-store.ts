/** Composes the slices, and keeps them up to date with what the engine tells. */
import { createStore, type StoreApi } from 'zustand'
import { createCareSlice } from '../features/care/care-slice.ts'
import { createChooserSlice } from '../features/chooser/chooser-slice.ts'
import { createEstimateSlice } from '../features/ingest/estimate-slice.ts'
import { createIntakeSlice } from '../features/ingest/intake-slice.ts'
import { createJobsSlice } from '../features/ingest/jobs-slice.ts'
import { createPreviewSlice } from '../features/ingest/preview-slice.ts'
import { createLibrarySlice } from '../features/library/library-slice.ts'
import { createModelCheckSlice } from '../features/models/model-check-slice.ts'
import { createModelFolderSlice } from '../features/models/model-folder-slice.ts'
import { createModelPickerSlice } from '../features/models/model-picker-slice.ts'
import { createModelsSlice } from '../features/models/models-slice.ts'
import { createServersSlice } from '../features/models/servers-slice.ts'
import { createNoticesSlice } from '../features/notices/notices-slice.ts'
import { createReportSlice } from '../features/report/report-slice.ts'
import { createHistorySlice } from '../features/search/history-slice.ts'
import { createNeighboursSlice } from '../features/search/neighbours-slice.ts'
import { createSearchKeysSlice } from '../features/search/search-keys-slice.ts'
import { createSearchOptionsSlice } from '../features/search/search-options-slice.ts'
import { createSearchSlice } from '../features/search/search-slice.ts'
import { createSourceSlice } from '../features/search/source-slice.ts'
import { createSettingsSlice } from '../features/settings/settings-slice.ts'
import { createShellSlice } from '../features/shell/shell-slice.ts'
import { createMissingSlice } from '../features/sources/missing-slice.ts'
import { createSourcesSlice } from '../features/sources/sources-slice.ts'
import { createStoreServerSlice } from '../features/stores/store-server-slice.ts'
import { createStoresSlice } from '../features/stores/stores-slice.ts'
import type { Client } from '../transport/client.ts'
import type { AppState, SliceTools } from './app-state.ts'

export type AppStore = StoreApi<AppState>

export function createAppStore(client: Client): AppStore {
  return createStore<AppState>()((set, get) => {
    const tools: SliceTools = { client, set, get }
    return {
      ...createCareSlice(tools),
      ...createChooserSlice(tools),
      ...createEstimateSlice(tools),
      ...createHistorySlice(tools),
      ...createIntakeSlice(tools),
      ...createJobsSlice(tools),
      ...createLibrarySlice(tools),
      ...createMissingSlice(tools),
      ...createModelCheckSlice(tools),
      ...createModelFolderSlice(tools),
      ...createModelPickerSlice(tools),
      ...createModelsSlice(tools),
      ...createNeighboursSlice(tools),
      ...createNoticesSlice(tools),
      ...createPreviewSlice(tools),
      ...createReportSlice(tools),
      ...createSearchKeysSlice(tools),
      ...createSearchOptionsSlice(tools),
      ...createSearchSlice(tools),
      ...createServersSlice(tools),
      ...createSettingsSlice(tools),
      ...createShellSlice(tools),
      ...createSourceSlice(tools),
      ...createSourcesSlice(tools),
      ...createStoreServerSlice(tools),
      ...createStoresSlice(tools),
    }
  })
}

/** Follows the engine until the returned function is called. */
export function followEngine(store: AppStore, client: Client): () => void {
  const state = store.getState()
  const reload = (): void => {
    void state.loadAppInfo()
    void state.loadSettings()
    void state.loadModels()
    void state.loadServers()
    void state.loadStoreKinds()
    void state.loadLibrary()
    void state.loadJobs()
  }
  const stops = [
    client.subscribe('jobs.changed', state.receiveJob),
    client.subscribe('jobs.dismissed', ({ jobId }) => state.dropJob(jobId)),
    client.subscribe('library.changed', state.receiveKnowledgeBase),
    client.subscribe('library.verifying', state.receiveVerifying),
    client.subscribe('stores.verifying', state.receiveStoreVerifying),
    client.subscribe('library.forgotten', ({ knowledgeBaseId }) => state.dropKnowledgeBase(knowledgeBaseId)),
    client.subscribe('app.command', (command) => {
      switch (command.command) {
        case 'open-storage-folder':
          return void state.chooseStorageFolder()
        case 'index-files':
          return void state.chooseSources()
        case 'focus-search':
          return state.focusSearch()
        case 'show-models':
          return state.showView('models')
        case 'open-path':
          return void state.takeIn([command.path])
      }
    }),
    client.onConnection((connection) => {
      store.setState({ connection })
      if (connection !== 'open') return
      reload()
      const { selectedId, searchAgain } = store.getState()
      if (selectedId !== null) searchAgain(selectedId)
    }),
  ]
  // calls made before the channel is open wait for it; a first `open` would only repeat them
  if (client.connection === 'open') reload()
  return () => {
    for (const stop of stops) stop()
  }
}
