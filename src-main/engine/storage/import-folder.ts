/**
 * Reads the JSON files of a persist dir into a new working store, which takes the old one's place only when it is
 * complete. Nothing in the folder but `.stackroom` is touched, and no file is ever held as a whole.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { StackroomError } from '#contract'
import { fileStamp, syncFolder } from '#platform/atomic-files.ts'
import { explainFileError } from '#platform/file-errors.ts'
import { readManifest, writeManifest } from './source-manifest.ts'
import { scanStoreFile } from './llamaindex/json-scanner.ts'
import { isImported, sectionRoleOf, storeFilesIn, type StoreFile } from './llamaindex/store-files.ts'
import { storedKey } from './llamaindex/python-json.ts'
import { structTypeOf } from './llamaindex/index-struct.ts'
import { packedEnding } from './packed-vectors.ts'
import { VectorImport } from './vector-import.ts'
import { WorkingStore } from './working-store.ts'

export const workingFile = 'working.sqlite'

export interface ImportOptions {
  readonly persistDir: string
  readonly workingFolder: string
  readonly signal?: AbortSignal | undefined
}

/** Throws `damaged-file`, `unsupported-format`, `file-changed`, `cancelled`; the working store is then as it was. */
export async function importFolder(options: ImportOptions): Promise<void> {
  const { persistDir, workingFolder } = options
  const temporary = join(workingFolder, `${workingFile}.new`)
  rmSync(temporary, { force: true })
  const packed: string[] = []
  try {
    const store = new WorkingStore(temporary, 'create')
    try {
      for (const file of storeFilesIn(persistDir)) {
        if (isImported(file)) await importFile(store, file, options, packed)
      }
      store.finishImport()
      maskWithoutNode(store)
      keepManifest(store, join(workingFolder, workingFile))
    } finally {
      store[Symbol.dispose]()
    }
    flushFile(temporary)
    removeWorkingStore(workingFolder)
    renameSync(temporary, join(workingFolder, workingFile))
    syncFolder(workingFolder)
  } catch (error) {
    rmSync(temporary, { force: true })
    for (const name of packed) rmSync(join(workingFolder, `${name}${packedEnding}`), { force: true })
    throw error
  }
}

async function importFile(
  store: WorkingStore,
  file: StoreFile,
  { persistDir, workingFolder, signal }: ImportOptions,
  packed: string[],
): Promise<void> {
  const path = join(persistDir, file.name)
  const stamp = fileStamp(path)
  const name = `vectors-${randomUUID()}`
  using vectors =
    file.role === 'vector-store' ? new VectorImport(store, file.name, workingFolder, name) : null
  if (vectors) packed.push(name)
  store.addFile(file.name)
  const insert = store.statement('INSERT INTO entries (section, key, value) VALUES (?, ?, ?)')
  store.database.exec('BEGIN')
  try {
    let section = 0
    let role = sectionRoleOf(file.role, '')
    let pause = 0
    for (const token of scanStoreFile(path)) {
      if (token.kind === 'section-start') {
        role = sectionRoleOf(file.role, token.name)
        section = store.addSection(file.name, token.name).id
      } else if (token.kind === 'entry') {
        if (role === 'embeddings' && vectors?.add(token.key, token.value)) continue
        if (role === 'index-structs') addStruct(store, file.name, token.key, token.value)
        insert.run(section, storedKey(token.key), token.value)
        if (token.valueEnd - pause > 64 * 1024 * 1024) {
          pause = token.valueEnd
          await nextTurn()
          signal?.throwIfAborted()
        }
      } else if (token.kind === 'file') {
        store
          .statement('UPDATE files SET stamp = ?, bytes = ?, checksum = ? WHERE name = ?')
          .run(stamp, token.bytes, token.checksum, file.name)
      }
    }
    vectors?.finish()
    if (fileStamp(path) !== stamp)
      throw new StackroomError('file-changed', `${file.name} was changed while it was read.`, {
        hint: 'Wait until the other program has finished, and open the folder again.',
      })
    store.database.exec('COMMIT')
  } catch (error) {
    store.database.exec('ROLLBACK')
    throw explainFileError(error, path)
  }
}

function addStruct(store: WorkingStore, file: string, key: string, value: Buffer): void {
  const type = structTypeOf(value)
  if (type === null)
    throw new StackroomError('damaged-file', `${file} is damaged: the index ${key} cannot be read.`, {
      hint: 'Restore the file from a backup, or index the documents again. Nothing in the folder was changed.',
    })
  store.statement('INSERT OR REPLACE INTO index_structs VALUES (?, ?)').run(key, type)
}

/** A vector whose node is not in the docstore cannot be shown, so it is not searched. `verify` tells of it. */
function maskWithoutNode(store: WorkingStore): void {
  const nodes = store.sections().find(({ role }) => role === 'nodes')
  if (!nodes) return
  store
    .statement(
      `INSERT INTO masked (store, row) SELECT store, row FROM vectors
       WHERE NOT EXISTS (SELECT 1 FROM entries WHERE section = ? AND key = node_id)`,
    )
    .run(nodes.id)
}

/** What is known of source files stays, as long as every document made of them is still there. */
function keepManifest(store: WorkingStore, previousPath: string): void {
  let previous: WorkingStore
  try {
    previous = new WorkingStore(previousPath, 'read')
  } catch {
    // None yet, or one that cannot be read: then every source file is read again.
    return
  }
  try {
    const documents = store.sections().find(({ role }) => role === 'ref-doc-info')
    for (const entry of readManifest(previous)) {
      if (documents && entry.refDocIds.every((id) => store.has(documents.id, id))) writeManifest(store, entry)
    }
  } finally {
    previous[Symbol.dispose]()
  }
}

/** Removes SQLite's files and packed vectors that no working store names. */
export function removeWorkingStore(workingFolder: string): void {
  for (const ending of ['', '-wal', '-shm', '-journal'])
    rmSync(join(workingFolder, workingFile + ending), { force: true })
}

function flushFile(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
