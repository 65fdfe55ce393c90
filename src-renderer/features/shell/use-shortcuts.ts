/** The window's keys. Menu items of the desktop host send the same as commands. */
import { useEffect } from 'react'
import type { AppState } from '../../store/app-state.ts'
import { useServices } from '../../store/use-app.ts'

export function useShortcuts(): void {
  const { store } = useServices()
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const state = store.getState()
      // a modal dialog has the keyboard
      if (document.querySelector('dialog[open]') !== null) return
      const mod = event.metaKey || event.ctrlKey
      const key = event.key.toLowerCase()
      if ((mod && key === 'k') || (key === '/' && !mod && !isTyping(event.target))) {
        event.preventDefault()
        state.focusSearch()
      } else if (mod && key === 'j' && isSearching(state)) {
        event.preventDefault()
        state.nextSearchMode()
      } else if (mod && key === 'g' && isSearching(state)) {
        event.preventDefault()
        state.setSearchOptions({ byDocument: !state.searchOptions.byDocument })
      } else if (mod && key === 'o') {
        event.preventDefault()
        if (event.shiftKey) void state.chooseStorageFolder()
        else void state.chooseSources()
      } else if (mod && event.shiftKey && key === 'e') {
        event.preventDefault()
        state.showView('models')
      } else if (mod && key === ',') {
        event.preventDefault()
        state.showSettings(true)
      } else if (key === 'escape' && state.sidebarOut) {
        state.showSidebar(false)
      } else if (key === 'escape' && state.view !== 'library' && !isTyping(event.target)) {
        state.showView('library')
      }
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [store])
}

function isSearching({ view, place, selectedId }: AppState): boolean {
  return view === 'library' && place === 'search' && selectedId !== null
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement
}
