/**
 * The working store of a folder whose JSON files other programs write, too. What only they changed is brought in; where both
 * sides changed, nothing is touched until somebody says which side is to stay.
 */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errorShapeSchema, StackroomError } from '#contract'
import { fileStamp } from '#platform/atomic-files.ts'
import { isLocked } from '#platform/folder-lock.ts'
import { backUpFiles, backUpWorkingStore, type FolderSides } from './back-up-side.ts'
import { isCommitPending, recoverCommit } from './commit-files.ts'
import { compactVectors } from './compact-vectors.ts'
import { bothSidesChanged, fileStateOf, goneStamp, knownFiles, looksChanged, looksOf } from './file-state.ts'
import { foreignVectorFile } from './folder-layout.ts'
import { importDifference } from './import-difference.ts'
import { importFolder } from './import-folder.ts'
import { isImported, storeFilesIn } from './llamaindex/store-files.ts'
import { openWorkingStore, requireDocstore, type OpenWorkingStoreOptions } from './open-working-store.ts'
import { persistFolder } from './persist-folder.ts'
import { identityOf, workingFile } from './replace-working-store.ts'
import { VectorStores } from './vector-stores.ts'
import type { WorkingFolder } from './working-folder.ts'
import { WorkingStore } from './working-store.ts'

export type ConflictSide = 'files' | 'stackroom'

export class SharedStore implements Disposable {
  readonly #persistDir: string
  readonly #working: WorkingFolder
  #store: WorkingStore
  #vectors: VectorStores
  /** Of the database that is open. */
  #identity: string | null
  /** How the files looked when it was found that they cannot be brought in. */
  #judged: string | null = null

  private constructor(persistDir: string, working: WorkingFolder, store: WorkingStore) {
    this.#persistDir = persistDir
    this.#working = working
    this.#store = store
    this.#vectors = new VectorStores(store, working.path)
    this.#identity = identityOf(this.#path)
  }

  /** Throws what `openWorkingStore` throws, `disk-full`, and `cancelled`. A conflict does not keep it from being opened. */
  static async open(options: OpenWorkingStoreOptions): Promise<SharedStore> {
    const { persistDir, working, signal } = options
    const shared = new SharedStore(persistDir, working, await openWorkingStore(options))
    try {
      await shared.bringIn(signal)
    } catch (error) {
      // Another program is writing this moment: what is known from before can be searched meanwhile.
      if (error instanceof StackroomError && error.code === 'file-changed') return shared
      shared[Symbol.dispose]()
      throw error
    }
    return shared
  }

  [Symbol.dispose](): void {
    this.#vectors[Symbol.dispose]()
    this.#store[Symbol.dispose]()
  }

  get #path(): string {
    return join(this.#working.path, workingFile)
  }

  get store(): WorkingStore {
    return this.#store
  }

  get vectors(): VectorStores {
    return this.#vectors
  }

