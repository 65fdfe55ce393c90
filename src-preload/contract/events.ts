/** Every event that main sends to the window. */
import { z } from 'zod'
import { jobSchema } from './jobs.ts'
import { knowledgeBaseSchema } from './library.ts'

export const events = {
  /** A job began, progressed or ended. */
  'jobs.changed': jobSchema,
  'jobs.dismissed': z.object({ jobId: z.string() }),
  /** A knowledge base was added or changed. */
  'library.changed': knowledgeBaseSchema,
  'library.forgotten': z.object({ knowledgeBaseId: z.string() }),
  /** How far `library.verify` or `library.repair` is; a repair reads everything more than once. */
  'library.verifying': z.object({
    knowledgeBaseId: z.string(),
    bytesDone: z.number(),
    bytesTotal: z.number(),
  }),
  /** The same of `stores.verify` and `stores.repair`; the address is that of the command. */
  'stores.verifying': z.object({ address: z.string(), bytesDone: z.number(), bytesTotal: z.number() }),
  /** The desktop host asks the window to do something: a menu item, a dropped or opened path. */
  'app.command': z.discriminatedUnion('command', [
    z.object({ command: z.literal('open-storage-folder') }),
    z.object({ command: z.literal('index-files') }),
    z.object({ command: z.literal('focus-search') }),
    z.object({ command: z.literal('show-models') }),
    z.object({ command: z.literal('open-path'), path: z.string() }),
  ]),
} as const satisfies Record<string, z.ZodType>

export type EventName = keyof typeof events
export type EventPayload<Name extends EventName> = z.output<(typeof events)[Name]>

/** Sends one event to whoever listens. */
export type Emit = <Name extends EventName>(name: Name, payload: EventPayload<Name>) => void

/** Starts listening; the returned function stops it. */
export type Subscribe = <Name extends EventName>(
  name: Name,
  listener: (payload: EventPayload<Name>) => void,
) => () => void
