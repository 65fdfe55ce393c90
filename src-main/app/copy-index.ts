/** Copies an index from one place to another: a storage folder, or a collection of a vector store, into either of them. */
import { StackroomError } from '#contract'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import { copyStore, type CopyOptions, type CopyReport } from '#engine/stores/copy-store.ts'
import { SimpleVectorStore } from '#engine/stores/simple/simple-vector-store.ts'
import { faissIndexIn } from '#engine/stores/faiss/faiss-folder.ts'
import { folderInAddress, isStoreAddress, joinAddress } from '#engine/stores/store-address.ts'
import type { VectorStore } from '#engine/stores/vector-store.ts'
import type { EngineServices } from './engine-services.ts'
import { requireStorageFolder } from './folder-info.ts'
import { makeFolder } from './make-folder.ts'
import { emptySettings } from './new-settings.ts'
import { realPath } from './open-folders.ts'
import { storePlaceIn } from './store-settings.ts'
import type { CollectionChoice } from './vector-stores.ts'

export interface CopiedIndex extends CopyReport {
  readonly from: string
  readonly to: string
}

export interface CopyIndexOptions extends CopyOptions {
  /** Which collection of the source, where its address does not say it. */
  readonly source?: CollectionChoice | undefined
  /** Which collection of the target; it is made when it is not there. */
  readonly target?: CollectionChoice | undefined
}

/** One end of a copy. */
interface CopyEnd extends AsyncDisposable {
  /** A real path, or a whole address. */
  readonly place: string
  readonly store: VectorStore
  /** Null: nothing is known of a collection but what is in it. */
  readonly settings: StackroomSettings | null
  /** Brings what was copied to where other programs read it. */
  persist(): Promise<void>
}

/** Throws as `copyStore`, and what keeps either end from being opened. The source is only read. */
export async function copyIndex(
  services: EngineServices,
  from: string,
  to: string,
  { source: chosen, target, signal, onProgress }: CopyIndexOptions = {},
): Promise<CopiedIndex> {
  await using source = await openSource(services, from, chosen, signal)
  await using end = isStoreAddress(to)
    ? await openTargetStore(services, to, target, source, signal)
    : await openTargetFolder(services, to, source, signal)
  const report = await copyStore(source.store, end.store, { signal, onProgress })
  await end.persist()
  return { from: source.place, to: end.place, ...report }
}

async function openSource(
  services: EngineServices,
  from: string,
  choice?: CollectionChoice,
  signal?: AbortSignal,
): Promise<CopyEnd> {
  const place = await services.stores.knowledgeBaseAt(from, choice, signal)
  if (isStoreAddress(place)) return openCollection(services, place, null, signal)
  await requireStorageFolder(place)
  const settings = await services.folders.settingsOf(place)
  if (settings && settings.vectorStore.kind !== 'simple') {
    const { kinds } = services.stores
    const address = kinds.addressOf(storePlaceIn(settings, kinds))
    return openCollection(services, address, settings, signal)
  }
  if (faissIndexIn(place) !== null)
    return openCollection(services, joinAddress('faiss', folderInAddress(place), {}), settings, signal)
  const { store } = await (await services.folders.open(place, { signal })).summary()
  if (store !== 'simple')
    throw new StackroomError('unsupported-format', `The vectors of ${place} are in another store.`, {
      hint: 'Give the address of that store instead of the folder.',
    })
  return openFolder(services, place, settings, signal)
}

async function openFolder(
  services: EngineServices,
  place: string,
  settings: StackroomSettings | null,
  signal?: AbortSignal,
): Promise<CopyEnd> {
  const folder = await services.folders.open(place, { signal })
  return {
    place,
    store: new SimpleVectorStore(folder),
    settings,
    persist: () => folder.persist({ ...(signal && { signal }) }),
    // It stays open for whoever else uses it.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function openCollection(
  services: EngineServices,
  address: string,
  settings: StackroomSettings | null,
  signal?: AbortSignal,
  model?: string,
): Promise<CopyEnd> {
  const place = await services.stores.choose(address, {}, signal)
  const opened = await services.stores.kinds.open(place, {
    signal,
    ...(model !== undefined && { create: { model } }),
  })
  return {
    place: address,
    store: opened.store,
    settings,
    persist: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => opened.close(),
  }
}

function openTargetStore(
  services: EngineServices,
  to: string,
  choice: CollectionChoice = {},
  source: CopyEnd,
  signal?: AbortSignal,
): Promise<CopyEnd> {
  const { kinds } = services.stores
  const given = kinds.parse(to)
  const collection = choice.collection ?? given.collection
  if (collection === null)
    throw new StackroomError('wrong-usage', 'The target does not say which collection is meant.', {
      hint: `Add ?collection=<name> to its address.`,
    })
  const address = kinds.addressOf({
    ...given,
    collection,
    tenant: choice.tenant ?? given.tenant,
    database: choice.database ?? given.database,
  })
  if (address === source.place) throw samePlace(address)
  return openCollection(services, address, null, signal, source.settings?.embedModel?.id ?? '')
}

async function openTargetFolder(
  services: EngineServices,
  to: string,
  source: CopyEnd,
  signal?: AbortSignal,
): Promise<CopyEnd> {
  const place = await realPath(to)
  if (place === source.place) throw samePlace(place)
  const kind = await detectFolderKind(place)
  if (kind !== 'missing' && kind !== 'empty') {
    const settings = await services.folders.settingsOf(place)
    if (kind === 'stackroom' && settings?.vectorStore.kind === 'simple')
      return openFolder(services, place, settings, signal)
    throw new StackroomError('invalid-input', `${place} is not empty.`, {
      hint: 'Choose a new folder, or one that an earlier copy of this index was broken off in.',
    })
  }
  const { undo } = await makeFolder(place)
  try {
    const { embedModel, transformations } = source.settings ?? emptySettings(place)
    await services.folders.create(place, { ...emptySettings(place), embedModel, transformations })
    return await openFolder(services, place, null, signal)
  } catch (error) {
    await undo()
    throw error
  }
}

function samePlace(place: string): StackroomError {
  return new StackroomError('wrong-usage', `${place} is the source and the target of the copy.`, {
    hint: 'Choose another target.',
  })
}
