/**
 * Brings the JSON files up to date as a set: new files are written beside the old ones and flushed, `commit.json` names
 * them, they are renamed into place, and `commit.json` goes. A crash before `commit.json` leaves the old set, one after it
 * is rolled forward by the next open.
 */
import { existsSync, readFileSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { fileStamp, replaceFile, syncFolder } from '#platform/atomic-files.ts'
import { explainFileError } from '#platform/file-errors.ts'
import { changeStruct, type StructChange } from './llamaindex/index-struct.ts'
import { fileStateOf } from './file-state.ts'
import { storeFileOf, storeFilesIn } from './llamaindex/store-files.ts'
import { OutputFile } from './output-file.ts'
import type { VectorStores } from './vector-stores.ts'
import type { WorkingStore } from './working-store.ts'
import { writeChangedFile, writeWholeFile } from './write-store-file.ts'

const temporaryEnding = '.stackroom-new'

/** What `StorageContext.persist` writes besides, when there is nothing in it. */
const emptyFiles: Readonly<Record<string, string>> = {
  'graph_store.json': '{"graph_dict": {}}',
  'image__vector_store.json': '{"embedding_dict": {}, "text_id_to_ref_doc_id": {}, "metadata_dict": {}}',
}

const commitSchema = z.object({
  files: z.array(
    z.object({
      name: z.string(),
      /** Of the file that is to be replaced; null when there was none. */
      base: z.string().nullable(),
      bytes: z.number(),
      checksum: z.number(),
    }),
  ),
})
type CommittedFile = z.infer<typeof commitSchema>['files'][number]

export interface PersistFolderOptions {
  readonly store: WorkingStore
  readonly vectors: VectorStores
  readonly persistDir: string
  readonly workingFolder: string
  readonly signal?: AbortSignal | undefined
}

/** Throws `both-sides-changed` when another program wrote the files meanwhile; `disk-full` and the like. */
export async function persistFolder(options: PersistFolderOptions): Promise<void> {
  const { store, persistDir, workingFolder } = options
  if (store.isPersisted) return
  if (!existsSync(persistDir))
    throw new StackroomError('path-missing', `${persistDir} is not there any more.`, {
      hint: 'It may have been moved or deleted, or its drive is not connected.',
    })
  const names = filesToWrite(store)
  if (names.some((name) => fileStateOf(store, persistDir, name) === 'changed')) throw bothSidesChanged()
  applyStructChanges(store)
  const written: CommittedFile[] = []
  try {
    for (const name of filesToWrite(store)) written.push(await writeTemporary(options, name))
    if (written.length > 0 && written.every(({ base }) => base === null))
      written.push(...writeEmptyFiles(persistDir))
    if (written.some(({ name, base }) => fileStamp(join(persistDir, name)) !== base)) throw bothSidesChanged()
    // From here to the end nothing waits, so that no change can come between the files and the mark.
    replaceFile(join(workingFolder, 'commit.json'), JSON.stringify({ files: written }))
  } catch (error) {
    for (const name of [...names, ...Object.keys(emptyFiles)])
      rmSync(temporaryOf(persistDir, name), { force: true })
    throw explainFileError(error, persistDir)
  }
  finishCommit(store, persistDir, workingFolder)
}

/** Imported files with a change, and files that were never written. */
function filesToWrite(store: WorkingStore): string[] {
  return store
    .statement(
      `SELECT name FROM files WHERE stamp IS NULL OR EXISTS (
         SELECT 1 FROM changed JOIN sections ON sections.id = changed.section WHERE sections.file = files.name
       ) OR EXISTS (
         SELECT 1 FROM struct_changes JOIN index_structs ON key = struct
         JOIN sections ON role = 'index-structs' AND sections.file = files.name
       ) ORDER BY name`,
    )
    .pluck()
    .all() as string[]
}

/** Symbolic links stay what they are: the file they point to is replaced. */
function targetOf(persistDir: string, name: string): string {
  const path = join(persistDir, name)
  return existsSync(path) ? realpathSync(path) : path
}

function temporaryOf(persistDir: string, name: string): string {
  return targetOf(persistDir, name) + temporaryEnding
}

async function writeTemporary(options: PersistFolderOptions, name: string): Promise<CommittedFile> {
  const { store, vectors, persistDir, signal } = options
  const base = fileStamp(join(persistDir, name))
  const target = targetOf(persistDir, name)
  const mode = base === null ? 0o644 : statSync(target).mode & 0o777
  using output = new OutputFile(target + temporaryEnding, mode)
  const work = { store, vectors, file: name, output, signal }
  if (base === null) await writeWholeFile(work)
  else await writeChangedFile(work, target)
  output.finish()
  return { name, base, bytes: output.bytes, checksum: output.checksum }
}

function writeEmptyFiles(persistDir: string): CommittedFile[] {
  return Object.entries(emptyFiles).flatMap(([name, text]) => {
    if (existsSync(join(persistDir, name))) return []
    using output = new OutputFile(temporaryOf(persistDir, name), 0o644)
    output.write(text)
    output.finish()
    return [{ name, base: null, bytes: output.bytes, checksum: output.checksum }]
  })
}

/** `IndexDict.add_node` and `delete` on the index structs. */
function applyStructChanges(store: WorkingStore): void {
  store.database.transaction(() => {
    const section = store.sections().find(({ role }) => role === 'index-structs')
    const structs = store.statement('SELECT DISTINCT struct FROM struct_changes').pluck().all() as string[]
    for (const struct of section ? structs : []) {
      const changes = store
        .statement('SELECT node_id, added FROM struct_changes WHERE struct = ? ORDER BY sequence')
        .all(struct) as { node_id: string; added: number }[]
      const value = section && store.bytes(section.id, struct)
      if (!section || !value) continue
      const wanted: StructChange[] = changes.map(({ node_id, added }) => ({
        nodeId: node_id,
        added: added === 1,
      }))
      const changed = changeStruct(value, wanted)
      if (!changed.equals(value)) store.put(section, struct, changed)
    }
    store.statement('DELETE FROM struct_changes').run()
  })()
}

/** After a crash: rolls a named set forward, removes an unnamed one. Works without the working store, too. */
export function recoverFolder(store: WorkingStore | null, persistDir: string, workingFolder: string): void {
  if (existsSync(join(workingFolder, 'commit.json'))) finishCommit(store, persistDir, workingFolder)
  for (const { name } of storeFilesIn(persistDir, temporaryEnding))
    rmSync(temporaryOf(persistDir, name), { force: true })
}

function finishCommit(store: WorkingStore | null, persistDir: string, workingFolder: string): void {
  const commitPath = join(workingFolder, 'commit.json')
  const { files } = readCommit(commitPath)
  const waiting = files.filter(({ name }) => existsSync(temporaryOf(persistDir, name)))
  // Another program wrote since the crash: its files stay, ours are in the working store, and opening tells of both.
  const isForeignNow = waiting.some(({ name, base }) => fileStamp(join(persistDir, name)) !== base)
  if (!isForeignNow) {
    for (const { name } of waiting) {
      const target = targetOf(persistDir, name)
      renameSync(target + temporaryEnding, target)
      syncFolder(dirname(target))
    }
    const isWhole = files.every(
      ({ name, bytes }) => statSync(join(persistDir, name), { throwIfNoEntry: false })?.size === bytes,
    )
    if (isWhole && store) markPersisted(store, persistDir, files)
  }
  rmSync(commitPath)
  syncFolder(workingFolder)
}

function readCommit(path: string): z.infer<typeof commitSchema> {
  try {
    return commitSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    // It is renamed into place when it is whole: this one is not ours.
    return { files: [] }
  }
}

function markPersisted(store: WorkingStore, persistDir: string, files: readonly CommittedFile[]): void {
  store.database.transaction(() => {
    for (const { name, bytes, checksum } of files) {
      if (storeFileOf(name)?.role === 'graph-store') continue
      store.addFile(name)
      store
        .statement('UPDATE files SET stamp = ?, bytes = ?, checksum = ? WHERE name = ?')
        .run(fileStamp(join(persistDir, name)), bytes, checksum, name)
    }
    store.statement('DELETE FROM changed').run()
    store.setMeta('unpersisted', null)
  })()
}

export function bothSidesChanged(): StackroomError {
  return new StackroomError(
    'both-sides-changed',
    'Another program changed this folder while Stackroom had changes of its own for it.',
    {
      hint: 'Nothing was overwritten. Choose which side to keep; a copy of the other is put into the folder’s backups.',
    },
  )
}
