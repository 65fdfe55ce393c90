/** Checks and repairs the folder of a vector store, whether a collection in it is on the list or not. */
import { StackroomError, type Emit, type VerifyReport } from '#contract'
import {
  repairStorageFolder,
  verifyStorageFolder,
  type VerifyStorageFolderOptions,
} from '#engine/storage/verify/verify-storage-folder.ts'
import type { EngineServices } from './engine-services.ts'
import type { Jobs } from './jobs.ts'
import type { Library } from './library.ts'

export interface StoreCareOptions {
  readonly services: EngineServices
  readonly library: Library
  readonly jobs: Jobs
  readonly emit: Emit
}

export class StoreCare {
  readonly #services: EngineServices
  readonly #library: Library
  readonly #jobs: Jobs
  readonly #emit: Emit

  constructor({ services, library, jobs, emit }: StoreCareOptions) {
    this.#services = services
    this.#library = library
    this.#jobs = jobs
    this.#emit = emit
  }

  async verify(address: string, signal: AbortSignal): Promise<VerifyReport> {
    return verifyStorageFolder(this.#optionsFor(address, signal))
  }

  /** Not while one of its collections is worked on; whoever searches one meanwhile waits. */
  async repair(address: string, signal: AbortSignal): Promise<VerifyReport> {
    const options = this.#optionsFor(address, signal)
    const listed = await this.#listedIn(options.persistDir)
    for (const { persistDir } of listed) this.#jobs.requireIdle(persistDir)
    const { folders } = this.#services
    let work = (): Promise<VerifyReport> => repairStorageFolder(options)
    for (const { persistDir } of listed) {
      if (!folders.isOpen(persistDir)) continue
      const inner = work
      work = () => folders.closedDuring(persistDir, inner)
    }
    try {
      return await work()
    } finally {
      for (const { id } of listed) await this.#library.refresh(id)
    }
  }

  /** The knowledge bases that are collections of this folder, or keep their vectors in one. */
  async #listedIn(folder: string): Promise<{ id: string; persistDir: string }[]> {
    const { address } = this.#services.stores.placeOf(folder)
    const all = await this.#library.list()
    return all.filter(({ vectorStore }) => vectorStore?.address === address)
  }

  #optionsFor(address: string, signal: AbortSignal): VerifyStorageFolderOptions {
    const { folder, location } = this.#services.stores.placeOf(address)
    if (folder === null)
      throw new StackroomError('invalid-input', `${location} is a server: its folder is checked there.`)
    return {
      persistDir: folder,
      dataFolder: this.#services.dataFolder,
      signal,
      onProgress: (bytesDone, bytesTotal) =>
        this.#emit('stores.verifying', { address, bytesDone, bytesTotal }),
    }
  }
}
