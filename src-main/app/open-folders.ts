/**
 * The open storage folders, each opened once however many ask for it, and closed together: those with vectors of their own,
 * those with vectors in another store, and collections of a store that are knowledge bases by themselves.
 */
import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { readSettings } from '#engine/storage/stackroom-settings-file.ts'
import { createStorageFolder, openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import { CollectionFolder } from '#engine/stores/collection-folder.ts'
import { isStoreAddress } from '#engine/stores/store-address.ts'
import type { StoreKinds } from '#engine/stores/store-kinds.ts'
import { CollectionFolders, isElsewhere, ownFolderOf } from './collection-folders.ts'

export interface OpenFolderOptions {
  /** Lets the engine of a vector store bring a folder of an older version up to date, after a backup. */
  readonly migrate?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export class OpenFolders implements AsyncDisposable {
  readonly #dataFolder: string
  readonly #collections: CollectionFolders
  readonly #folders = new Map<string, Promise<StorageFolder>>()

  constructor({ dataFolder, kinds }: { readonly dataFolder: string; readonly kinds: StoreKinds }) {
    this.#dataFolder = dataFolder
    this.#collections = new CollectionFolders({ dataFolder, kinds })
  }

  /** The open folder. Who asks for it does not close it. */
  async open(persistDir: string, options: OpenFolderOptions = {}): Promise<StorageFolder> {
    const path = await realPath(persistDir)
    return this.#folders.get(path) ?? this.#remember(path, this.#open(path, options))
  }

  /** A new storage context in a folder that has none. */
  async create(persistDir: string, settings: StackroomSettings): Promise<StorageFolder> {
    const path = await realPath(persistDir)
    return (
      this.#folders.get(path) ??
      this.#remember(
        path,
        settings.vectorStore.kind === 'simple'
          ? createStorageFolder({ persistDir: path, dataFolder: this.#dataFolder, settings })
          : this.#collections.create(path, settings),
      )
    )
  }

  /** `stackroom.json` of a folder, or of a collection as far as it is kept here. */
  async settingsOf(persistDir: string): Promise<StackroomSettings | null> {
    const path = await realPath(persistDir)
    return readSettings(isStoreAddress(path) ? ownFolderOf(path, this.#dataFolder) : path)
  }

  /** By its real path. */
  isOpen(path: string): boolean {
    return this.#folders.has(path)
  }

  async closeFolder(persistDir: string): Promise<void> {
    const path = await realPath(persistDir)
    const folder = this.#folders.get(path)
    this.#folders.delete(path)
    if (folder) await closeOpened(folder)
  }

  /** Closes a folder that came to nothing; a collection that was made for it goes, too. */
  async discard(persistDir: string): Promise<void> {
    const opening = this.#folders.get(await realPath(persistDir))
    const [opened] = await Promise.allSettled([opening])
    if (opened.status === 'fulfilled' && opened.value instanceof CollectionFolder)
      await opened.value.discardCollection()
    await this.closeFolder(persistDir)
  }

  /** Does work for which nobody may have the folder open; who asks for it meanwhile gets it when that is done. */
  async closedDuring<Value>(persistDir: string, work: () => Promise<Value>): Promise<Value> {
    const path = await realPath(persistDir)
    const before = this.#folders.get(path)
    const working = (before ? closeOpened(before) : Promise.resolve()).then(work)
    const reopen = (): Promise<StorageFolder> => this.#open(path, {})
    void this.#remember(path, working.then(reopen, reopen))
    return working
  }

  async close(): Promise<void> {
    const folders = [...this.#folders.values()]
    this.#folders.clear()
    await Promise.all(folders.map(closeOpened))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #open(path: string, options: OpenFolderOptions): Promise<StorageFolder> {
    if (isStoreAddress(path)) return this.#collections.openCollection(path, options)
    return hasStoreElsewhere(path)
      ? this.#collections.openFolder(path, options)
      : openStorageFolder({ persistDir: path, dataFolder: this.#dataFolder, signal: options.signal })
  }

  #remember(path: string, opening: Promise<StorageFolder>): Promise<StorageFolder> {
    this.#folders.set(path, opening)
    opening.catch(() => {
      if (this.#folders.get(path) === opening) this.#folders.delete(path)
    })
    return opening
  }
}

async function closeOpened(opening: Promise<StorageFolder>): Promise<void> {
  const [result] = await Promise.allSettled([opening])
  if (result.status === 'fulfilled') await result.value.close()
}

/** What cannot be read is told of by whoever opens the folder. */
function hasStoreElsewhere(path: string): boolean {
  try {
    return isElsewhere(readSettings(path))
  } catch {
    return false
  }
}

/** Two ways to one folder are one folder. An address stays as it is. */
export async function realPath(path: string): Promise<string> {
  if (isStoreAddress(path)) return path
  const absolute = resolve(path)
  return realpath(absolute).catch(() => absolute)
}
