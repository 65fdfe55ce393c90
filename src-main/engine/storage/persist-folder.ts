/**
 * Brings the JSON files up to date as a set: new files are written beside the old ones and flushed, `commit.json` names
 * them, they are renamed into place, and `commit.json` goes. A crash before `commit.json` leaves the old set, one after it
 * is rolled forward by the next open.
 */
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'
import { StackroomError, type JsonValue } from '#contract'
import { stampsOf } from './import-folder.ts'
import { pythonJson, pythonJsonString } from './llamaindex/python-json.ts'
import { knownFiles, type KnownFile, type WorkingStore } from './working-store.ts'

const temporaryEnding = '.stackroom-new'
const pageSize = 500

/** What `StorageContext.persist` writes besides, when there is nothing in it. */
const emptyFiles: Readonly<Record<string, string>> = {
  'graph_store.json': '{"graph_dict": {}}',
  'image__vector_store.json': '{"embedding_dict": {}, "text_id_to_ref_doc_id": {}, "metadata_dict": {}}',
}

const sectionsOfNewFile: Readonly<Record<KnownFile, readonly string[]>> = {
  'docstore.json': ['docstore/metadata', 'docstore/ref_doc_info', 'docstore/data'],
  'index_store.json': ['index_store/data'],
  'default__vector_store.json': ['embedding_dict', 'text_id_to_ref_doc_id', 'metadata_dict'],
}

const commitSchema = z.object({ files: z.array(z.string()) })

export interface PersistFolderOptions {
  readonly persistDir: string
  readonly workingFolder: string
  readonly signal?: AbortSignal | undefined
}

/** Throws `both-sides-changed` when another program wrote the files meanwhile; `disk-full` and the like as the system says. */
export async function persistFolder(store: WorkingStore, options: PersistFolderOptions): Promise<void> {
  const { persistDir, workingFolder, signal } = options
  if (store.meta('dirty') !== '1') return
  const seen = store.meta('stamps')
  if (seen !== null && seen !== stampsOf(persistDir)) throw bothSidesChanged()
  applyStructChanges(store)
  const written: string[] = []
  try {
    for (const file of knownFiles) {
      written.push(file)
      await writeStore(store, file, join(persistDir, file + temporaryEnding), signal)
    }
    for (const [file, text] of Object.entries(emptyFiles)) {
      if (existsSync(join(persistDir, file))) continue
      written.push(file)
      writeFlushed(join(persistDir, file + temporaryEnding), text)
    }
  } catch (error) {
    for (const file of written) rmSync(join(persistDir, file + temporaryEnding), { force: true })
    throw error
  }
  // From here to the end nothing waits, so that no change can come between the files and the mark.
  writeFlushed(join(workingFolder, 'commit.json.new'), JSON.stringify({ files: written }))
  renameSync(join(workingFolder, 'commit.json.new'), join(workingFolder, 'commit.json'))
  syncFolder(workingFolder)
  finishCommit(store, persistDir, workingFolder)
}

/** After a crash: rolls a named set forward, removes an unnamed one. */
export function recoverFolder(store: WorkingStore, persistDir: string, workingFolder: string): void {
  if (existsSync(join(workingFolder, 'commit.json'))) finishCommit(store, persistDir, workingFolder)
  for (const name of readdirSync(persistDir))
    if (name.endsWith(temporaryEnding)) rmSync(join(persistDir, name), { force: true })
}

function finishCommit(store: WorkingStore, persistDir: string, workingFolder: string): void {
  const commitPath = join(workingFolder, 'commit.json')
  const { files } = commitSchema.parse(JSON.parse(readFileSync(commitPath, 'utf8')))
  for (const file of files) {
    const temporary = join(persistDir, file + temporaryEnding)
    if (existsSync(temporary)) renameSync(temporary, join(persistDir, file))
  }
  syncFolder(persistDir)
  store.database.transaction(() => {
    store.setMeta('stamps', stampsOf(persistDir))
    store.setMeta('dirty', '0')
  })()
  rmSync(commitPath)
  syncFolder(workingFolder)
}

