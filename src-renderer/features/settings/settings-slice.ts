/** The app's settings, and whether their dialog is open. */
import type { Settings } from '#contract'
import { recall, remember } from '../../store/remembered.ts'
import type { SliceCreator } from '../../store/app-state.ts'

export interface SettingsSlice {
  readonly theme: Settings['theme']
  readonly settingsOpen: boolean
  readonly loadSettings: () => Promise<void>
  readonly setTheme: (theme: Settings['theme']) => Promise<void>
  readonly showSettings: (open: boolean) => void
}

export const createSettingsSlice: SliceCreator<SettingsSlice> = ({ client, set, get }) => {
  const adopt = ({ theme }: Settings): void => {
    remember('theme', theme)
    set({ theme })
  }
  return {
    theme: rememberedTheme(),
    settingsOpen: false,
    async loadSettings() {
      try {
        adopt(await client.call('settings.read', {}))
      } catch (error) {
        get().notifyError(error)
      }
    },
    async setTheme(theme) {
      adopt({ theme })
      try {
        adopt(await client.call('settings.write', { theme }))
      } catch (error) {
        get().notifyError(error)
      }
    },
    showSettings: (settingsOpen) => set({ settingsOpen }),
  }
}

/** Known before the engine answers, so that the window does not start in the wrong colours. */
function rememberedTheme(): Settings['theme'] {
  const theme = recall('theme')
  return theme === 'light' || theme === 'dark' ? theme : 'system'
}
