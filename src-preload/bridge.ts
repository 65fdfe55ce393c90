/** Exposes the contract to the sandboxed window; nothing else runs here. */
import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from 'electron'
import { callChannel, eventChannel, type EventMessage, type StackroomBridge } from './contract/wire.ts'

const bridge: StackroomBridge = {
  send: (message) => ipcRenderer.invoke(callChannel, message) as ReturnType<StackroomBridge['send']>,
  onEvent(listener) {
    const forward = (_event: IpcRendererEvent, message: EventMessage): void => listener(message)
    ipcRenderer.on(eventChannel, forward)
    return () => ipcRenderer.off(eventChannel, forward)
  },
  pathForFile: (file) => webUtils.getPathForFile(file),
}

contextBridge.exposeInMainWorld('stackroom', bridge)
