/** The desktop app: one instance, one window, closed only when what was indexed is kept. */
import { join } from 'node:path'
import { app, dialog, type BrowserWindow } from 'electron'
import { toErrorShape } from '#contract'
import { createApplication, type Application } from '#app/application.ts'
import { keepCompiledCode } from '#platform/compile-cache.ts'
import { dataFolderPath } from '#platform/data-folder.ts'
import { keepNurserySmall } from '#platform/small-nursery.ts'
import { outFolder, rendererFolder, resourcesFolder, version } from '../paths.ts'
import { electronServices } from './dialogs.ts'
import { emitTo, serveWindow } from './ipc.ts'
import { openKeychain } from './keychain.ts'
import { setMenu } from './menu.ts'
import { registerPageScheme, servePage } from './page-protocol.ts'
import { denyEverythingElse } from './security.ts'
import { openWindow } from './window.ts'
import { readWindowState, writeWindowState } from './window-state.ts'

let window: BrowserWindow | null = null
const currentWindow = (): BrowserWindow | null => window
const emit = emitTo(currentWindow)

async function showWindow(application: Application, dataFolder: string): Promise<void> {
  if (window) {
    if (window.isMinimized()) window.restore()
    window.focus()
    return
  }
  const opened = openWindow({
    preloadPath: join(outFolder(), 'preload', 'bridge.cjs'),
    state: await readWindowState(dataFolder),
    onState: (state) => {
      writeWindowState(dataFolder, state).catch((error: unknown) =>
        application.log.error('The place of the window could not be kept', error),
      )
    },
  })
  window = opened
  opened.once('closed', () => (window = null))
  serveWindow(opened, application)
}

async function start(): Promise<void> {
  const dataFolder = dataFolderPath()
  keepNurserySmall()
  keepCompiledCode(dataFolder)
  app.setPath('userData', join(dataFolder, 'window'))
  await app.whenReady()
  denyEverythingElse()
  servePage(rendererFolder())
  const application = await createApplication({
    services: { ...electronServices(currentWindow), secrets: openKeychain({ dataFolder }) },
    version: version(),
    dataFolder,
    resourcesFolder: app.isPackaged ? process.resourcesPath : resourcesFolder(),
    emit,
  })
  const show = (): void => {
    showWindow(application, dataFolder).catch((error: unknown) =>
      application.log.error('The window could not be opened', error),
    )
  }
  setMenu(emit)
  app.on('second-instance', show)
  app.on('activate', show)
  app.on('open-file', (event, path) => {
    event.preventDefault()
    emit('app.command', { command: 'open-path', path })
  })
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  let closed = false
  app.on('before-quit', (event) => {
    if (closed) return
    event.preventDefault()
    application
      .close()
      .catch((error: unknown) => application.log.error('Closing failed', error))
      .finally(() => {
        closed = true
        app.quit()
      })
  })
  show()
}

app.enableSandbox()
registerPageScheme()
if (app.requestSingleInstanceLock()) {
  start().catch((error: unknown) => {
    const { message, hint } = toErrorShape(error)
    dialog.showErrorBox('Stackroom could not start', hint === undefined ? message : `${message}\n${hint}`)
    app.exit(1)
  })
} else app.quit()
