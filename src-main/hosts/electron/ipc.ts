/** Electron's transport: one channel for calls, one for events, and only the app's own page at the other end. */
import { ipcMain, type BrowserWindow, type IpcMainInvokeEvent } from 'electron'
import {
  callChannel,
  clientMessageSchema,
  eventChannel,
  StackroomError,
  type Emit,
  type EventMessage,
  type ResultMessage,
} from '#contract'
import type { Application } from '#app/application.ts'
import { Dispatcher } from '#app/dispatcher.ts'
import { isOwnPage } from './security.ts'

/** Calls of the window are answered until it is closed. */
export function serveWindow(window: BrowserWindow, application: Application): void {
  const dispatcher = new Dispatcher(application.handlers, application.log)
  const { webContents } = window
  const answer = async (event: IpcMainInvokeEvent, raw: unknown): Promise<ResultMessage | undefined> => {
    const { senderFrame } = event
    if (event.sender !== webContents || senderFrame !== webContents.mainFrame || !isOwnPage(senderFrame.url))
      throw new StackroomError('invalid-input', 'This page may not call Stackroom.')
    const message = clientMessageSchema.safeParse(raw)
    if (!message.success) throw new StackroomError('invalid-input', 'Not a message of the contract.')
    return dispatcher.receive(message.data)
  }
  ipcMain.handle(callChannel, answer)
  window.once('closed', () => {
    ipcMain.removeHandler(callChannel)
    dispatcher.close()
  })
}

/** Sends events to the window there is; without one nobody listens. */
export function emitTo(window: () => BrowserWindow | null): Emit {
  return (name, payload) => {
    const open = window()
    if (!open || open.isDestroyed()) return
    open.webContents.send(eventChannel, { type: 'event', name, payload } satisfies EventMessage)
  }
}
