/**
 * `stackroom.json`: the settings an index was built with, beside the index, readable and small. Never a secret.
 *
 *     version          2. Another number means another meaning of a field that is here, or a new value of one with few
 *                      values; a program refuses a number that is higher than its own. Fields are added without one.
 *     name             as the library shows it
 *     created          ISO 8601
 *     lastIndexed      ISO 8601, or null when nothing was indexed yet
 *     embedModel       what the vectors were made with, or null when it is not known: `id` (`bundled:…`, `onnx:…`,
 *                      `<server>:<model>`), `dimensions`, `pooling`, `normalized`, `queryPrefix` and `documentPrefix` (the
 *                      model's prompts), `longText` (what becomes of text that is longer than its window), `lineBreaks`
 *                      (`as-spaces`: \n is sent as a space), `revision`, and `metadataMode`: the model is given
 *                      `node.get_content(metadata_mode=…)`, `embed` as LlamaIndex does by itself, `none` for the text alone
 *     transformations  each with `className` and its options under LlamaIndex's names, in their order
 *     vectorStore      `kind`: `simple` is the folder's own `default__vector_store.json`; of another store its `address` (never with
 *                      a key), `collection`, and `tenant` and `database` where it has such; `metric` of a collection made for it
 *     sources          what was indexed, each with its `path` (absolute) and its rules: `include` and `exclude` (globs),
 *                      `gitignore`, `hidden`, `programFolders`, `maximumBytes`, `watch`, and `lastIndexed`; in version 1 the
 *                      paths alone
 *     recognizeText    languages in which text in images is read; absent or null: it is not
 *     deletedFiles     what becomes of the documents of files that are gone: `ask`, `remove` or `keep`
 *
 * Fields that are not listed, at any level, are another program's or a later version's: they are kept when the file is written.
 */
import { z } from 'zod'
import { deletedFilesSchema, sourceSettingsSchema } from '#contract'

/** What this program writes; it reads version 1, too. */
export const settingsVersion = 2

/** The identity of an embed model and what it is given of a node: everything that changes vectors. */
export const embedModelFields = {
  id: z.string(),
  dimensions: z.number().int().positive(),
  pooling: z.enum(['mean', 'cls', 'provider']),
  normalized: z.boolean(),
  queryPrefix: z.string(),
  documentPrefix: z.string(),
  longText: z.enum(['mean-of-windows', 'cut', 'provider']),
  revision: z.string(),
  // what was not written down is as it always was
  lineBreaks: z.enum(['kept', 'as-spaces']).default('kept'),
  metadataMode: z.enum(['embed', 'none']).default('embed'),
}

export const stackroomSettingsSchema = z.looseObject({
  version: z.union([z.literal(1), z.literal(settingsVersion)]).transform(() => settingsVersion),
  name: z.string(),
  /** ISO 8601. */
  created: z.string(),
  lastIndexed: z.string().nullable(),
  embedModel: z.looseObject(embedModelFields).nullable(),
  transformations: z.array(z.looseObject({ className: z.string() })),
  vectorStore: z.looseObject({ kind: z.string() }),
  sources: z.array(
    z
      .union([z.string().transform((path) => ({ path })), z.looseObject({ path: z.string() })])
      .pipe(z.looseObject({ ...sourceSettingsSchema.shape, lastIndexed: z.string().nullish() })),
  ),
  recognizeText: z.array(z.string()).nullish(),
  /** Absent: `ask`. */
  deletedFiles: deletedFilesSchema.optional(),
})
export type StackroomSettings = z.infer<typeof stackroomSettingsSchema>
