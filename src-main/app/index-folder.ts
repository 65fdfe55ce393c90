/**
 * Indexes files into a storage folder, new or not. What was committed is persisted however the run ends; a new folder
 * that nothing got into is taken away again.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { StackroomError, type IngestReport, type JobProgress } from '#contract'
import { BUNDLED_MODEL_ID } from '#engine/embed/model-registry.ts'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import {
  nodeParserSettingsFor,
  nodeParserSettingsSchema,
  toTransformation,
  type NodeParserSettings,
} from '#engine/ingest/node-parser-settings.ts'
import { ingest } from '#engine/ingest/pipeline.ts'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import type { StorageFolder, StorageSummary } from '#engine/storage/storage-folder.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import type { EngineServices } from './engine-services.ts'
import { makeFolder } from './make-folder.ts'
import type { Models } from './models.ts'
import { emptySettings } from './new-settings.ts'
import { realPath } from './open-folders.ts'

export interface IndexFolderOptions {
  readonly paths: readonly string[]
  readonly persistDir: string
  /** Of a new index. Default: the folder's own name. */
  readonly name?: string | undefined
  /** Default: the model of the index, or the bundled one for a new index. */
  readonly model?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: JobProgress) => void
  readonly onFailure?: (path: string, error: unknown) => void
}

export interface IndexFolderResult {
  readonly report: IngestReport
  /** Set when every file failed and so there is no index. */
  readonly error: StackroomError | null
}

/** @throws StackroomError as `ingest` does, and `wrong-model`, `read-only`, or what is wrong with the folder. */
export async function indexFolder(
  services: EngineServices,
  options: IndexFolderOptions,
): Promise<IndexFolderResult> {
  const paths = await Promise.all(options.paths.map(realPath))
  const persistDir = await realPath(options.persistDir)
  if (paths.includes(persistDir))
    throw new StackroomError(
      'invalid-input',
      'The index cannot be put into the folder of the documents itself.',
      {
        hint: `Choose a folder in it or beside it, for example ${join(persistDir, 'storage')}.`,
      },
    )
  const kind = await detectFolderKind(persistDir)
  if (kind !== 'missing' && kind !== 'empty' && kind !== 'files') {
    const storage = await services.folders.open(persistDir)
    return { report: await run(services, storage, options, paths), error: null }
  }
  // the model comes first: a wrong id must not leave a folder behind
  const id = options.model ?? BUNDLED_MODEL_ID
  await services.models.requireConsent(id, persistDir)
  const model = await services.models.open(id)
  return indexNew(services, { ...options, persistDir }, paths, model)
}

async function indexNew(
  services: EngineServices,
  options: IndexFolderOptions,
  paths: readonly string[],
  model: EmbedModel,
): Promise<IndexFolderResult> {
  const { persistDir } = options
  const made = await makeFolder(persistDir)
  let isEmpty = true
  try {
    const storage = await services.folders.create(persistDir, newSettings(options, model, services.models))
    try {
      const report = await run(services, storage, options, paths)
      isEmpty = report.nodes === 0
      return { report, error: isEmpty ? nothingIndexed(report) : null }
    } finally {
      isEmpty = (await storage.summary()).nodes === 0
    }
  } finally {
    if (isEmpty) {
      await services.folders.closeFolder(persistDir)
      await made.undo()
    }
  }
}

