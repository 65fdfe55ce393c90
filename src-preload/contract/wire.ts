/**
 * The messages that both transports carry. Electron: `call` and `cancel` go over one `ipcMain.handle` channel, events
 * over another. Web: the same objects as JSON text over one WebSocket.
 */
import { z } from 'zod'
import { errorShapeSchema } from './errors.ts'

export const clientMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('call'), id: z.number().int(), name: z.string(), input: z.unknown() }),
  z.object({ type: z.literal('cancel'), id: z.number().int() }),
])
export type ClientMessage = z.infer<typeof clientMessageSchema>

export const resultMessageSchema = z.discriminatedUnion('ok', [
  z.object({ type: z.literal('result'), id: z.number().int(), ok: z.literal(true), output: z.unknown() }),
  z.object({
    type: z.literal('result'),
    id: z.number().int(),
    ok: z.literal(false),
    error: errorShapeSchema,
  }),
])
export type ResultMessage = z.infer<typeof resultMessageSchema>

export const eventMessageSchema = z.object({
  type: z.literal('event'),
  name: z.string(),
  payload: z.unknown(),
})
export type EventMessage = z.infer<typeof eventMessageSchema>

export const serverMessageSchema = z.union([resultMessageSchema, eventMessageSchema])
export type ServerMessage = z.infer<typeof serverMessageSchema>

/** Electron's two channels. */
export const callChannel = 'stackroom:call'
export const eventChannel = 'stackroom:event'

/** What the preload script puts on the window as `window.stackroom`. */
export interface StackroomBridge {
  /** Resolves with the answer of a call; a `cancel` resolves with nothing. */
  send(message: ClientMessage): Promise<ResultMessage | undefined>
  /** The returned function stops listening. */
  onEvent(listener: (message: EventMessage) => void): () => void
  /** The absolute path of a dropped file (Electron's webUtils.getPathForFile). */
  pathForFile(file: File): string
}
