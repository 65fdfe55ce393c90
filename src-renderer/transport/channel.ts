/** What carries messages between the window and the engine: Electron's bridge or a WebSocket, behind one interface. */
import type { ClientMessage, EventMessage, ResultMessage } from '#contract'

/** `lost`: it was open and is being opened again. `ended`: it will not come back by itself. */
export type ConnectionState = 'connecting' | 'open' | 'lost' | 'ended'

export interface Channel {
  /** Resolves with the answer of a call; a `cancel` resolves with nothing. */
  send(message: ClientMessage): Promise<ResultMessage | undefined>
  /** The returned function stops listening, as below. */
  onEvent(listener: (message: EventMessage) => void): () => void
  readonly state: ConnectionState
  onState(listener: (state: ConnectionState) => void): () => void
  /** The absolute path of a dropped file; null where the page cannot know it (a browser). */
  pathForFile(file: File): string | null
}
