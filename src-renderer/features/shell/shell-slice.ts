/** The window itself: its connection, what its host can do, and which of its parts are out. */
import type { AppInfo } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import type { ConnectionState } from '../../transport/channel.ts'

export type View = 'library' | 'models'

/** The parts of a knowledge base. */
export type Place = 'search' | 'sources' | 'files'

export interface ShellSlice {
  readonly connection: ConnectionState
  readonly appInfo: AppInfo | null
  /** What fills the window: the selected knowledge base, or the models. */
  readonly view: View
  /** Which part of the selected knowledge base is on screen. */
  readonly place: Place
  /** The sidebar slid out over a narrow window. */
  readonly sidebarOut: boolean
  /** Counts requests to put the focus into the search box. */
  readonly searchFocusRequests: number
  readonly loadAppInfo: () => Promise<void>
  readonly showView: (view: View) => void
  readonly showPlace: (place: Place) => void
  readonly showSidebar: (out: boolean) => void
  readonly focusSearch: () => void
}

export const createShellSlice: SliceCreator<ShellSlice> = ({ client, set, get }) => ({
  connection: client.connection,
  appInfo: null,
  view: 'library',
  place: 'search',
  sidebarOut: false,
  searchFocusRequests: 0,
  async loadAppInfo() {
    try {
      set({ appInfo: await client.call('app.info', {}) })
    } catch (error) {
      get().notifyError(error)
    }
  },
  showView: (view) => set({ view, sidebarOut: false, settingsOpen: false }),
  showPlace: (place) => set({ place, view: 'library' }),
  showSidebar: (sidebarOut) => set({ sidebarOut }),
  focusSearch: () =>
    set((state) => ({
      view: 'library',
      place: 'search',
      searchFocusRequests: state.searchFocusRequests + 1,
    })),
})
