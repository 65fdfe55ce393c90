/**
 * One run over sources of a storage folder: with the folder's model and node parser, noted while it is under way, persisted
 * however it ends.
 */
import {
  isCancelled,
  StackroomError,
  type DeletedFiles,
  type IngestReport,
  type JobProgress,
  type NodeParserInput,
  type SourceSettings,
} from '#contract'
import { toTransformation } from '#engine/ingest/node-parser-record.ts'
import type { NodeParserSettings } from '#engine/ingest/node-parser-settings.ts'
import type { PauseGate } from '#engine/ingest/pause-gate.ts'
import { ingest } from '#engine/ingest/pipeline.ts'
import { isWithin } from '#engine/ingest/scan-scope.ts'
import type { SourceToScan } from '#engine/ingest/scan.ts'
import type { StorageFolder, StorageSummary } from '#engine/storage/storage-folder.ts'
import type { EngineServices } from './engine-services.ts'
import { isQuitting } from './jobs.ts'
import type { FolderEmbedding } from './folder-model.ts'
import { emptySettings } from './new-settings.ts'
import { nodeParserFor } from './node-parsers.ts'
import { noteUnfinishedRun, readUnfinishedRun, type UnfinishedRun } from './unfinished-run.ts'

export interface RunOptions {
  /** Of a new index. Default: the folder's own name. */
  readonly name?: string | undefined
  /** Default: the model of the index, or the bundled one for a new index. */
  readonly model?: string | undefined
  /** Default: as the index was built, or what fits the model for a new index. */
  readonly nodeParser?: NodeParserInput | undefined
  /** What becomes of the documents of files that are gone. Default: as the index says; where it says `ask`, they are kept. */
  readonly deleted?: 'remove' | 'keep' | undefined
  /** Recognises text in images from now on, in these languages; null: no more. Default: as the index says. */
  readonly recognizeText?: string[] | null | undefined
  readonly pause?: PauseGate | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: JobProgress) => void) | undefined
  readonly onFailure?: ((path: string, error: unknown) => void) | undefined
}

export interface SourcesToRun {
  readonly sources: readonly SourceSettings[]
  /** Sources are only brought up to date. */
  readonly isRefresh: boolean
  /** Only these paths of them. */
  readonly only?: readonly string[] | undefined
  readonly retryFailed?: boolean | undefined
}

/** @throws StackroomError as `ingest` does, `wrong-model`, `read-only`; or the signal's reason. */
export async function runSources(
  services: EngineServices,
  storage: StorageFolder,
  wanted: SourcesToRun,
  options: RunOptions,
): Promise<IngestReport> {
  const { models, readerPool, checks } = services
  const summary = await storage.summary()
  requireWritable(summary)
  const embedding = await modelToIndexWith(services, storage, summary, options)
  const { model, metadataMode } = embedding
  const nodeParserSettings = nodeParserFor(models, {
    settings: summary.settings,
    model: { id: model.identity.id, maximumTokens: model.maximumTokens },
    input: options.nodeParser,
  })
  const { run, isNoted } = await beginRun(storage, wanted, options)
  const recognizeText = options.recognizeText ?? summary.settings?.recognizeText ?? undefined
  let last: JobProgress | undefined
  let indexedFrom: readonly SourceSettings[] = []
  let complete = false
  let quitting = false
  try {
    const report = await ingest({
      storage,
      model,
      metadataMode,
      sources: run.sources.map(toScan),
      nodeParserSettings,
      ...(recognizeText && options.recognizeText !== null && { readerOptions: { recognizeText } }),
      readerPool,
      isRefresh: wanted.isRefresh,
      only: wanted.only,
      retryFailed: run.retryFailed,
      deleted: run.deleted ?? asSaid(summary.settings?.deletedFiles),
      pause: options.pause,
      signal: options.signal,
      onProgress: (progress) => {
        last = progress
        options.onProgress?.(progress)
      },
      ...(options.onFailure && { onFailure: options.onFailure }),
    })
    complete = true
    indexedFrom = run.sources.filter(
      ({ path }) => !report.unavailable.includes(path) && isLookedAt(path, wanted),
    )
    return report
  } catch (error) {
    quitting = isCancelled(error) && isQuitting(options.signal?.reason)
    throw error
  } finally {
    // Cancelled and failed work is not begun again by itself; what the app's end or a crash broke off is.
    if (isNoted && !quitting) await noteUnfinishedRun(storage, null)
    if (last) options.onProgress?.({ ...last, phase: 'persisting', currentFile: null })
    const sources = run.sources
    await writeDown(storage, {
      ...{ summary, embedding, nodeParserSettings, sources, indexedFrom, options, complete },
    })
    await checks.noteGrown(storage, { ...model.identity, metadataMode })
    if (last) options.onProgress?.({ ...last, phase: 'done', currentFile: null, secondsLeft: null })
  }
}

