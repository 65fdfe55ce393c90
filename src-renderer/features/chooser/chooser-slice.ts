/** Choosing files and folders: the host's own dialog where there is one, the window's browser of folders otherwise. */
import {
  isCancelled,
  StackroomError,
  type CommandInput,
  type DirectoryListing,
  type ErrorShape,
} from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'

export type ChoiceKind = CommandInput<'dialogs.chooseFiles'>['kind']

export interface Chooser {
  readonly kind: ChoiceKind
  /** Null until the first folder was read. */
  readonly listing: DirectoryListing | null
  readonly loading: boolean
  readonly error: ErrorShape | null
}

export interface ChooserSlice {
  readonly chooser: Chooser | null
  /** Absolute paths, or null when the user cancelled. */
  readonly choosePaths: (kind: ChoiceKind) => Promise<readonly string[] | null>
  /** Goes to a folder; null is the home folder. */
  readonly browse: (path: string | null) => Promise<void>
  readonly settleChooser: (paths: readonly string[] | null) => void
}

export const createChooserSlice: SliceCreator<ChooserSlice> = ({ client, set, get }) => {
  let settle: (paths: readonly string[] | null) => void = () => undefined
  let reading = new AbortController()
  /** Where the user was last. */
  let lastFolder: string | null = null

  return {
    chooser: null,

    async choosePaths(kind) {
      if (get().appInfo?.nativeDialogs) {
        try {
          return await client.call('dialogs.chooseFiles', { kind })
        } catch (error) {
          get().notifyError(error)
          return null
        }
      }
      settle(null)
      set({ chooser: { kind, listing: null, loading: true, error: null } })
      void get().browse(lastFolder)
      return new Promise((resolve) => {
        settle = resolve
      })
    },

    async browse(path) {
      reading.abort()
      const { signal } = (reading = new AbortController())
      const update = (change: Partial<Chooser>): void =>
        set(({ chooser }) => (chooser === null ? {} : { chooser: { ...chooser, ...change } }))
      update({ loading: true, error: null })
      try {
        const listing = await client.call('files.list', { path }, { signal })
        if (signal.aborted) return
        lastFolder = listing.path
        update({ listing, loading: false })
      } catch (error) {
        if (signal.aborted || isCancelled(error)) return
        const kind = get().chooser?.kind
        if (path !== null && (kind === 'file' || kind === 'sources') && isFile(error)) {
          // who types the path of a file wants that file
          get().settleChooser([path])
          return
        }
        const first = get().chooser?.listing === null && path !== null
        if (first) await get().browse(null)
        else update({ loading: false, error: describeError(error) })
      }
    },

    settleChooser(paths) {
      reading.abort()
      set({ chooser: null })
      settle(paths)
    },
  }
}

function isFile(error: unknown): boolean {
  return error instanceof StackroomError && error.code === 'not-a-folder'
}
