/** What comparing models with folders showed, remembered in the data folder for as long as the folder's vectors are the same. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { errorShapeSchema, modelScoreSchema, modelVerdictReasonSchema } from '#contract'
import type { SampledNode } from '#engine/storage/sample-nodes.ts'
import { embedModelFields } from '#engine/storage/stackroom-settings.ts'
import { readJsonFile, writeJsonFile } from '#platform/json-file.ts'

const identitySchema = z.object(embedModelFields)

const verdictSchema = z.object({
  verdict: z.enum(['verified', 'wrong-model', 'cannot-tell']),
  reason: modelVerdictReasonSchema.nullable(),
  /** Of a verified model: with the settings that made the vectors. */
  identity: identitySchema.nullable(),
  score: modelScoreSchema.nullable(),
  error: errorShapeSchema.nullable(),
  /** ISO 8601. */
  checkedAt: z.string(),
  /** Where the model's server was then; null for a model of this machine's. */
  address: z.string().nullable().default(null),
})
export type Verdict = z.infer<typeof verdictSchema>

const folderSchema = z.object({
  persistDir: z.string(),
  stamp: z.string(),
  /** By the model's id. */
  verdicts: z.record(z.string(), verdictSchema),
  /** A model that the user took without a proof, and that the folder does not record. */
  chosen: identitySchema.nullable(),
})
type Folder = z.infer<typeof folderSchema>
const fileSchema = z.object({ version: z.literal(1), folders: z.array(folderSchema) })

const foldersKept = 500

export class Verdicts {
  readonly #path: string
  #loading: Promise<Folder[]> | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(dataFolder: string) {
    this.#path = join(dataFolder, 'model-verdicts.json')
  }

  /** Null: nothing is known, or the vectors are others by now. */
  async of(persistDir: string, stamp: string): Promise<Pick<Folder, 'verdicts' | 'chosen'>> {
    const folder = (await this.#all()).find((known) => known.persistDir === persistDir)
    return folder?.stamp === stamp ? folder : { verdicts: {}, chosen: folder?.chosen ?? null }
  }

  note(persistDir: string, stamp: string, model: string, verdict: Verdict): Promise<void> {
    return this.#change(persistDir, stamp, (folder) => ({
      ...folder,
      verdicts: { ...folder.verdicts, [model]: verdict },
    }))
  }

  choose(persistDir: string, stamp: string, chosen: Folder['chosen']): Promise<void> {
    return this.#change(persistDir, stamp, (folder) => ({ ...folder, chosen }))
  }

  #all(): Promise<Folder[]> {
    this.#loading ??= readJsonFile(this.#path, fileSchema, () => ({ version: 1 as const, folders: [] })).then(
      ({ folders }) => folders,
    )
    return this.#loading
  }

  #change(persistDir: string, stamp: string, change: (folder: Folder) => Folder): Promise<void> {
    const turn = this.#turn.then(async () => {
      const all = await this.#all()
      const known = all.find((folder) => folder.persistDir === persistDir)
      const before: Folder =
        known?.stamp === stamp ? known : { persistDir, stamp, verdicts: {}, chosen: known?.chosen ?? null }
      const folders = [change(before), ...all.filter((folder) => folder !== known)].slice(0, foldersKept)
      this.#loading = Promise.resolve(folders)
      await writeJsonFile(this.#path, { version: 1, folders })
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

/** Differs when the sampled vectors do. */
export function stampOf(samples: readonly SampledNode[]): string {
  const hash = createHash('sha256')
  for (const { nodeId, vector } of samples)
    hash.update(`${nodeId}\0`).update(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength))
  return hash.digest('hex')
}
