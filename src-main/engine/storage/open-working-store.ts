/**
 * The working store of a folder that this process may write to: the one that is there, or a new one from the JSON files,
 * or an empty one for a new index. What cannot be read is set aside, never thrown away with changes in it.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { StackroomError } from '#contract'
import { syncFolder } from '#platform/atomic-files.ts'
import { errorCodeOf, isDamage } from '#platform/file-errors.ts'
import { recoverCommit } from './commit-files.ts'
import { isNotedAsDamaged } from './damaged-store.ts'
import { ensureSection } from './folder-layout.ts'
import { importFolder } from './import-folder.ts'
import { newVectorStruct } from './llamaindex/index-struct.ts'
import { storeFilesIn } from './llamaindex/store-files.ts'
import { packedEnding } from './packed-vectors.ts'
import { removeWorkingStore, replaceWorkingStore, workingFile } from './replace-working-store.ts'
import {
  readSettings,
  removeUnfinishedSettings,
  requireSettings,
  writeSettings,
} from './stackroom-settings-file.ts'
import { stackroomSettingsSchema, type StackroomSettings } from './stackroom-settings.ts'
import { folderNameOfNow, removeLeftovers, setAsideFolder, type WorkingFolder } from './working-folder.ts'
import { WorkingStore } from './working-store.ts'

export interface OpenWorkingStoreOptions {
  readonly persistDir: string
  readonly working: WorkingFolder
  /** Given for a new index. */
  readonly settings: StackroomSettings | null
  readonly signal: AbortSignal
}

/** Throws `missing-file`, and what reading the JSON files throws. What other programs changed is not brought in yet. */
export async function openWorkingStore(options: OpenWorkingStoreOptions): Promise<WorkingStore> {
  const { persistDir, working, settings, signal } = options
  const path = join(working.path, workingFile)
  const existing = existsSync(path) ? openExisting(working.path) : null
  try {
    if (!working.readOnly) {
      recoverCommit({ store: existing, persistDir, workingFolder: working.path })
      removeUnfinishedSettings(persistDir)
    }
  } catch (error) {
    existing?.[Symbol.dispose]()
    throw error
  }
  if (!existing) {
    if (settings || isEmptyIndex(persistDir)) await createStore(working.path, settings, persistDir)
    else {
      requireDocstore(persistDir)
      await importFolder({ persistDir, workingFolder: working.path, signal })
    }
  }
  const store = existing ?? new WorkingStore(path, 'write')
  try {
    removeLeftovers(working.path, store)
    finishCreation(store, persistDir, working)
  } catch (error) {
    store[Symbol.dispose]()
    throw error
  }
  return store
}

/** Null when it cannot be used: the JSON files are read again. */
function openExisting(workingFolder: string): WorkingStore | null {
  const path = join(workingFolder, workingFile)
  let store: WorkingStore | undefined
  let isReadable = false
  try {
    if (!isNotedAsDamaged(workingFolder) && statSync(path).isFile()) {
      store = new WorkingStore(path, 'write')
      isReadable = true
      if (hasItsVectors(store, workingFolder)) return store
      store[Symbol.dispose]()
    }
  } catch (error) {
    store?.[Symbol.dispose]()
    const isUnreadable =
      (error instanceof StackroomError && ['unsupported-format', 'damaged-file'].includes(error.code)) ||
      isDamage(error) ||
      errorCodeOf(error) === 'SQLITE_ERROR'
    if (!isUnreadable) throw error
  }
  if (!isSurelyPersisted(path)) setAside(workingFolder)
  // One that only lacks its vectors still tells of source files; it goes when the new one is complete.
  else if (!isReadable) removeWorkingStore(workingFolder)
  return null
}

/** Rows that were committed were flushed before: when they are missing, somebody else took them away. */
function hasItsVectors(store: WorkingStore, workingFolder: string): boolean {
  return store.vectorStores().every(({ packed, rows, dimensions }) => {
    if (rows === 0 || dimensions === null) return true
    const stats = statSync(join(workingFolder, packed + packedEnding), { throwIfNoEntry: false })
    return stats !== undefined && stats.isFile() && stats.size >= rows * dimensions * 4
  })
}

/** Asks a working store of whatever version whether the JSON files have everything. */
function isSurelyPersisted(path: string): boolean {
  try {
    const database = new Database(path, { readonly: true, fileMustExist: true })
    try {
      const row = database.prepare("SELECT 1 FROM meta WHERE key = 'unpersisted'").get()
      return row === undefined
    } finally {
      database.close()
    }
  } catch {
    // Then nobody can tell.
    return false
  }
}

/** Changes may be in there that the JSON files do not have: it is kept, vectors and all, and the summary tells of it. */
function setAside(workingFolder: string): void {
  const target = join(workingFolder, setAsideFolder, folderNameOfNow())
  mkdirSync(target, { recursive: true })
  // The database goes last: when this is broken off it is done again.
  const names = readdirSync(workingFolder).filter((name) => name.endsWith(packedEnding))
  for (const name of [...names, `${workingFile}-shm`, `${workingFile}-wal`, workingFile])
    if (existsSync(join(workingFolder, name))) renameSync(join(workingFolder, name), join(target, name))
  syncFolder(target)
  syncFolder(workingFolder)
}

/** Made by Stackroom, and broken off before anything was in it. */
function isEmptyIndex(persistDir: string): boolean {
  return storeFilesIn(persistDir).length === 0 && readSettings(persistDir) !== null
}

const newSettings = 'new-settings'

/** As VectorStoreIndex([]) makes it; the JSON files are written by the first persist. */
async function createStore(
  workingFolder: string,
  settings: StackroomSettings | null,
  persistDir: string,
): Promise<void> {
  if (settings) requireSettings(settings)
  const isSimple = ((settings ?? readSettings(persistDir))?.vectorStore.kind ?? 'simple') === 'simple'
  await replaceWorkingStore(workingFolder, (path) => {
    using store = new WorkingStore(path, 'create')
    for (const name of ['docstore.json', 'index_store.json']) store.addFile(name)
    ensureSection(store, 'docstore.json', 'nodes')
    if (isSimple) {
      store.addFile('default__vector_store.json')
      ensureSection(store, 'default__vector_store.json', 'embeddings')
    }
    const { indexId, type, value } = newVectorStruct()
    store.put(ensureSection(store, 'index_store.json', 'index-structs'), indexId, value)
    store.statement('INSERT INTO index_structs VALUES (?, ?)').run(indexId, type)
    store.noteUnpersisted()
    if (settings) store.setMeta(newSettings, JSON.stringify(settings))
    store.finishImport()
  })
}

/** The settings of a new index come after its working store: when making it was broken off between, they come now. */
function finishCreation(store: WorkingStore, persistDir: string, working: WorkingFolder): void {
  const text = store.meta(newSettings)
  if (text === null || working.readOnly) return
  if (readSettings(persistDir) === null)
    writeSettings(persistDir, stackroomSettingsSchema.parse(JSON.parse(text)))
  store.setMeta(newSettings, null)
}

export function requireDocstore(persistDir: string): void {
  if (storeFilesIn(persistDir).some(({ role }) => role === 'docstore')) return
  throw new StackroomError('missing-file', 'docstore.json is missing from this storage folder.', {
    hint: 'Copy the whole folder that LlamaIndex persisted: docstore.json holds the text of the nodes.',
  })
}