  /** Throws `path-missing` when the folder or the working store is not there any more: a change would go nowhere. */
  requireThere(): void {
    if (identityOf(this.#path) === this.#identity) return
    if (!existsSync(this.#persistDir))
      throw new StackroomError('path-missing', `${this.#persistDir} is not there any more.`, {
        hint: 'It may have been moved or deleted, or its drive is not connected.',
      })
    throw new StackroomError(
      'path-missing',
      `The working store of ${this.#persistDir} was removed or replaced while it was open.`,
      { hint: 'Close the folder and open it again: it is then read from its JSON files.' },
    )
  }

  /** Throws what keeps changes from being made until `resolve` was called. */
  requireNoConflict(): void {
    const text = this.#store.meta('conflict')
    if (text !== null) throw StackroomError.fromShape(errorShapeSchema.parse(JSON.parse(text)))
  }

  /**
   * Looks whether other programs wrote, and takes in what they did. Opens no file when nothing happened. Throws
   * `file-changed` while they are at it.
   */
  async bringIn(signal: AbortSignal): Promise<void> {
    const persistDir = this.#persistDir
    if (!existsSync(persistDir)) return
    this.#finishCommit()
    if (!looksChanged(this.#store, persistDir)) {
      this.#setConflict(null)
      return
    }
    const names = knownFiles(this.#store, persistDir)
    const looks = looksOf(names, persistDir)
    if (looks === this.#judged) return
    const states = names.map((name) => [name, fileStateOf(this.#store, persistDir, name)] as const)
    const changed = states.flatMap(([name, state]) => (state === 'changed' ? [name] : []))
    const gone = states.flatMap(([name, state]) => (state === 'gone' ? [name] : []))
    const conflict = await this.#take(changed, gone, signal)
    this.#setConflict(conflict)
    this.#judged = conflict && looks
  }

  async #take(
    changed: readonly string[],
    gone: readonly string[],
    signal: AbortSignal,
  ): Promise<StackroomError | null> {
    if (changed.length === 0) {
      this.#noteGone(gone)
      return null
    }
    if (!this.#store.isPersisted || gone.length > 0) return bothSidesChanged()
    try {
      await this.#import(changed, signal)
      return null
    } catch (error) {
      const isUnreadable =
        error instanceof StackroomError && ['damaged-file', 'unsupported-format'].includes(error.code)
      if (!isUnreadable) throw error
      return new StackroomError(error.code, `${error.message} What Stackroom last saw of it is kept.`, {
        hint: 'Another program wrote it. Restore the file, or keep Stackroom’s side to write it anew; a copy goes into the folder’s backups.',
        cause: error,
      })
    }
  }

  #finishCommit(): void {
    const workingFolder = this.#working.path
    if (this.#working.readOnly || !isCommitPending(workingFolder)) return
    recoverCommit({ store: this.#store, persistDir: this.#persistDir, workingFolder })
  }

  /** Files that went away are written again by the next persist, unless they are back by then. */
  #noteGone(names: readonly string[]): void {
    if (names.length === 0) return
    this.#store.database.transaction(() => {
      for (const name of names)
        this.#store.statement('UPDATE files SET stamp = ? WHERE name = ?').run(goneStamp, name)
      this.#store.noteUnpersisted()
    })()
  }

  #setConflict(error: StackroomError | null): void {
    const text = error && JSON.stringify(error.toShape())
    if (this.#store.meta('conflict') !== text) this.#store.setMeta('conflict', text)
    this.#judged = null
  }

  async #import(names: readonly string[], signal: AbortSignal): Promise<void> {
    const { store, vectors } = this
    const isDone = await importDifference({ store, vectors, persistDir: this.#persistDir, names, signal })
    if (!isDone) await this.#importAll(signal)
  }

  async #importAll(signal: AbortSignal): Promise<void> {
    this[Symbol.dispose]()
    try {
      await importFolder({ persistDir: this.#persistDir, workingFolder: this.#working.path, signal })
    } finally {
      this.#store = new WorkingStore(this.#path, 'write')
      this.#vectors = new VectorStores(this.#store, this.#working.path)
      this.#identity = identityOf(this.#path)
    }
  }

  /** Also without a working store in its place: what is still open is worth writing. */
  async persist(signal: AbortSignal): Promise<void> {
    if (identityOf(this.#path) !== this.#identity && isLocked(this.#working.path)) this.requireThere()
    await persistFolder({ ...this.#sides, signal })
    await this.compact(1 / 2)
  }

  /** Reclaims the room of deleted vectors where they are this share. */
  async compact(share: number): Promise<void> {
    if (identityOf(this.#path) !== this.#identity) return
    const { store, vectors } = this
    // When it cannot be done it costs room only, and the next time it is tried again.
    await compactVectors({ store, vectors, workingFolder: this.#working.path, share }).catch(() => undefined)
  }

  /** Ends a conflict. Answers with the folder that has the other side, a persist dir of its own. */
  async resolve(keep: ConflictSide, signal: AbortSignal): Promise<string> {
    this.requireThere()
    await this.bringIn(signal)
    if (this.#store.meta('conflict') === null)
      throw new StackroomError(
        'wrong-usage',
        'There is nothing to choose: only one side of this folder changed.',
      )
    return keep === 'files' ? this.#keepFiles(signal) : this.#keepStackroom(signal)
  }

  get #sides(): FolderSides {
    return {
      store: this.#store,
      vectors: this.#vectors,
      persistDir: this.#persistDir,
      workingFolder: this.#working.path,
    }
  }

  async #keepFiles(signal: AbortSignal): Promise<string> {
    const persistDir = this.#persistDir
    requireDocstore(persistDir)
    const present = storeFilesIn(persistDir)
      .filter(isImported)
      .map(({ name }) => name)
    const backup = await backUpWorkingStore(this.#sides, signal)
    try {
      if (knownFiles(this.#store, persistDir).every((name) => present.includes(name)))
        await this.#import(present, signal)
      else await this.#importAll(signal)
    } catch (error) {
      rmSync(backup, { recursive: true, force: true })
      throw error
    }
    this.#setConflict(null)
    return backup
  }

  async #keepStackroom(signal: AbortSignal): Promise<string> {
    const persistDir = this.#persistDir
    const backup = await backUpFiles(this.#sides)
    const ours = this.#store.statement('SELECT name FROM files').pluck().all() as string[]
    const foreign = this.#store.meta(foreignVectorFile)
    this.#store.database.transaction(() => {
      for (const name of ours) {
        const stamp = fileStamp(join(persistDir, name))
        if (name === foreign || fileStateOf(this.#store, persistDir, name) !== 'changed') continue
        // Without a checksum it is no base to copy from: it is written as a whole.
        this.#store
          .statement('UPDATE files SET stamp = ?, bytes = NULL, checksum = NULL WHERE name = ?')
          .run(stamp, name)
      }
      this.#store.noteUnpersisted()
    })()
    for (const name of knownFiles(this.#store, persistDir))
      if (!ours.includes(name)) rmSync(join(persistDir, name))
    this.#setConflict(null)
    await this.persist(signal)
    return backup
  }
}
