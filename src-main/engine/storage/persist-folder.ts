/**
 * Brings the JSON files up to date as a set: new files are written beside the old ones and flushed, and take their places
 * under `commit.json`.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { fileStamp } from '#platform/atomic-files.ts'
import { explainFileError, isDamage } from '#platform/file-errors.ts'
import {
  beginCommit,
  finishCommit,
  isCommitPending,
  recoverCommit,
  targetOf,
  temporaryOf,
  type CommittedFile,
} from './commit-files.ts'
import { changeStruct, type StructChange } from './llamaindex/index-struct.ts'
import { originalKey } from './llamaindex/python-json.ts'
import { bothSidesChanged, fileStateOf, knownFiles } from './file-state.ts'
import { OutputFile } from './output-file.ts'
import type { VectorStores } from './vector-stores.ts'
import type { WorkingStore } from './working-store.ts'
import { writeChangedFile, writeWholeFile } from './write-store-file.ts'

/** What `StorageContext.persist` writes besides, when there is nothing in it. */
const emptyFiles: Readonly<Record<string, string>> = {
  'graph_store.json': '{"graph_dict": {}}',
  'image__vector_store.json': '{"embedding_dict": {}, "text_id_to_ref_doc_id": {}, "metadata_dict": {}}',
}

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
  if (isCommitPending(workingFolder)) recoverCommit(options)
  if (store.isPersisted) return
  if (!existsSync(persistDir))
    throw new StackroomError('path-missing', `${persistDir} is not there any more.`, {
      hint: 'It may have been moved or deleted, or its drive is not connected.',
    })
  if (knownFiles(store, persistDir).some((name) => fileStateOf(store, persistDir, name) === 'changed'))
    throw bothSidesChanged()
  mkdirSync(workingFolder, { recursive: true })
  applyStructChanges(store)
  const files: CommittedFile[] = []
  try {
    for (const name of filesToWrite(store, persistDir)) files.push(await writeTemporary(options, name))
    if (files.length > 0 && files.every(({ base }) => base === null))
      files.push(...writeEmptyFiles(persistDir))
    if (files.some(({ name, base }) => fileStamp(join(persistDir, name)) !== (base?.stamp ?? null)))
      throw bothSidesChanged()
    beginCommit(persistDir, workingFolder, { unpersisted: store.unpersisted, files })
  } catch (error) {
    removeTemporaries(store, persistDir)
    throw isDamage(error) ? error : explainFileError(error, persistDir)
  }
  finishCommit(options)
}

function removeTemporaries(store: WorkingStore, persistDir: string): void {
  if (!existsSync(persistDir)) return
  for (const name of [...knownFiles(store, persistDir), ...Object.keys(emptyFiles)])
    rmSync(temporaryOf(persistDir, name), { force: true })
}

/** Files with a change, files that were never written, and files that went away. */
function filesToWrite(store: WorkingStore, persistDir: string): string[] {
  const withChanges = store
    .statement(`SELECT DISTINCT sections.file FROM changed JOIN sections ON sections.id = changed.section`)
    .pluck()
    .all() as string[]
  const names = store.statement('SELECT name FROM files ORDER BY name').pluck().all() as string[]
  return names.filter(
    (name) =>
      withChanges.includes(name) ||
      baseOf(store, name) === null ||
      fileStateOf(store, persistDir, name) === 'gone',
  )
}

const baseSchema = z.object({ bytes: z.number(), checksum: z.number() })

/** What the file was when it was read or written last; null when it was not, or is to be replaced whatever it is. */
function baseOf(store: WorkingStore, name: string): z.infer<typeof baseSchema> | null {
  const row = store
    .statement('SELECT bytes, checksum FROM files WHERE name = ? AND stamp IS NOT NULL')
    .get(name)
  return baseSchema.safeParse(row).data ?? null
}

async function writeTemporary(options: PersistFolderOptions, name: string): Promise<CommittedFile> {
  const { store, vectors, persistDir, signal } = options
  const stamp = fileStamp(join(persistDir, name))
  const target = targetOf(persistDir, name)
  using output = new OutputFile(temporaryOf(persistDir, name), stamp === null ? null : target)
  const work = { store, vectors, file: name, output, signal }
  const known = baseOf(store, name)
  // A file whose content is not known is not copied from: it was never written, or is to be replaced as a whole.
  if (stamp === null || known === null) await writeWholeFile(work)
  else await writeChangedFile(work, target)
  output.finish()
  const base =
    stamp === null ? null : { stamp, bytes: known?.bytes ?? null, checksum: known?.checksum ?? null }
  return { name, base, bytes: output.bytes, checksum: output.checksum }
}

function writeEmptyFiles(persistDir: string): CommittedFile[] {
  return Object.entries(emptyFiles).flatMap(([name, text]) => {
    if (existsSync(join(persistDir, name))) return []
    using output = new OutputFile(temporaryOf(persistDir, name), null)
    output.write(text)
    output.finish()
    return [{ name, base: null, bytes: output.bytes, checksum: output.checksum }]
  })
}

/** `IndexDict.add_node` and `delete` on the index structs. */
export function applyStructChanges(store: WorkingStore): void {
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
        nodeId: originalKey(node_id),
        added: added === 1,
      }))
      const changed = changeStruct(value, wanted)
      if (!changed.equals(value)) store.put(section, struct, changed)
    }
    store.statement('DELETE FROM struct_changes').run()
  })()
}
