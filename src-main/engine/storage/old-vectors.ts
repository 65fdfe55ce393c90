/**
 * The vectors that a replacement took the place of: LlamaIndex's own file, kept beside the working store until the user
 * throws it away or puts it back. What has to be written when the new vectors are in place is noted in the transaction that
 * puts them there, and done again by the next open when a crash came between.
 */
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { replaceFile, syncFolder } from '#platform/atomic-files.ts'
import { layoutOf } from './folder-layout.ts'
import { storedKey } from './llamaindex/python-json.ts'
import { scanStoreFile } from './llamaindex/json-scanner.ts'
import { sectionRoleOf, storeFileOf } from './llamaindex/store-files.ts'
import { parseVector } from './llamaindex/vector-text.ts'
import {
  addNewVectors,
  beginReplacement,
  takeNewVectors,
  textsToEmbed,
  type NewVector,
} from './replace-vectors.ts'
import { noteReplacedVectors } from './source-manifest.ts'
import { readSettings, requireSettings, writeSettings } from './stackroom-settings-file.ts'
import { stackroomSettingsSchema, type StackroomSettings } from './stackroom-settings.ts'
import type { VectorStores } from './vector-stores.ts'
import { oldVectorsFolder } from './working-folder.ts'
import type { WorkingStore } from './working-store.ts'

export interface OldVectors {
  /** The model that made them, as far as it was known. */
  readonly model: string | null
  readonly dimensions: number
  /** ISO 8601. */
  readonly replacedAt: string
  readonly bytes: number
}

/** The folder that a replacement works on. */
export interface ReplacedFolder {
  readonly store: WorkingStore
  readonly vectors: VectorStores
  readonly persistDir: string
  readonly workingFolder: string
}

const descriptionName = 'description.json'
const afterwardsKey = 'after-replacement'

const descriptionSchema = z.object({
  version: z.literal(1),
  file: z.string().refine((name) => storeFileOf(name)?.role === 'vector-store' && basename(name) === name),
  model: z.string().nullable(),
  dimensions: z.number(),
  replacedAt: z.string(),
  bytes: z.number(),
  settings: stackroomSettingsSchema.nullable(),
  /** Nodes that could not get a new vector, having no text. */
  dropped: z.array(z.string()),
})
type Description = z.infer<typeof descriptionSchema>

const afterwardsSchema = z.object({
  settings: stackroomSettingsSchema,
  oldVectors: descriptionSchema.nullable(),
  /** The old vectors are those of now. */
  restored: z.boolean(),
})

/** The JSON files must be up to date: the vectors that are kept are those in them. Throws `invalid-input`. */
export function finishReplacement(folder: ReplacedFolder, settings: StackroomSettings): void {
  const { store, persistDir, workingFolder } = folder
  requireSettings(settings)
  const row = layoutOf(store).vectorStore
  if (!row?.dimensions || !store.isPersisted)
    throw new StackroomError('internal', 'The vectors that are to be kept are not in their file.')
  const before = readSettings(persistDir)
  let description: Description | null = null
  // Of several replacements the first is kept: its vectors may be the only ones that no cache has.
  if (oldVectorsIn(workingFolder) === null) {
    const kept = join(workingFolder, oldVectorsFolder)
    rmSync(kept, { recursive: true, force: true })
    mkdirSync(kept)
    linkOrCopy(join(persistDir, row.file), join(kept, row.file))
    syncFolder(kept)
    description = {
      version: 1,
      file: row.file,
      model: before?.embedModel?.id ?? null,
      dimensions: row.dimensions,
      replacedAt: new Date().toISOString(),
      bytes: statSync(join(kept, row.file)).size,
      settings: before,
      dropped: [],
    }
  }
  take(folder, [], (dropped) => ({
    settings,
    oldVectors: description && { ...description, dropped: [...dropped] },
    restored: false,
  }))
}

