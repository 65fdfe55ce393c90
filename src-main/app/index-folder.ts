/** Indexes files into a storage folder, new or not. A new folder that nothing got into is taken away again. */
import { basename, join } from 'node:path'
import {
  sourceSettingsSchema,
  StackroomError,
  type FolderKind,
  type IngestReport,
  type NewVectorStore,
  type SourceSettings,
} from '#contract'
import { BUNDLED_MODEL_ID } from '#engine/embed/model-registry.ts'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { toTransformation } from '#engine/ingest/node-parser-record.ts'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { isStoreAddress } from '#engine/stores/store-address.ts'
import type { CollectionPlace } from '#engine/stores/store-kinds.ts'
import type { EngineServices } from './engine-services.ts'
import { makeFolder } from './make-folder.ts'
import { emptySettings } from './new-settings.ts'
import { nodeParserFor } from './node-parsers.ts'
import { realPath } from './open-folders.ts'
import { runSources, type RunOptions } from './run-sources.ts'
import { storeSettings, storeSettingsSchema } from './store-settings.ts'
import type { VectorStores } from './vector-stores.ts'

export interface IndexFolderOptions extends RunOptions {
  readonly paths: readonly string[]
  readonly persistDir: string
  /** Where a new index keeps its vectors. Default: in its own folder. */
  readonly store?: NewVectorStore | undefined
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
  const persistDir = await services.stores.knowledgeBaseAt(options.persistDir, {}, options.signal)
  if (paths.includes(persistDir))
    throw new StackroomError(
      'invalid-input',
      'The index cannot be put into the folder of the documents itself.',
      {
        hint: `Choose a folder in it or beside it, for example ${join(persistDir, 'storage')}.`,
      },
    )
  const isNew = !isStoreAddress(persistDir) && isWithoutIndex(await detectFolderKind(persistDir))
  const { store, name = basename(persistDir) } = options
  if (store) await requireStore(services, { persistDir, isNew, name, store })
  if (!isNew) {
    const storage = await services.folders.open(persistDir)
    const settings = await services.folders.settingsOf(persistDir)
    const listed = new Map(settings?.sources.map((source) => [source.path, source]))
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
    const storage = await services.folders.create(persistDir, newSettings(options, model, services))
    try {
      const sources = paths.map((path) => sourceOf(path, options))
      const report = await runSources(services, storage, { sources, isRefresh: false }, options)
      isEmpty = await isWithoutNodes(storage, options)
      return { report, error: isEmpty ? nothingIndexed(report) : null }
    } finally {
      isEmpty = (await isWithoutNodes(storage, options)) && (await storage.ingestion.unfinished()) === null
    }
  } finally {
    if (isEmpty) {
      await services.folders.discard(persistDir)
      await made.undo()
    }
  }
}

function newSettings(
  options: IndexFolderOptions,
  model: EmbedModel,
  { models, stores }: EngineServices,
): StackroomSettings {
  const { id } = model.identity
  const { persistDir, name = basename(persistDir), store } = options
  const parser = nodeParserFor(models, {
    settings: null,
    model: { id, maximumTokens: model.maximumTokens },
    input: options.nodeParser,
  })
  return {
    ...emptySettings(options.persistDir, options.name),
    embedModel: { ...model.identity, metadataMode: 'embed' },
    transformations: [toTransformation(parser, id)],
    ...(store && { vectorStore: storeSettings(placeFor(stores, store, name), store.metric) }),
  }
}

/** A collection may have had nodes before; whether it has them is not asked for, as its engine may be what failed. */
async function isWithoutNodes(
  storage: StorageFolder,
  { store, paths }: IndexFolderOptions,
): Promise<boolean> {
  if (!store) return (await storage.summary()).nodes === 0
  return (await storage.ingestion.countFiles(paths)).every((files) => files === 0)
}

export interface WantedStore {
  readonly persistDir: string
  readonly isNew: boolean
  readonly name: string
  readonly store: NewVectorStore
}

/** Throws `invalid-input` for a store that cannot be had, or is another than the index has. */
export async function requireStore(
  { stores, folders }: EngineServices,
  { persistDir, isNew, name, store }: WantedStore,
): Promise<void> {
  const wanted = placeFor(stores, store, name)
  if (isNew) return
  const known = storeSettingsSchema.safeParse((await folders.settingsOf(persistDir))?.vectorStore).data
  if (known?.address === wanted.address && known.collection === wanted.collection) return
  throw new StackroomError(
    'invalid-input',
    known
      ? `This index keeps its vectors in the collection ${known.collection} of ${known.address}.`
      : 'This index keeps its vectors in its own folder.',
    { hint: 'Leave the store out to go on with it, or index into a new folder.' },
  )
}

function placeFor(stores: VectorStores, store: NewVectorStore, name: string): CollectionPlace {
  const place = stores.kinds.parse(store.address)
  return { ...place, collection: store.collection ?? place.collection ?? collectionNamed(name) }
}

/** What every engine takes. */
function collectionNamed(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/gi, '_')
    .replace(/^_+|_+$/g, '')
  return plain.length < 3 ? `index_${plain || '1'}` : plain.slice(0, 60).replace(/_+$/, '')
}

function isWithoutIndex(kind: FolderKind): boolean {
  return kind === 'missing' || kind === 'empty' || kind === 'files'
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
