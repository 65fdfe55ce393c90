/** The channel that this window has: Electron's bridge when there is one, else a WebSocket to the page's own host. */
import { createBridgeChannel } from './bridge-channel.ts'
import type { Channel } from './channel.ts'
import { createWebSocketChannel } from './web-socket-channel.ts'

export function openChannel(): Channel {
  if (window.stackroom !== undefined) return createBridgeChannel(window.stackroom)
  return createWebSocketChannel(`ws://${window.location.host}/socket`, '/')
}