async function run(
  services: EngineServices,
  storage: StorageFolder,
  options: IndexFolderOptions,
  paths: readonly string[],
): Promise<IngestReport> {
  const { models, readerPool, checks } = services
  const { signal, onProgress, onFailure } = options
  const summary = await storage.summary()
  if (summary.readOnly)
    throw new StackroomError(
      'read-only',
      'This folder can only be read, so nothing can be added to its index.',
      {
        hint: 'Change the permissions of the folder, or index into another one.',
      },
    )
  const model = await modelToIndexWith(services, storage, summary, options)
  const nodeParserSettings = parserSettings(summary.settings, model, models)
  let last: JobProgress | undefined
  let complete = false
  try {
    const report = await ingest({
      storage,
      model,
      paths,
      nodeParserSettings,
      readerPool,
      signal,
      onProgress: (progress) => {
        last = progress
        onProgress?.(progress)
      },
      ...(onFailure && { onFailure }),
    })
    complete = true
    return report
  } finally {
    if (last) onProgress?.({ ...last, phase: 'persisting', currentFile: null })
    await writeDown(storage, { summary, model, nodeParserSettings, paths, options, complete })
    await checks.noteGrown(storage, model.identity)
    if (last) onProgress?.({ ...last, phase: 'done', currentFile: null, secondsLeft: null })
  }
}

interface WriteDownOptions {
  readonly summary: StorageSummary
  readonly model: EmbedModel
  readonly nodeParserSettings: NodeParserSettings
  readonly paths: readonly string[]
  readonly options: IndexFolderOptions
  readonly complete: boolean
}

/** Not cancellable: it keeps what a cancelled run has committed. */
async function writeDown(storage: StorageFolder, details: WriteDownOptions): Promise<void> {
  const { summary, model, nodeParserSettings, paths, options, complete } = details
  const after = await storage.summary()
  if (!complete && after.nodes === summary.nodes) return
  const before = summary.settings ?? emptySettings(storage.persistDir, options.name)
  const transformation = toTransformation(nodeParserSettings, model.identity.id)
  await storage.writeSettings({
    ...before,
    lastIndexed: complete ? new Date().toISOString() : before.lastIndexed,
    embedModel: before.embedModel ?? { ...model.identity },
    transformations: before.transformations.length > 0 ? before.transformations : [transformation],
    sources: [...new Set([...before.sources, ...paths])],
  })
  await storage.persist()
}

/** A model that the user names for an index without a record is compared with its vectors first. */
async function modelToIndexWith(
  { models, checks }: EngineServices,
  storage: StorageFolder,
  summary: StorageSummary,
  { model: wanted, signal }: IndexFolderOptions,
): Promise<EmbedModel> {
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
    return models.open(wanted)
  }
  await checks.choose(storage, wanted, { signal, unverified: true, inFolder: false })
  return checks.modelFor(storage, summary, 'index', signal)
}

/** As the index was built, so that old and new chunks are alike; or what fits the model's window. */
function parserSettings(
  settings: StackroomSettings | null,
  model: EmbedModel,
  models: Models,
): NodeParserSettings {
  const { id } = model.identity
  const fitting = nodeParserSettingsFor(model.maximumTokens, models.tokenizerOf(id))
  const recorded = settings?.transformations[0]
  if (!recorded) return fitting
  // by the model's id; the index may have been embedded again with another model since
  const tokenizer = z.string().catch('').parse(recorded['tokenizer'])
  const parsed = nodeParserSettingsSchema.safeParse({
    ...recorded,
    tokenizer: tokenizer.includes(':') ? models.tokenizerOf(tokenizer) : { kind: tokenizer },
  })
  return parsed.success ? parsed.data : fitting
}

function newSettings(options: IndexFolderOptions, model: EmbedModel, models: Models): StackroomSettings {
  const parser = parserSettings(null, model, models)
  return {
    ...emptySettings(options.persistDir, options.name),
    embedModel: { ...model.identity },
    transformations: [toTransformation(parser, model.identity.id)],
  }
}

function nothingIndexed({ failed }: IngestReport): StackroomError {
  const first = failed[0]
  if (first && failed.length === 1) return new StackroomError(first.code, `${first.path}: ${first.message}`)
  return new StackroomError(
    'no-readable-files',
    first ? `None of the ${failed.length} files could be read.` : 'There is no text in these files.',
    { hint: first ? `The first one: ${first.path}: ${first.message}` : 'Choose files with text in them.' },
  )
}
