/**
 * Reads the JSON files of a persist dir into a new working store, which takes the old one's place only when it is
 * complete. Nothing in the folder but `.stackroom` is touched, and no file is ever held as a whole.
 */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { StackroomError } from '#contract'
import { fileStamp } from '#platform/atomic-files.ts'
import { explainFileError, isDamage } from '#platform/file-errors.ts'
import { keepSourceRecords } from './keep-source-records.ts'
import { checkEntry, damagedAt, maximumEntryBytes, scanStoreFile } from './llamaindex/json-scanner.ts'
import {
  isImported,
  sectionRoleOf,
  storeFilesIn,
  type SectionRole,
  type StoreFile,
} from './llamaindex/store-files.ts'
import { storedKey } from './llamaindex/python-json.ts'
import { checkStruct, forgettingStructTypes, hasData, structTypeOf } from './llamaindex/index-struct.ts'
import { shortened } from './read-node.ts'
import { packedEnding } from './packed-vectors.ts'
import { replaceWorkingStore, workingFile } from './replace-working-store.ts'
import { isFaissIndex, noteForeignVectorFile } from './foreign-vector-file.ts'
import { maskUnsearched, settleSections } from './settle-import.ts'
import { VectorImport } from './vector-import.ts'
import { WorkingStore } from './working-store.ts'

/** Of an index without vectors: some 300,000 nodes. */
const largestStruct = 24 * 1024 * 1024
/** As text: ten times what the longest there may be takes. */
const largestVector = 16 * 1024 * 1024

export interface ImportOptions {
  readonly persistDir: string
  readonly workingFolder: string
  readonly signal?: AbortSignal | undefined
}

/** Throws `damaged-file`, `unsupported-format`, `file-changed`, `cancelled`; the working store is then as it was. */
export async function importFolder(options: ImportOptions): Promise<void> {
  const { persistDir, workingFolder } = options
  const packed: string[] = []
  try {
    await replaceWorkingStore(workingFolder, async (path) => {
      using store = new WorkingStore(path, 'create')
      for (const file of filesToImport(persistDir)) await importFile(store, file, options, packed)
      settleSections(store)
      store.finishImport()
      maskUnsearched(store)
      keepSourceRecords(store, join(workingFolder, workingFile))
    })
  } catch (error) {
    for (const name of packed) rmSync(join(workingFolder, `${name}${packedEnding}`), { force: true })
    throw error
  }
}

/** Index stores last: how large an index may be depends on the vectors. */
function filesToImport(persistDir: string): StoreFile[] {
  const files = storeFilesIn(persistDir).filter(isImported)
  const isLast = ({ role }: StoreFile): boolean => role === 'index-store'
  return [...files.filter((file) => !isLast(file)), ...files.filter(isLast)]
}

async function importFile(
  store: WorkingStore,
  file: StoreFile,
  { persistDir, workingFolder, signal }: ImportOptions,
  packed: string[],
): Promise<void> {
  const path = join(persistDir, file.name)
  if (file.role === 'vector-store' && isFaissIndex(path)) {
    noteForeignVectorFile(store, path)
    return
  }
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
    // A vector is checked by being read.
    const leaveUnchecked = (name: string): boolean => sectionRoleOf(file.role, name) === 'embeddings'
    const maximumBytesIn = (name: string): number => maximumBytesOf(store, sectionRoleOf(file.role, name))
    for (const token of scanStoreFile(path, { leaveUnchecked, maximumBytesIn })) {
      if (token.kind === 'section-start') {
        role = sectionRoleOf(file.role, token.name)
        section = store.addSection(file.name, storedKey(token.name)).id
      } else if (token.kind === 'entry') {
        if (role === 'embeddings') {
          if (vectors?.add(token.key, token.value)) continue
          checkEntry(path, token)
        }
        if (role === 'index-structs') addStruct(store, file.name, storedKey(token.key), token.value)
        insert.run(section, storedKey(token.key), token.value)
        if (token.valueEnd - pause > 64 * 1024 * 1024) {
          pause = token.valueEnd
          await nextTurn()
          signal?.throwIfAborted()
        }
      } else if (token.kind === 'scalar' && sectionRoleOf(file.role, token.name) !== 'other') {
        throw damagedAt(path, `${token.name} is not an object`, token.keyStart)
      } else if (token.kind === 'file') {
        store
          .statement('UPDATE files SET stamp = ?, bytes = ?, checksum = ? WHERE name = ?')
          .run(stamp, token.bytes, token.checksum, file.name)
      }
    }
    vectors?.finish()
    if (fileStamp(path) !== stamp) throw changedWhileRead(file.name)
    store.database.exec('COMMIT')
  } catch (error) {
    store.database.exec('ROLLBACK')
    // What looks damaged may be half of what another program is writing.
    if (fileStamp(path) !== stamp) throw changedWhileRead(file.name)
    throw isDamage(error) ? error : explainFileError(error, path)
  }
}

/**
 * How long entries of a section may be. An index struct is one text: to read it, and to have SQLite keep it, takes several
 * times its size. That must stay within 300 MB beside the vectors, which are many times larger than the struct of their index.
 */
export function maximumBytesOf(store: WorkingStore, role: SectionRole): number {
  if (role === 'embeddings') return largestVector
  if (role !== 'index-structs') return maximumEntryBytes
  const packedBytes = store
    .vectorStores()
    .reduce((sum, { rows, dimensions }) => sum + rows * (dimensions ?? 0) * 4, 0)
  return Math.min(maximumEntryBytes, largestStruct + Math.floor(packedBytes / 4))
}

export function changedWhileRead(name: string): StackroomError {
  return new StackroomError('file-changed', `${name} was changed while it was read.`, {
    hint: 'Wait until the other program has finished, and open the folder again.',
  })
}

export function addStruct(store: WorkingStore, file: string, key: string, value: Buffer): void {
  const type = structTypeOf(value)
  try {
    if (type === null) throw new StackroomError('damaged-file', 'It has no type.')
    if (forgettingStructTypes.includes(type) && hasData(value)) checkStruct(value)
  } catch (cause) {
    if (!(cause instanceof StackroomError)) throw cause
    throw new StackroomError('damaged-file', `${file} is damaged: index ${shortened(key)} cannot be read.`, {
      hint: 'Restore the file from a backup, or index the documents again. Nothing in the folder was changed.',
      cause,
    })
  }
  store.statement('INSERT OR REPLACE INTO index_structs VALUES (?, ?)').run(key, type)
}