/** Throws `not-found` when there are none, `wrong-model` when nodes were added that have no old vector. */
export async function restoreOldVectors(folder: ReplacedFolder, signal: AbortSignal): Promise<void> {
  const { store, persistDir, workingFolder } = folder
  const description = descriptionIn(workingFolder)
  if (!description) throw new StackroomError('not-found', 'There are no old vectors to put back.')
  const { file, dimensions, replacedAt, settings: before, dropped } = description
  await beginReplacement(store, workingFolder, { key: `old vectors ${replacedAt}`, dimensions }, signal)
  const hashes = new Map(dropped.map((nodeId) => [nodeId, '']))
  for (let page: number | null = 0; page !== null;) {
    const { texts, next } = textsToEmbed(store, page, 1000)
    for (const { nodeId, textHash } of texts) hashes.set(nodeId, textHash)
    page = next
    await nextTurn()
    signal.throwIfAborted()
  }
  let batch: NewVector[] = []
  let isVectors = false
  for (const token of scanStoreFile(join(workingFolder, oldVectorsFolder, file))) {
    if (token.kind === 'section-start') isVectors = sectionRoleOf('vector-store', token.name) === 'embeddings'
    const textHash = token.kind === 'entry' && isVectors ? hashes.get(storedKey(token.key)) : undefined
    if (token.kind !== 'entry' || textHash === undefined) continue
    const vector = parseVector(token.value)
    if (vector?.length !== dimensions) continue
    const nodeId = storedKey(token.key)
    hashes.delete(nodeId)
    batch.push({ nodeId, textHash, vector })
    if (batch.length < 1000) continue
    addNewVectors(store, workingFolder, batch)
    batch = []
    await nextTurn()
    signal.throwIfAborted()
  }
  addNewVectors(store, workingFolder, batch)
  const added = [...hashes.values()].filter((textHash) => textHash !== '').length
  if (added > 0)
    throw new StackroomError(
      'wrong-model',
      `${added} passages were added after the old vectors were replaced, and have no old vector.`,
      {
        hint: 'Embed the folder again with the former model instead: its vectors of old texts are in the cache.',
      },
    )
  const settings = {
    ...(readSettings(persistDir) ?? before ?? unnamed),
    embedModel: before?.embedModel ?? null,
  }
  if (before) settings.transformations = before.transformations
  take(folder, dropped, () => ({ settings, oldVectors: null, restored: true }))
}

const unnamed: StackroomSettings = {
  version: 1,
  name: '',
  created: '',
  lastIndexed: null,
  embedModel: null,
  transformations: [],
  vectorStore: { kind: 'simple' },
  sources: [],
}

function take(
  { store, vectors, persistDir, workingFolder }: ReplacedFolder,
  readmitted: readonly string[],
  afterwards: (dropped: readonly string[]) => z.infer<typeof afterwardsSchema>,
): void {
  takeNewVectors(store, workingFolder, readmitted, (dropped) => {
    const following = afterwards(dropped)
    noteReplacedVectors(store, following.restored)
    store.setMeta(afterwardsKey, JSON.stringify(following))
  })
  vectors.forget()
  completeReplacement(store, persistDir, workingFolder)
}

/** Writes what goes with the new vectors; also when opening, after a crash. */
export function completeReplacement(store: WorkingStore, persistDir: string, workingFolder: string): void {
  const kept = join(workingFolder, oldVectorsFolder)
  const text = store.meta(afterwardsKey)
  if (text === null) {
    // Kept for a replacement that did not come about.
    if (existsSync(kept) && !descriptionIn(workingFolder)) rmSync(kept, { recursive: true, force: true })
    return
  }
  const { settings, oldVectors, restored } = afterwardsSchema.parse(JSON.parse(text))
  if (oldVectors) replaceFile(join(kept, descriptionName), JSON.stringify(oldVectors))
  writeSettings(persistDir, settings)
  if (restored) rmSync(kept, { recursive: true, force: true })
  store.setMeta(afterwardsKey, null)
}

/** The settings that go with the vectors where a crash came between the two. */
export function settingsOfReplacement(store: WorkingStore): StackroomSettings | null {
  const text = store.meta(afterwardsKey)
  return text === null ? null : afterwardsSchema.parse(JSON.parse(text)).settings
}

export function oldVectorsIn(workingFolder: string): OldVectors | null {
  const description = descriptionIn(workingFolder)
  if (!description) return null
  const { model, dimensions, replacedAt, bytes } = description
  return { model, dimensions, replacedAt, bytes }
}

export function discardOldVectors(workingFolder: string): void {
  rmSync(join(workingFolder, oldVectorsFolder), { recursive: true, force: true })
}

function descriptionIn(workingFolder: string): Description | null {
  const folder = join(workingFolder, oldVectorsFolder)
  try {
    const text = readFileSync(join(folder, descriptionName), 'utf8')
    const description = descriptionSchema.parse(JSON.parse(text))
    return existsSync(join(folder, description.file)) ? description : null
  } catch {
    // None, or one that nothing can be put back from.
    return null
  }
}

/** A second name costs nothing: a persist never writes into a file that is there. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(realpathSync(from), to)
  } catch {
    copyFileSync(from, to)
  }
}
