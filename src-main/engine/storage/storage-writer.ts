/** The one who writes to a persist dir, inside its worker thread: everything here may block. */
import { existsSync, mkdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StackroomError, type ErrorShape, type FolderKind } from '#contract'
import { syncFolder } from '#platform/atomic-files.ts'
import { explainFileError } from '#platform/file-errors.ts'
import { applyChange } from './apply-change.ts'
import { explainStoreError } from './damaged-store.ts'
import { detectFolderKind } from './detect-folder-kind.ts'
import { bothSidesChanged } from './file-state.ts'
import { completeReplacement, oldVectorsIn, type OldVectors, type ReplacedFolder } from './old-vectors.ts'
import { workingFile } from './replace-working-store.ts'
import { SharedStore, type ConflictSide } from './shared-store.ts'
import { writeSettings } from './stackroom-settings-file.ts'
import type { StackroomSettings } from './stackroom-settings.ts'
import type { StorageChange } from './storage-folder.ts'
import { pendingStoreChanges, settleStoreChanges, type PendingStoreChanges } from './store-changes.ts'
import { openWorkingFolder, workingFolderName, type WorkingFolder } from './working-folder.ts'

/** After so long without a change, or after so many changes, SQLite's log is emptied. */
const idleMs = 50
const changesInLog = 32

export interface StorageWriterOptions {
  readonly persistDir: string
  readonly dataFolder: string
  /** Given for a new index. */
  readonly settings: StackroomSettings | null
  /** Whether another store has the vectors: changes are noted for it. Default: false. */
  readonly vectorsElsewhere?: boolean | undefined
}

/** What a reader of the same folder needs to know. */
export interface OpenedFolder {
  readonly persistDir: string
  readonly workingFolder: string
  readonly kind: FolderKind
  readonly readOnly: ErrorShape | null
  /** Whether this process may write into the working folder. */
  readonly ownsWorkingFolder: boolean
  /** Whether another store has the vectors, which whoever opened the folder knows. */
  readonly vectorsElsewhere: boolean
}

export class StorageWriter {
  readonly #persistDir: string
  readonly #working: WorkingFolder
  readonly #kind: FolderKind
  readonly #vectorsElsewhere: boolean
  #shared: SharedStore | null
  /** Changes and persists take turns, so that a persist writes one state. */
  #turn: Promise<unknown> = Promise.resolve()
  #checkpoint: NodeJS.Timeout | undefined
  #sinceCheckpoint = 0

  private constructor(
    persistDir: string,
    working: WorkingFolder,
    kind: FolderKind,
    shared: SharedStore | null,
    vectorsElsewhere: boolean,
  ) {
    this.#persistDir = persistDir
    this.#working = working
    this.#kind = kind
    this.#shared = shared
    this.#vectorsElsewhere = vectorsElsewhere
  }

  static async open(options: StorageWriterOptions, signal: AbortSignal) {
    const { persistDir: path, dataFolder, settings, vectorsElsewhere = false } = options
    const kind = await detectFolderKind(path)
    requireStorageFolder(path, kind, settings !== null)
    try {
      if (settings && mkdirSync(path, { recursive: true }) !== undefined) syncFolder(dirname(path))
    } catch (error) {
      throw explainFileError(error, path)
    }
    const persistDir = realpathSync(path)
    const hadWorkingFolder = existsSync(join(persistDir, workingFolderName))
    const working = openWorkingFolder(persistDir, dataFolder)
    try {
      if (!working.lock) {
        if (!existsSync(join(working.path, workingFile))) throw working.readOnly ?? bothSidesChanged()
        return new StorageWriter(persistDir, working, kind, null, vectorsElsewhere)
      }
      const shared = await SharedStore.open({ persistDir, working, settings, signal })
      if (!working.readOnly) completeReplacement(shared.store, persistDir, working.path)
      return new StorageWriter(persistDir, working, settings ? 'stackroom' : kind, shared, vectorsElsewhere)
    } catch (error) {
      working.lock?.[Symbol.dispose]()
      // A folder that could not be opened is left as it was found.
      if (!hadWorkingFolder && !working.readOnly) {
        rmSync(working.path, { recursive: true, force: true })
        if (settings) tryRemoveEmpty(persistDir)
      }
      throw explainStoreError(error, persistDir, working.path)
    }
  }

  get opened(): OpenedFolder {
    return {
      persistDir: this.#persistDir,
      workingFolder: this.#working.path,
      kind: this.#kind,
      readOnly: this.#working.readOnly?.toShape() ?? null,
      ownsWorkingFolder: this.#working.lock !== null,
      vectorsElsewhere: this.#vectorsElsewhere,
    }
  }

  change(change: StorageChange): Promise<void> {
    return this.#takeTurn(({ store, vectors }) => applyChange(store, vectors, change, this.#vectorsElsewhere))
  }

