/** Indexes files into a storage folder, new or not. A new folder that nothing got into is taken away again. */
import { join } from 'node:path'
import { sourceSettingsSchema, StackroomError, type IngestReport, type SourceSettings } from '#contract'
import { BUNDLED_MODEL_ID } from '#engine/embed/model-registry.ts'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { toTransformation } from '#engine/ingest/node-parser-record.ts'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import { readSettings } from '#engine/storage/stackroom-settings-file.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import type { EngineServices } from './engine-services.ts'
import { makeFolder } from './make-folder.ts'
import type { Models } from './models.ts'
import { emptySettings } from './new-settings.ts'
import { nodeParserFor } from './node-parsers.ts'
import { realPath } from './open-folders.ts'
import { runSources, type RunOptions } from './run-sources.ts'

export interface IndexFolderOptions extends RunOptions {
  readonly paths: readonly string[]
  readonly persistDir: string
  /** For each of the paths that is not a source of the index yet. */
  readonly source?: Partial<Omit<SourceSettings, 'path'>> | undefined
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
  const paths = [...new Set(await Promise.all(options.paths.map(realPath)))]
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
    const listed = new Map(readSettings(persistDir)?.sources.map((source) => [source.path, source]))
    const sources = paths.map((path) => listed.get(path) ?? sourceOf(path, options))
    return {
      report: await runSources(services, storage, { sources, isRefresh: false }, options),
      error: null,
    }
  }
  // the model comes first: a wrong id must not leave a folder behind
  const id = options.model ?? BUNDLED_MODEL_ID
  await services.models.requireConsent(id, persistDir)
  const model = await services.models.open(id)
  return indexNew(services, { ...options, persistDir, paths }, model)
}

function sourceOf(path: string, { source }: IndexFolderOptions): SourceSettings {
  return sourceSettingsSchema.parse({ ...source, path })
}

async function indexNew(
  services: EngineServices,
  options: IndexFolderOptions,
  model: EmbedModel,
): Promise<IndexFolderResult> {
  const { persistDir, paths } = options
  const made = await makeFolder(persistDir)
  let isEmpty = true
  try {
    const storage = await services.folders.create(persistDir, newSettings(options, model, services.models))
    try {
      const sources = paths.map((path) => sourceOf(path, options))
      const report = await runSources(services, storage, { sources, isRefresh: false }, options)
      isEmpty = (await storage.summary()).nodes === 0
      return { report, error: isEmpty ? nothingIndexed(report) : null }
    } finally {
      isEmpty = (await storage.summary()).nodes === 0 && (await storage.ingestion.unfinished()) === null
    }
  } finally {
    if (isEmpty) {
      await services.folders.closeFolder(persistDir)
      await made.undo()
    }
  }
}

function newSettings(options: IndexFolderOptions, model: EmbedModel, models: Models): StackroomSettings {
  const { id } = model.identity
  const parser = nodeParserFor(models, {
    settings: null,
    model: { id, maximumTokens: model.maximumTokens },
    input: options.nodeParser,
  })
  return {
    ...emptySettings(options.persistDir, options.name),
    embedModel: { ...model.identity, metadataMode: 'embed' },
    transformations: [toTransformation(parser, id)],
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
