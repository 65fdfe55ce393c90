/** Embed models that can be chosen. */
import { z } from 'zod'

export const embedModelInfoSchema = z.object({
  /** As written everywhere: `bundled:all-MiniLM-L6-v2`. */
  id: z.string(),
  name: z.string(),
  dimensions: z.number().int(),
  /** Tokens that the model reads at once. */
  maximumTokens: z.number().int(),
  /** Whether text leaves the machine. */
  offline: z.boolean(),
  description: z.string(),
  /** US dollars for a million tokens; absent where it costs nothing or is not known. */
  usdPerMillionTokens: z.number().optional(),
  /** The secret that the model needs, as its environment variable is named; absent where none is needed. */
  keyName: z.string().optional(),
})
export type EmbedModelInfo = z.infer<typeof embedModelInfoSchema>

/** A model as a server lists it. */
export const serverModelSchema = z.object({
  /** `<server's name>:<model>` */
  id: z.string(),
  /** Whether it can embed, as far as the server or its name tells; null: try it. */
  canEmbed: z.boolean().nullable(),
})
export type ServerModel = z.infer<typeof serverModelSchema>
