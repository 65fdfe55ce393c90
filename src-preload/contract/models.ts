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
})
export type EmbedModelInfo = z.infer<typeof embedModelInfoSchema>
