/**
 * The channel of a browser: every message as JSON text over one WebSocket, opened again with growing pauses when it
 * drops. Calls made while it is down wait for it; calls that were under way fail, since their answer is lost.
 */
import {
  StackroomError,
  serverMessageSchema,
  type ClientMessage,
  type EventMessage,
  type ResultMessage,
} from '#contract'
import type { Channel, ConnectionState } from './channel.ts'

const firstPauseMs = 250
const longestPauseMs = 5_000

interface WaitingCall {
  readonly message: ClientMessage
  sent: boolean
  resolve(result: ResultMessage): void
  reject(error: Error): void
}

/** `probeUrl` answers 401 or 403 when the host no longer knows this page (it was started anew). */
export function createWebSocketChannel(url: string, probeUrl: string): Channel {
  const waiting = new Map<number, WaitingCall>()
  const eventListeners = new Set<(message: EventMessage) => void>()
  const stateListeners = new Set<(state: ConnectionState) => void>()
  let socket: WebSocket
  let state: ConnectionState = 'connecting'
  let pauseMs = firstPauseMs
  let retryTimer: ReturnType<typeof setTimeout> | undefined

  function become(next: ConnectionState): void {
    if (state === next) return
    state = next
    for (const listener of stateListeners) listener(next)
  }

  function receive(data: unknown): void {
    const message = serverMessageSchema.parse(JSON.parse(String(data)))
    if (message.type === 'event') {
      for (const listener of eventListeners) listener(message)
      return
    }
    waiting.get(message.id)?.resolve(message)
    waiting.delete(message.id)
  }

  function flush(): void {
    for (const call of waiting.values()) {
      if (call.sent) continue
      call.sent = true
      socket.send(JSON.stringify(call.message))
    }
  }

  function dropped(): void {
    for (const [id, call] of waiting) {
      if (!call.sent) continue
      waiting.delete(id)
      call.reject(
        new StackroomError('disconnected', 'The connection to Stackroom was lost before the answer came.', {
          hint: 'Try again once the window is connected.',
        }),
      )
    }
    if (state === 'ended') return
    become('lost')
    retryTimer = setTimeout(() => void reconnect(), pauseMs)
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }

  async function reconnect(): Promise<void> {
    clearTimeout(retryTimer)
    if (await isShutOut(probeUrl)) {
      become('ended')
      return
    }
    connect()
  }

  function connect(): void {
    socket = new WebSocket(url)
    socket.addEventListener('open', () => {
      pauseMs = firstPauseMs
      become('open')
      flush()
    })
    socket.addEventListener('message', (event) => receive(event.data))
    socket.addEventListener('close', dropped)
  }

  connect()

  return {
    send(message) {
      if (message.type === 'cancel') {
        const call = waiting.get(message.id)
        waiting.delete(message.id)
        if (call?.sent && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
        return Promise.resolve(undefined)
      }
      return new Promise((resolve, reject) => {
        waiting.set(message.id, { message, sent: false, resolve, reject })
        if (socket.readyState === WebSocket.OPEN) flush()
      })
    },
    onEvent(listener) {
      eventListeners.add(listener)
      return () => eventListeners.delete(listener)
    },
    get state() {
      return state
    },
    onState(listener) {
      stateListeners.add(listener)
      return () => stateListeners.delete(listener)
    },
    pathForFile: () => null,
  }
}

async function isShutOut(probeUrl: string): Promise<boolean> {
  try {
    const response = await fetch(probeUrl, { cache: 'no-store' })
    return response.status === 401 || response.status === 403
  } catch {
    // nobody listens there: the host is down and may come back
    return false
  }
}
