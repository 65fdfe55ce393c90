/** The one who writes to a persist dir, inside its worker thread: everything here may block. */
import { existsSync, mkdirSync, realpathSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { StackroomError, type ErrorShape, type FolderKind } from '#contract'
import { errorCodeOf, explainFileError } from '#platform/file-errors.ts'
import { applyChange } from './apply-change.ts'
import { detectFolderKind } from './detect-folder-kind.ts'
import { fileStateOf } from './file-state.ts'
import { ensureSection } from './folder-layout.ts'
import { importFolder, removeWorkingStore, workingFile } from './import-folder.ts'
import { newVectorStruct } from './llamaindex/index-struct.ts'
import { isImported, storeFilesIn } from './llamaindex/store-files.ts'
import { completeReplacement, oldVectorsIn, type OldVectors, type ReplacedFolder } from './old-vectors.ts'
import { bothSidesChanged, persistFolder, recoverFolder } from './persist-folder.ts'
import { readSettings, writeSettings } from './stackroom-settings-file.ts'
import type { StackroomSettings } from './stackroom-settings.ts'
import type { StorageChange } from './storage-folder.ts'
import { VectorStores } from './vector-stores.ts'
import { openWorkingFolder, removeLeftovers, type WorkingFolder } from './working-folder.ts'
import { WorkingStore } from './working-store.ts'

export interface StorageWriterOptions {
  readonly persistDir: string
  readonly dataFolder: string
  /** Given for a new index. */
  readonly settings: StackroomSettings | null
}

/** What a reader of the same folder needs to know. */
export interface OpenedFolder {
  readonly persistDir: string
  readonly workingFolder: string
  readonly kind: FolderKind
  readonly readOnly: ErrorShape | null
  /** Whether this process may write into the working folder. */
  readonly ownsWorkingFolder: boolean
}

export class StorageWriter {
  readonly #persistDir: string
  readonly #working: WorkingFolder
  readonly #kind: FolderKind
  #store: WorkingStore | null
  #vectors: VectorStores | null = null
  /** Changes and persists take turns, so that a persist writes one state. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    persistDir: string,
    working: WorkingFolder,
    kind: FolderKind,
    store: WorkingStore | null,
  ) {
    this.#persistDir = persistDir
    this.#working = working
    this.#kind = kind
    this.#store = store
    if (store) this.#vectors = new VectorStores(store, working.path)
  }

  static async open({ persistDir: path, dataFolder, settings }: StorageWriterOptions, signal: AbortSignal) {
    try {
      if (settings) mkdirSync(path, { recursive: true })
    } catch (error) {
      throw explainFileError(error, path)
    }
    const kind = await detectFolderKind(path)
    requireStorageFolder(path, kind, settings !== null)
    const persistDir = realpathSync(path)
    const hadWorkingFolder = existsSync(join(persistDir, '.stackroom'))
    const working = openWorkingFolder(persistDir, dataFolder)
    try {
      if (!working.lock) {
        if (!existsSync(join(working.path, workingFile))) throw working.readOnly ?? bothSidesChanged()
        return new StorageWriter(persistDir, working, kind, null)
      }
      const store = await openStore(persistDir, working, settings, signal)
      if (settings) writeSettings(persistDir, settings)
      if (!working.readOnly) completeReplacement(store, persistDir, working.path)
      return new StorageWriter(persistDir, working, settings ? 'stackroom' : kind, store)
    } catch (error) {
      working.lock?.[Symbol.dispose]()
      // A folder that could not be opened is left as it was found.
      if (!hadWorkingFolder && !working.readOnly) {
        rmSync(working.path, { recursive: true, force: true })
        if (settings) tryRemoveEmpty(persistDir)
      }
      throw explainFileError(error, persistDir)
    }
  }

  get opened(): OpenedFolder {
    return {
      persistDir: this.#persistDir,
      workingFolder: this.#working.path,
      kind: this.#kind,
      readOnly: this.#working.readOnly?.toShape() ?? null,
      ownsWorkingFolder: this.#working.lock !== null,
    }
  }

  change(change: StorageChange): Promise<void> {
    return this.#takeTurn(({ store, vectors }) => applyChange(store, vectors, change))
  }

  writeSettings(settings: StackroomSettings): Promise<void> {
    return this.#takeTurn(() => writeSettings(this.#persistDir, settings))
  }

  oldVectors(): OldVectors | null {
    return oldVectorsIn(this.#working.path)
  }

  /** Work of more than one kind on the open folder, in its turn; see replace-vectors.ts. */
  work<Value>(work: (folder: ReplacedFolder) => Value | Promise<Value>): Promise<Value> {
    return this.#takeTurn((open) =>
      work({ ...open, persistDir: this.#persistDir, workingFolder: this.#working.path }),
    )
  }

  persist(signal: AbortSignal): Promise<void> {
    if (this.#working.readOnly) return Promise.resolve()
    return this.#takeTurn(({ store, vectors }) =>
      persistFolder({
        store,
        vectors,
        persistDir: this.#persistDir,
        workingFolder: this.#working.path,
        signal,
      }),
    )
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => undefined)
    this.#vectors?.[Symbol.dispose]()
    this.#store?.[Symbol.dispose]()
    this.#vectors = null
    this.#store = null
    this.#working.lock?.[Symbol.dispose]()
  }

  #takeTurn<Value>(
    work: (open: { store: WorkingStore; vectors: VectorStores }) => Value | Promise<Value>,
  ): Promise<Value> {
    const turn = this.#turn
      .catch(() => undefined)
      .then(() => {
        if (this.#working.readOnly) throw this.#working.readOnly
        if (!this.#store || !this.#vectors)
          throw new StackroomError('internal', 'The storage folder is closed.')
        return work({ store: this.#store, vectors: this.#vectors })
      })
      .catch((error: unknown) => {
        throw explainFileError(error, this.#persistDir)
      })
    this.#turn = turn
    return turn
  }
}

/** Throws `both-sides-changed`, `missing-file`, and what reading the JSON files throws. */
async function openStore(
  persistDir: string,
  working: WorkingFolder,
  settings: StackroomSettings | null,
  signal: AbortSignal,
): Promise<WorkingStore> {
  const path = join(working.path, workingFile)
  const existing = existsSync(path) ? openExisting(path) : null
  try {
    if (!working.readOnly) recoverFolder(existing, persistDir, working.path)
    if (existing) {
      if (!hasForeignChanges(existing, persistDir)) {
        removeLeftovers(working.path, existing)
        return existing
      }
      if (!existing.isPersisted) throw bothSidesChanged()
    }
  } catch (error) {
    existing?.[Symbol.dispose]()
    throw error
  }
  existing?.[Symbol.dispose]()
  if (settings || isEmptyIndex(persistDir)) createStore(working.path)
  else {
    requireDocstore(persistDir)
    await importFolder({ persistDir, workingFolder: working.path, signal })
  }
  const store = new WorkingStore(path, 'write')
  removeLeftovers(working.path, store)
  return store
}

/** A working store that cannot be read is set aside: the JSON files are read again. */
function openExisting(path: string): WorkingStore | null {
  try {
    return new WorkingStore(path, 'write')
  } catch (error) {
    const isUnreadable =
      (error instanceof StackroomError && error.code === 'unsupported-format') ||
      ['SQLITE_NOTADB', 'SQLITE_CORRUPT'].includes(errorCodeOf(error))
    if (!isUnreadable) throw error
    for (const ending of ['', '-wal', '-shm'])
      if (existsSync(path + ending)) renameSync(path + ending, `${path}.unreadable${ending}`)
    return null
  }
}

/** Files that went away are written again by the next persist. */
function hasForeignChanges(store: WorkingStore, persistDir: string): boolean {
  const names = store.statement('SELECT name FROM files').pluck().all() as string[]
  const all = new Set([
    ...names,
    ...storeFilesIn(persistDir)
      .filter(isImported)
      .map(({ name }) => name),
  ])
  for (const name of all) {
    const state = fileStateOf(store, persistDir, name)
    if (state === 'changed') return true
    if (state !== 'gone') continue
    store.statement('UPDATE files SET stamp = NULL WHERE name = ?').run(name)
    store.setMeta('unpersisted', '1')
  }
  return false
}

/** Made by Stackroom, and broken off before anything was in it. */
function isEmptyIndex(persistDir: string): boolean {
  return storeFilesIn(persistDir).length === 0 && readSettings(persistDir) !== null
}

/** As VectorStoreIndex([]) makes it; the JSON files are written by the first persist. */
function createStore(workingFolder: string): void {
  removeWorkingStore(workingFolder)
  using store = new WorkingStore(join(workingFolder, workingFile), 'create')
  for (const name of ['docstore.json', 'index_store.json', 'default__vector_store.json']) store.addFile(name)
  ensureSection(store, 'docstore.json', 'nodes')
  ensureSection(store, 'default__vector_store.json', 'embeddings')
  const { indexId, type, value } = newVectorStruct()
  store.put(ensureSection(store, 'index_store.json', 'index-structs'), indexId, value)
  store.statement('INSERT INTO index_structs VALUES (?, ?)').run(indexId, type)
  store.setMeta('unpersisted', '1')
  store.finishImport()
}

function requireDocstore(persistDir: string): void {
  if (storeFilesIn(persistDir).some(({ role }) => role === 'docstore')) return
  throw new StackroomError('missing-file', 'docstore.json is missing from this storage folder.', {
    hint: 'Copy the whole folder that LlamaIndex persisted: docstore.json holds the text of the nodes.',
  })
}

function requireStorageFolder(path: string, kind: FolderKind, isNew: boolean): void {
  if (isNew) {
    if (kind === 'empty') return
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
      `${path} is a Chroma folder, which this version cannot open yet.`,
      {
        hint: 'Index the documents again, or open a folder that LlamaIndex persisted.',
      },
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