/** With what an earlier run was broken off from, unless only a part is looked at. */
async function beginRun(
  storage: StorageFolder,
  { sources, only, retryFailed = false }: SourcesToRun,
  { deleted, model, nodeParser, recognizeText, pause }: RunOptions,
): Promise<{ run: UnfinishedRun; isNoted: boolean }> {
  const run: UnfinishedRun = {
    version: 1,
    sources: [...sources],
    retryFailed,
    ...(deleted && { deleted }),
    ...(model !== undefined && { model }),
    ...(nodeParser && { nodeParser }),
    ...(recognizeText !== undefined && { recognizeText }),
    paused: pause?.isPaused ?? false,
  }
  const before = await readUnfinishedRun(storage)
  const known = new Set(sources.map(({ path }) => path))
  const others = before?.sources.filter(({ path }) => !known.has(path)) ?? []
  // A part of what is to be done anyway: that stays noted.
  if (only && before) return { run, isNoted: false }
  const whole = { ...run, sources: [...sources, ...others] }
  await noteUnfinishedRun(storage, whole)
  return { run: only ? run : whole, isNoted: true }
}

function isLookedAt(source: string, { only }: SourcesToRun): boolean {
  return only === undefined || only.some((path) => isWithin(path, source))
}

function toScan({ path, watch: _, ...rules }: SourceSettings): SourceToScan {
  return { path, rules }
}

function asSaid(deletedFiles: DeletedFiles | undefined): 'remove' | 'keep' {
  return deletedFiles === 'remove' ? 'remove' : 'keep'
}

export function requireWritable(summary: StorageSummary): void {
  if (!summary.readOnly) return
  throw new StackroomError(
    'read-only',
    'This folder can only be read, so nothing can be added to its index.',
    {
      hint: 'Change the permissions of the folder, or index into another one.',
    },
  )
}

interface WriteDownOptions {
  readonly summary: StorageSummary
  readonly embedding: FolderEmbedding
  readonly nodeParserSettings: NodeParserSettings
  readonly sources: readonly SourceSettings[]
  /** Those that the index is in line with now. */
  readonly indexedFrom: readonly SourceSettings[]
  readonly options: RunOptions
  readonly complete: boolean
}

/** Not cancellable: it keeps what a cancelled run has committed. */
async function writeDown(storage: StorageFolder, details: WriteDownOptions): Promise<void> {
  const { summary, embedding, nodeParserSettings, sources, indexedFrom, options, complete } = details
  const after = await storage.summary()
  if (!complete && (after.nodes === 0 || after.persisted)) return
  // Settings may have been changed while it ran.
  const before = after.settings ?? summary.settings ?? emptySettings(storage.persistDir, options.name)
  const { model, metadataMode } = embedding
  const transformation = toTransformation(nodeParserSettings, model.identity.id)
  const known = new Set(before.sources.map(({ path }) => path))
  const now = new Date().toISOString()
  const indexed = new Set(indexedFrom.map(({ path }) => path))
  const all = [...before.sources, ...sources.filter(({ path }) => !known.has(path))]
  await storage.writeSettings({
    ...before,
    lastIndexed: complete ? now : before.lastIndexed,
    embedModel: { ...before.embedModel, ...model.identity, metadataMode },
    transformations: before.transformations.length > 0 ? before.transformations : [transformation],
    sources: all.map((source) => (indexed.has(source.path) ? { ...source, lastIndexed: now } : source)),
    ...(options.recognizeText !== undefined && { recognizeText: options.recognizeText }),
  })
  await storage.persist()
}

/** A model that the user names for an index without a record is compared with its vectors first. */
async function modelToIndexWith(
  { models, checks }: EngineServices,
  storage: StorageFolder,
  summary: StorageSummary,
  { model: wanted, signal }: RunOptions,
): Promise<FolderEmbedding> {
  const recorded = summary.settings?.embedModel
  if (wanted === undefined || wanted === recorded?.id)
    return checks.modelFor(storage, summary, 'index', signal)
  if (recorded)
    throw new StackroomError(
      'wrong-model',
      `This index was built with ${recorded.id}; vectors of ${wanted} cannot be mixed into it.`,
      {
        hint: `Leave the model out to go on with ${recorded.id}, embed the index again with ${wanted} first, or index into a new folder.`,
      },
    )
  if (summary.dimensions === null) {
    await models.requireConsent(wanted, storage.persistDir)
    return { model: await models.open(wanted), metadataMode: 'embed' }
  }
  await checks.choose(storage, wanted, { signal, unverified: true, inFolder: false })
  return checks.modelFor(storage, summary, 'index', signal)
}
