/** The one window: sandboxed, shown when there is something to see, back where it was. */
import { BrowserWindow, nativeTheme } from 'electron'
import { pageOrigin } from './security.ts'
import type { WindowState } from './window-state.ts'

export interface OpenWindowOptions {
  readonly preloadPath: string
  readonly state: WindowState
  readonly onState: (state: WindowState) => void
}

export function openWindow({ preloadPath, state, onState }: OpenWindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    width: 1200,
    height: 800,
    ...state.bounds,
    minWidth: 480,
    minHeight: 400,
    show: false,
    title: 'Stackroom',
    // the page's own colour, so that nothing flashes before it is drawn
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#1a1a1c' : '#ffffff',
    webPreferences: {
      preload: preloadPath,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  })
  if (state.maximized) window.maximize()
  window.once('ready-to-show', () => window.show())
  window.on('close', () => {
    onState({ bounds: window.getNormalBounds(), maximized: window.isMaximized() })
  })
  void window.loadURL(`${pageOrigin}/`)
  return window
}
