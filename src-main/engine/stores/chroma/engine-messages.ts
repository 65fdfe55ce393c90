/** What Chroma's child process and its owner tell each other: engine-process.ts and chroma-engine.ts. */
import { z } from 'zod'
import { errorShapeSchema } from '#contract'

export const engineOptionsSchema = z.object({
  folder: z.string(),
  /** Where the copy of the engine goes that old systems need. */
  cacheFolder: z.string(),
  /** Whether a folder of an older Chroma may be migrated, after a backup. */
  migrate: z.boolean(),
})
export type EngineOptions = z.infer<typeof engineOptionsSchema>

/** From the child. Before it is ready it may fail, with a sentence for the user. */
export const engineMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), port: z.number().int(), backup: z.string().nullable() }),
  z.object({ type: z.literal('failed'), shape: errorShapeSchema, stack: z.string().optional() }),
])
export type EngineMessage = z.infer<typeof engineMessageSchema>

/** To the child: end, when nothing is being written any more. */
export const stopMessage = 'stop'