  writeSettings(settings: StackroomSettings): Promise<void> {
    if (this.#working.readOnly) return Promise.reject(this.#working.readOnly)
    return this.#inTurn((shared) => {
      shared.requireThere()
      writeSettings(this.#persistDir, settings)
    })
  }

  /** Null, too, where nothing may be changed: there are no notes then, or they wait until a conflict is over. */
  pendingStoreChanges(): Promise<PendingStoreChanges | null> {
    if (this.#working.readOnly || !this.#shared) return Promise.resolve(null)
    return this.#inTurn(({ store }) => (store.meta('conflict') === null ? pendingStoreChanges(store) : null))
  }

  settleStoreChanges(last: number): Promise<void> {
    return this.#inTurn(({ store }) => settleStoreChanges(store, last))
  }

  oldVectors(): OldVectors | null {
    return oldVectorsIn(this.#working.path)
  }

  /** Work of more than one kind on the open folder, in its turn; see replace-vectors.ts. */
  work<Value>(work: (folder: ReplacedFolder) => Value | Promise<Value>): Promise<Value> {
    return this.#takeTurn(({ store, vectors }) =>
      work({ store, vectors, persistDir: this.#persistDir, workingFolder: this.#working.path }),
    )
  }

  /** Takes in what other programs changed, also where this one may not change anything itself. */
  bringIn(signal: AbortSignal): Promise<void> {
    if (!this.#working.lock) return Promise.resolve()
    return this.#inTurn((shared) => shared.bringIn(signal))
  }

  persist(signal: AbortSignal): Promise<void> {
    if (this.#working.readOnly) return this.bringIn(signal)
    return this.#inTurn(async (shared) => {
      await shared.bringIn(signal)
      shared.requireNoConflict()
      await shared.persist(signal)
    })
  }

  /** Answers with the folder that has the other side. */
  resolveConflict(keep: ConflictSide, signal: AbortSignal): Promise<string> {
    if (this.#working.readOnly) return Promise.reject(this.#working.readOnly)
    return this.#inTurn((shared) => shared.resolve(keep, signal))
  }

  async close(): Promise<void> {
    clearTimeout(this.#checkpoint)
    await this.#turn.catch(() => undefined)
    await this.#shared?.compact(1 / 4)
    this.#shared?.[Symbol.dispose]()
    this.#shared = null
    this.#working.lock?.[Symbol.dispose]()
  }

  /** For work that changes something. */
  #takeTurn<Value>(work: (shared: SharedStore) => Value | Promise<Value>): Promise<Value> {
    if (this.#working.readOnly) return Promise.reject(this.#working.readOnly)
    return this.#inTurn(async (shared) => {
      shared.requireThere()
      await shared.bringIn(new AbortController().signal)
      shared.requireNoConflict()
      const value = await work(shared)
      this.#checkpointSoon()
      return value
    })
  }

  /** Between changes: within one it would take longer than the change, and it waits for the disk more than once. */
  #checkpointSoon(): void {
    clearTimeout(this.#checkpoint)
    const delay = ++this.#sinceCheckpoint >= changesInLog ? 0 : idleMs
    this.#checkpoint = setTimeout(() => {
      this.#sinceCheckpoint = 0
      // When it fails, what is in the log stays there, and the next one tries again.
      this.#inTurn(({ store }) => store.checkpoint()).catch(() => undefined)
    }, delay)
  }

  #inTurn<Value>(work: (shared: SharedStore) => Value | Promise<Value>): Promise<Value> {
    const turn = this.#turn
      .catch(() => undefined)
      .then(() => {
        if (!this.#shared) throw new StackroomError('internal', 'The storage folder is closed.')
        return work(this.#shared)
      })
      .catch((error: unknown) => {
        throw explainStoreError(error, this.#persistDir, this.#working.path)
      })
    this.#turn = turn
    return turn
  }
}

function requireStorageFolder(path: string, kind: FolderKind, isNew: boolean): void {
  if (isNew) {
    if (kind === 'empty' || kind === 'missing') return
    throw new StackroomError('not-a-storage-folder', `${path} is not empty.`, {
      hint: 'Choose an empty folder, or a new one, for the index.',
    })
  }
  if (kind === 'stackroom' || kind === 'llamaindex-python' || kind === 'llamaindex-ts') return
  if (kind === 'missing')
    throw new StackroomError('path-missing', `There is no folder at ${path}.`, {
      hint: 'It may have been moved or deleted, or its drive is not connected.',
    })
  if (kind === 'chroma')
    throw new StackroomError(
      'unsupported-format',
      `${path} is a Chroma folder: its collections are opened, each by its address.`,
      { hint: `The address looks like chroma:${path}?collection=<name>.` },
    )
  throw new StackroomError('not-a-storage-folder', `${path} is not a storage folder.`, {
    hint: 'A storage folder has docstore.json in it. To index these files, drop the folder on the window.',
  })
}

function tryRemoveEmpty(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // Not empty: it is the user's.
  }
}
