/**
 * `stackroom.json`: the settings an index was built with, beside the index, readable and small. Never a secret.
 *
 *     version          1. Another number means another meaning of a field that is here, or a new value of one with few
 *                      values; a program refuses a number that is higher than its own. Fields are added without one.
 *     name             as the library shows it
 *     created          ISO 8601
 *     lastIndexed      ISO 8601, or null when nothing was indexed yet
 *     embedModel       what the vectors were made with, or null when it is not known: `id` (`bundled:…`, `onnx:…`,
 *                      `<server>:<model>`), `dimensions`, `pooling`, `normalized`, `queryPrefix` and `documentPrefix` (the
 *                      model's prompts), `longText` (what becomes of text that is longer than its window), `revision`
 *     transformations  each with `className` and its options under LlamaIndex's names, in their order
 *     vectorStore      `kind`: `simple` is the folder's own `default__vector_store.json`
 *     sources          absolute paths of what was indexed
 *
 * Fields that are not listed, at any level, are another program's or a later version's: they are kept when the file is written.
 */
import { z } from 'zod'

/** What this program reads and writes. */
export const settingsVersion = 1

/** The identity of an embed model: everything that changes vectors. */
export const embedModelFields = {
  id: z.string(),
  dimensions: z.number().int().positive(),
  pooling: z.enum(['mean', 'cls', 'provider']),
  normalized: z.boolean(),
  queryPrefix: z.string(),
  documentPrefix: z.string(),
  longText: z.enum(['mean-of-windows', 'cut', 'provider']),
  revision: z.string(),
}

export const stackroomSettingsSchema = z.looseObject({
  version: z.literal(settingsVersion),
  name: z.string(),
  /** ISO 8601. */
  created: z.string(),
  lastIndexed: z.string().nullable(),
  embedModel: z.looseObject(embedModelFields).nullable(),
  transformations: z.array(z.looseObject({ className: z.string() })),
  vectorStore: z.looseObject({ kind: z.string() }),
  /** Absolute paths of what was indexed. */
  sources: z.array(z.string()),
})
export type StackroomSettings = z.infer<typeof stackroomSettingsSchema>