export function bothSidesChanged(): StackroomError {
  return new StackroomError(
    'both-sides-changed',
    'Another program changed this folder while Stackroom had changes of its own for it.',
    {
      hint: 'Nothing was overwritten. To take the other program’s files, move the folder’s .stackroom folder away; to take Stackroom’s, move the JSON files away and open the folder again.',
    },
  )
}

async function writeStore(
  store: WorkingStore,
  file: KnownFile,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const section of sectionsOfNewFile[file]) store.section(file, section)
  const output = openSync(path, 'w')
  try {
    let separator = '{'
    for (const { position, section } of store.sections(file)) {
      writeSync(output, `${separator}${pythonJsonString(section)}: `)
      separator = ', '
      await writeSection(store, position, output, signal)
    }
    writeSync(output, '}')
    fsyncSync(output)
  } finally {
    closeSync(output)
  }
}

async function writeSection(
  store: WorkingStore,
  section: number,
  output: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  let after = 0
  let separator = '{'
  for (;;) {
    signal?.throwIfAborted()
    const page = store.page(section, after, pageSize)
    const last = page.at(-1)
    if (!last) break
    if (last.key === null) {
      writeSync(output, last.text)
      return
    }
    let text = ''
    for (const entry of page) {
      text += `${separator}${pythonJsonString(entry.key ?? '')}: ${entry.text}`
      separator = ', '
    }
    writeSync(output, text)
    after = last.position
    // Searches are answered between the pages.
    await nextTurn()
  }
  writeSync(output, separator === '{' ? '{}' : '}')
}

// Records, not objects of known keys: those would come back in another order than the file has.
const objectSchema = z.record(z.string(), z.json())
const nodesDictSchema = z.record(z.string(), z.string())

function parseObject(text: string): Record<string, JsonValue> {
  return objectSchema.parse(JSON.parse(text))
}

/** `IndexDict.add_node` and `delete` on the vector index's struct; makes the struct of a new folder. */
function applyStructChanges(store: WorkingStore): void {
  store.database.transaction(() => {
    const changes = store.statement('SELECT node_id, added FROM struct_changes ORDER BY sequence').all() as {
      node_id: string
      added: number
    }[]
    const section = store.section('index_store.json', 'index_store/data')
    const rows = store.page(section, 0, 1000)
    const existing = rows.find(({ text }) => parseObject(text).__type__ === 'vector_store')
    if (changes.length === 0 && existing) return
    const indexId = existing?.key ?? randomUUID()
    const entry: Record<string, JsonValue> = existing
      ? parseObject(existing.text)
      : { __type__: 'vector_store', __data__: pythonJson(emptyStruct(indexId)) }
    const { __data__: data } = entry
    const isText = typeof data === 'string'
    const struct = isText ? parseObject(data) : objectSchema.parse(data)
    const nodesDict = nodesDictSchema.parse(struct.nodes_dict)
    for (const { node_id, added } of changes) {
      if (added) nodesDict[node_id] = node_id
      else delete nodesDict[node_id]
    }
    struct.nodes_dict = nodesDict
    entry.__data__ = isText ? pythonJson(struct) : struct
    store.put('index_store.json', { section: 'index_store/data', key: indexId, text: pythonJson(entry) })
    store.statement('DELETE FROM struct_changes').run()
  })()
}

/** `IndexDict.to_dict()` of a new index. */
function emptyStruct(indexId: string): JsonValue {
  return { index_id: indexId, summary: null, nodes_dict: {}, doc_id_dict: {}, embeddings_dict: {} }
}

function writeFlushed(path: string, text: string): void {
  const file = openSync(path, 'w')
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function syncFolder(path: string): void {
  // Windows cannot flush a folder; there the rename itself is durable.
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
