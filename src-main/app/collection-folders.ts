/**
 * Opens folders whose vectors are in another store, and collections that are knowledge bases by themselves. Of the latter,
 * what is kept beside the collection (settings, the manifest of files that were inserted, their docstore) is in the data
 * folder.
 */
import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StackroomError, type FolderKind } from '#contract'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import {
  createStorageFolder,
  openStorageFolder,
  type OpenedStorageFolder,
} from '#engine/storage/open-storage-folder.ts'
import { readSettings } from '#engine/storage/stackroom-settings-file.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import { CollectionFolder } from '#engine/stores/collection-folder.ts'
import {
  hasCollection,
  type CollectionPlace,
  type OpenedStore,
  type OpenStoreOptions,
  type StoreKinds,
} from '#engine/stores/store-kinds.ts'
import { storePlaceIn, storeSettings, storeSettingsSchema } from './store-settings.ts'
import { emptySettings } from './new-settings.ts'
import type { OpenFolderOptions } from './open-folders.ts'

export class CollectionFolders {
  readonly #dataFolder: string
  readonly #kinds: StoreKinds

  constructor({ dataFolder, kinds }: { readonly dataFolder: string; readonly kinds: StoreKinds }) {
    this.#dataFolder = dataFolder
    this.#kinds = kinds
  }

  /** A collection by its whole address. */
  async openCollection(address: string, options: OpenFolderOptions): Promise<CollectionFolder> {
    const place = this.#kinds.parse(address)
    if (!hasCollection(place))
      throw new StackroomError('invalid-input', `${address} does not say which collection is meant.`)
    const path = ownFolderOf(address, this.#dataFolder)
    return this.#compose(address, kindOf(place), place, options, async () => {
      const target = { persistDir: path, dataFolder: this.#dataFolder, vectorsElsewhere: true }
      const kind = await detectFolderKind(path)
      if (kind !== 'missing' && kind !== 'empty') return openStorageFolder(target)
      await mkdir(path, { recursive: true })
      const settings = { ...emptySettings(path, place.collection), vectorStore: storeSettings(place) }
      return createStorageFolder({ ...target, settings })
    })
  }

  /** A folder whose settings name the collection. */
  openFolder(persistDir: string, options: OpenFolderOptions): Promise<CollectionFolder> {
    const place = storePlaceIn(readSettings(persistDir), this.#kinds)
    return this.#compose(persistDir, undefined, place, options, () =>
      openStorageFolder({ persistDir, dataFolder: this.#dataFolder, vectorsElsewhere: true }),
    )
  }

  /** A new folder with a collection that may be new, too. */
  create(persistDir: string, settings: StackroomSettings): Promise<CollectionFolder> {
    const place = storePlaceIn(settings, this.#kinds)
    const { metric } = storeSettingsSchema.parse(settings.vectorStore)
    const create = { metric, model: settings.embedModel?.id ?? '' }
    // The folder comes first: the store may be a folder in it, and it has to be empty.
    const own = createStorageFolder({
      persistDir,
      dataFolder: this.#dataFolder,
      settings,
      vectorsElsewhere: true,
    })
    return own.then(async (opened) =>
      this.#compose(persistDir, undefined, place, { create }, () => Promise.resolve(opened)).catch(
        async (error: unknown) => {
          await opened.close()
          throw error
        },
      ),
    )
  }

  /** The store comes first: what cannot be opened leaves nothing behind. */
  async #compose(
    persistDir: string,
    kind: FolderKind | undefined,
    place: CollectionPlace,
    options: OpenStoreOptions,
    openOwn: () => Promise<OpenedStorageFolder>,
  ): Promise<CollectionFolder> {
    const opened = await this.#kinds.open(place, options)
    let own: OpenedStorageFolder
    try {
      own = await openOwn()
    } catch (error) {
      await letGo(opened)
      throw error
    }
    const folder = new CollectionFolder({ persistDir, kind, place, own, opened })
    try {
      await folder.bringUpToDate(options.signal)
    } catch (error) {
      await folder.close()
      throw error
    }
    return folder
  }
}

async function letGo(opened: OpenedStore): Promise<void> {
  if (opened.isNew) await opened.discard().catch(() => undefined)
  await opened.close()
}

function kindOf({ kind }: CollectionPlace): FolderKind {
  return kind === 'chroma' ? 'chroma' : 'vector-store'
}

/** Where what is kept of a collection that is a knowledge base by itself is. */
export function ownFolderOf(address: string, dataFolder: string): string {
  return join(dataFolder, 'collections', createHash('sha256').update(address).digest('hex').slice(0, 24))
}

/** Whether these settings say that the vectors are in another store. */
export function isElsewhere(settings: Pick<StackroomSettings, 'vectorStore'> | null): boolean {
  return storeSettingsSchema.safeParse(settings?.vectorStore).success
}
