/** A run over sources that was begun and not finished: noted in the folder's working store, so that the next one goes on. */
import { z } from 'zod'
import { nodeParserInputSchema, sourceSettingsSchema } from '#contract'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'

const unfinishedRunSchema = z.object({
  version: z.literal(1),
  sources: z.array(sourceSettingsSchema),
  retryFailed: z.boolean(),
  deleted: z.enum(['remove', 'keep']).optional(),
  model: z.string().optional(),
  nodeParser: nodeParserInputSchema.optional(),
  recognizeText: z.array(z.string()).nullable().optional(),
  /** The user held it up: it is not to go on by itself. */
  paused: z.boolean(),
})
export type UnfinishedRun = z.infer<typeof unfinishedRunSchema>

/** Null: there is none, or one that this version does not know. */
export async function readUnfinishedRun({
  ingestion,
}: Pick<StorageFolder, 'ingestion'>): Promise<UnfinishedRun | null> {
  const text = await ingestion.unfinished()
  if (text === null) return null
  const parsed = unfinishedRunSchema.safeParse(JSON.parse(text))
  return parsed.data ?? null
}

export async function noteUnfinishedRun(
  { ingestion }: Pick<StorageFolder, 'ingestion'>,
  run: UnfinishedRun | null,
): Promise<void> {
  await ingestion.noteUnfinished(run === null ? null : JSON.stringify(run))
}
