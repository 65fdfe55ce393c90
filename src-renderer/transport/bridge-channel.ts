/** The channel of the desktop window: the bridge that the preload script exposes. It is open as long as the window is. */
import type { StackroomBridge } from '#contract'
import type { Channel } from './channel.ts'

export function createBridgeChannel(bridge: StackroomBridge): Channel {
  return {
    send: (message) => bridge.send(message),
    onEvent: (listener) => bridge.onEvent(listener),
    state: 'open',
    onState: () => () => undefined,
    pathForFile: (file) => bridge.pathForFile(file),
  }
}
