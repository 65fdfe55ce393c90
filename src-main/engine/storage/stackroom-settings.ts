/** `stackroom.json`: the settings an index was built with, beside the index, readable and small. Never a secret. */
import { z } from 'zod'

export const stackroomSettingsSchema = z.looseObject({
  version: z.literal(1),
  name: z.string(),
  /** ISO 8601. */
  created: z.string(),
  lastIndexed: z.string().nullable(),
  embedModel: z
    .looseObject({
      id: z.string(),
      dimensions: z.number().int().positive(),
      pooling: z.enum(['mean', 'cls', 'provider']),
      normalized: z.boolean(),
      queryPrefix: z.string(),
      documentPrefix: z.string(),
      longText: z.enum(['mean-of-windows', 'cut', 'provider']),
      revision: z.string(),
    })
    .nullable(),
  transformations: z.array(z.looseObject({ className: z.string() })),
  vectorStore: z.looseObject({ kind: z.string() }),
  /** Absolute paths of what was indexed. */
  sources: z.array(z.string()),
})
export type StackroomSettings = z.infer<typeof stackroomSettingsSchema>
