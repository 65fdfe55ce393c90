/** The open storage folders, each opened once however many ask for it, and closed together. */
import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createStorageFolder, openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'

export interface OpenFolderOptions {
  /** Lets the engine of a vector store bring a folder of an older version up to date, after a backup. */
  readonly migrate?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export class OpenFolders implements AsyncDisposable {
  readonly #dataFolder: string
  readonly #folders = new Map<string, Promise<StorageFolder>>()

  constructor({ dataFolder }: { readonly dataFolder: string }) {
    this.#dataFolder = dataFolder
  }

  /** The open folder. Who asks for it does not close it. */
  async open(persistDir: string, _: OpenFolderOptions = {}): Promise<StorageFolder> {
    const path = await realPath(persistDir)
    return (
      this.#folders.get(path) ??
      this.#remember(path, openStorageFolder({ persistDir: path, dataFolder: this.#dataFolder }))
    )
  }

  /** A new storage context in a folder that has none. */
  async create(persistDir: string, settings: StackroomSettings): Promise<StorageFolder> {
    const path = await realPath(persistDir)
    return (
      this.#folders.get(path) ??
      this.#remember(path, createStorageFolder({ persistDir: path, dataFolder: this.#dataFolder, settings }))
    )
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

  /** Does work for which nobody may have the folder open; who asks for it meanwhile gets it when that is done. */
  async closedDuring<Value>(persistDir: string, work: () => Promise<Value>): Promise<Value> {
    const path = await realPath(persistDir)
    const before = this.#folders.get(path)
    const working = (before ? closeOpened(before) : Promise.resolve()).then(work)
    const reopen = (): Promise<StorageFolder> =>
      openStorageFolder({ persistDir: path, dataFolder: this.#dataFolder })
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

/** Two ways to one folder are one folder. */
export async function realPath(path: string): Promise<string> {
  const absolute = resolve(path)
  return realpath(absolute).catch(() => absolute)
}
