/** The window's state: one slice for each feature, together in one store. */
import type { StoreApi } from 'zustand'
import type { CareSlice } from '../features/care/care-slice.ts'
import type { ChooserSlice } from '../features/chooser/chooser-slice.ts'
import type { EstimateSlice } from '../features/ingest/estimate-slice.ts'
import type { IntakeSlice } from '../features/ingest/intake-slice.ts'
import type { JobsSlice } from '../features/ingest/jobs-slice.ts'
import type { PreviewSlice } from '../features/ingest/preview-slice.ts'
import type { LibrarySlice } from '../features/library/library-slice.ts'
import type { ModelCheckSlice } from '../features/models/model-check-slice.ts'
import type { ModelFolderSlice } from '../features/models/model-folder-slice.ts'
import type { ModelPickerSlice } from '../features/models/model-picker-slice.ts'
import type { ModelsSlice } from '../features/models/models-slice.ts'
import type { ServersSlice } from '../features/models/servers-slice.ts'
import type { NoticesSlice } from '../features/notices/notices-slice.ts'
import type { ReportSlice } from '../features/report/report-slice.ts'
import type { HistorySlice } from '../features/search/history-slice.ts'
import type { NeighboursSlice } from '../features/search/neighbours-slice.ts'
import type { SearchKeysSlice } from '../features/search/search-keys-slice.ts'
import type { SearchOptionsSlice } from '../features/search/search-options-slice.ts'
import type { SearchSlice } from '../features/search/search-slice.ts'
import type { SourceSlice } from '../features/search/source-slice.ts'
import type { SettingsSlice } from '../features/settings/settings-slice.ts'
import type { ShellSlice } from '../features/shell/shell-slice.ts'
import type { MissingSlice } from '../features/sources/missing-slice.ts'
import type { SourcesSlice } from '../features/sources/sources-slice.ts'
import type { StoreServerSlice } from '../features/stores/store-server-slice.ts'
import type { StoresSlice } from '../features/stores/stores-slice.ts'
import type { Client } from '../transport/client.ts'

export type AppState = CareSlice &
  ChooserSlice &
  EstimateSlice &
  HistorySlice &
  IntakeSlice &
  JobsSlice &
  LibrarySlice &
  MissingSlice &
  ModelCheckSlice &
  ModelFolderSlice &
  ModelPickerSlice &
  ModelsSlice &
  NeighboursSlice &
  NoticesSlice &
  PreviewSlice &
  ReportSlice &
  SearchKeysSlice &
  SearchOptionsSlice &
  SearchSlice &
  ServersSlice &
  SettingsSlice &
  ShellSlice &
  SourceSlice &
  SourcesSlice &
  StoreServerSlice &
  StoresSlice

export interface SliceTools {
  readonly client: Client
  readonly set: StoreApi<AppState>['setState']
  readonly get: StoreApi<AppState>['getState']
}

export type SliceCreator<Slice> = (tools: SliceTools) => Slice
