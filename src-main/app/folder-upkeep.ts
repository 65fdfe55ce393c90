/**
 * Looks after open folders while nobody works on them, and before the app closes: JSON files that lack something are brought
 * up to date, and what other programs changed is taken in.
 */
import { isCancelled, StackroomError, type KnowledgeBase } from '#contract'
import type { Log } from '#platform/log.ts'
import type { Jobs } from './jobs.ts'
import type { Library } from './library.ts'
import type { OpenFolders } from './open-folders.ts'

const intervalMs = 15_000

export interface FolderUpkeepOptions {
  readonly folders: OpenFolders
  readonly library: Library
  readonly jobs: Jobs
  readonly log: Log
}

export class FolderUpkeep {
  readonly #options: FolderUpkeepOptions
  readonly #timer: NodeJS.Timeout
  readonly #controller = new AbortController()
  #round: Promise<void> | null = null
  /** What went wrong last with each folder: a full disk is not told of every few seconds. */
  readonly #troubles = new Map<string, string>()

  constructor(options: FolderUpkeepOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.look(), intervalMs)
    this.#timer.unref()
  }

  /** Looks at all open folders once; does nothing while it is at it. */
  look(): Promise<void> {
    this.#round ??= this.#lookAtAll().finally(() => {
      this.#round = null
    })
    return this.#round
  }

  /** Before the folders are closed. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    // One that is under way may have passed the folder by.
    await this.#round
    await this.look()
    this.#controller.abort(new StackroomError('cancelled', 'The app was closed.'))
  }

  async #lookAtAll(): Promise<void> {
    for (const entry of await this.#options.library.list()) {
      if (this.#controller.signal.aborted) return
      await this.#lookAt(entry)
    }
  }

  async #lookAt({ id, persistDir, state, persisted, conflict }: KnowledgeBase): Promise<void> {
    const { folders, library, jobs, log } = this.#options
    if (state === 'indexing' || state === 'opening') return
    if (jobs.isBusy(persistDir) || !folders.isOpen(persistDir)) return
    try {
      const storage = await folders.open(persistDir)
      const before = await storage.fileState()
      const mayPersist = !before.readOnly && !before.conflict
      if (mayPersist && (!before.persisted || before.changedOutside))
        await storage.persist({ signal: this.#controller.signal })
      const after = await storage.fileState()
      if (before.changedOutside || after.persisted !== persisted || after.conflict !== conflict)
        await library.refresh(id)
      this.#troubles.delete(id)
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error)
      if (isCancelled(error) || this.#troubles.get(id) === trouble) return
      this.#troubles.set(id, trouble)
      // The changes are in the working store; the list says that the files are not up to date.
      log.error('The JSON files of a folder could not be brought up to date', error, { path: persistDir })
      if (library.has(id)) await library.refresh(id)
    }
  }
}
