/** The menu: the system's own items, and the commands that the window carries out. */
import { Menu, type MenuItemConstructorOptions } from 'electron'
import type { Emit, EventPayload } from '#contract'

type PlainCommand = Exclude<EventPayload<'app.command'>, { command: 'open-path' }>['command']

export function setMenu(emit: Emit): void {
  const send = (label: string, accelerator: string, command: PlainCommand): MenuItemConstructorOptions => ({
    label,
    accelerator,
    click: () => emit('app.command', { command }),
  })
  const isMac = process.platform === 'darwin'
  const template: MenuItemConstructorOptions[] = [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        send('Index Files…', 'CmdOrCtrl+N', 'index-files'),
        send('Open Storage Folder…', 'CmdOrCtrl+O', 'open-storage-folder'),
        { type: 'separator' },
        { role: isMac ? 'close' : 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        send('Search', 'CmdOrCtrl+F', 'focus-search'),
        send('Embedding Models', 'CmdOrCtrl+Shift+E', 'show-models'),
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        { role: 'toggleDevTools' },
      ],
    },
    { role: 'windowMenu' },
  ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}
