/** One open persist dir, inside its worker thread: everything here may block. */
import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { StackroomError } from '#contract'
import { VectorMatrix } from '#engine/retrieve/vector-matrix.ts'
import { applyChange, readManifest } from './apply-change.ts'
import { detectFolderKind } from './detect-folder-kind.ts'
import { importFolder, stampsOf } from './import-folder.ts'
import { nodeIdsOfDocument, readNode } from './read-node.ts'
import { bothSidesChanged, persistFolder, recoverFolder } from './persist-folder.ts'
import { stackroomSettingsSchema, type StackroomSettings } from './stackroom-settings.ts'
import type {
  ManifestEntry,
  ScoredNode,
  StorageChange,
  StorageSummary,
  StoredNode,
} from './storage-folder.ts'
import { indexesOf } from './index-structs.ts'
import { knownFiles, WorkingStore } from './working-store.ts'

export interface StorageSessionOptions {
  readonly persistDir: string
  readonly dataFolder: string
  /** Given for a new index. */
  readonly settings: StackroomSettings | null
}

export class StorageSession {
  readonly #persistDir: string
  readonly #workingFolder: string
  readonly #store: WorkingStore
  /** Why it cannot be written to, or null. */
  readonly #readOnly: StackroomError | null
  readonly #kind: StorageSummary['kind']
  #settings: StackroomSettings | null
  #matrix: VectorMatrix | null = null
  /** Changes and persists take turns, so that a persist writes one state. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    persistDir: string,
    working: { folder: string; store: WorkingStore; readOnly: StackroomError | null },
    kind: StorageSummary['kind'],
    settings: StackroomSettings | null,
  ) {
    this.#persistDir = persistDir
    this.#workingFolder = working.folder
    this.#store = working.store
    this.#readOnly = working.readOnly
    this.#kind = kind
    this.#settings = settings
  }

  static async open(options: StorageSessionOptions): Promise<StorageSession> {
    const { settings } = options
    if (settings) mkdirSync(options.persistDir, { recursive: true })
    const kind = await detectFolderKind(options.persistDir)
    requireStorageFolder(options.persistDir, kind, settings !== null)
    const persistDir = realpathSync(options.persistDir)
    const hadWorkingFolder = existsSync(join(persistDir, '.stackroom'))
    const working = openWorkingStore(persistDir, options.dataFolder)
    try {
      if (!working.readOnly) recoverFolder(working.store, persistDir, working.folder)
      importIfChanged(working.store, persistDir, settings !== null)
      const session = new StorageSession(
        persistDir,
        working,
        settings ? 'stackroom' : kind,
        settings ?? readSettings(persistDir),
      )
      if (settings) session.writeSettings(settings)
      session.#loadVectors()
      return session
    } catch (error) {
      working.store[Symbol.dispose]()
      // A folder that could not be opened is left as it was found.
      if (!hadWorkingFolder && !working.readOnly) {
        rmSync(working.folder, { recursive: true, force: true })
        if (settings) tryRemoveEmpty(persistDir)
      }
      throw error
    }
  }

  #loadVectors(): void {
    const dimensions = Number(this.#store.meta('dimensions') ?? '0')
    if (dimensions === 0) return
    const count = Number(this.#store.statement('SELECT count(*) FROM vectors').pluck().get())
    const matrix = new VectorMatrix(dimensions, count + 64)
    for (const row of this.#store.statement('SELECT node_id, vector FROM vectors').raw().iterate()) {
      const [nodeId, bytes] = row as [string, Buffer]
      const vector = new Float32Array(
        bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
      )
      if (vector.every(Number.isFinite) && vector.some((number) => number !== 0)) matrix.set(nodeId, vector)
    }
    this.#matrix = matrix
  }

  summary(): StorageSummary {
    const store = this.#store
    const files = [
      ...knownFiles,
      'graph_store.json',
      'image__vector_store.json',
      'property_graph_store.json',
      'stackroom.json',
    ]
    const warnings: string[] = []
    const nodes = store.count('docstore.json', 'docstore/data')
    const vectors = this.#matrix?.size ?? 0
    if (vectors < nodes)
      warnings.push(`${nodes - vectors} of ${nodes} nodes have no vector that can be searched.`)
    if (this.#readOnly) warnings.push(this.#readOnly.message)
    return {
      kind: this.#kind,
      documents: store.count('docstore.json', 'docstore/ref_doc_info'),
      nodes,
      vectors,
      dimensions: this.#matrix?.dimensions ?? null,
      store: 'simple',
      readOnly: this.#readOnly !== null,
      persisted: store.meta('dirty') !== '1',
      settings: this.#settings,
      files: files.flatMap((name): StorageSummary['files'][number][] => {
        const stats = statSync(join(this.#persistDir, name), { throwIfNoEntry: false })
        if (stats) return [{ name, bytes: stats.size, state: 'ok' }]
        return (knownFiles as readonly string[]).includes(name) ? [{ name, bytes: 0, state: 'missing' }] : []
      }),
      indexes: indexesOf(store),
      warnings,
    }
  }

  query({ vector, topK }: { vector: Float32Array; topK: number }): ScoredNode[] {
    return this.#matrix?.search(vector, topK) ?? []
  }

  nodes(nodeIds: readonly string[]): StoredNode[] {
    return nodeIds.flatMap((nodeId) => readNode(this.#store, nodeId) ?? [])
  }

  nodesOfDocument(refDocId: string): StoredNode[] {
    return this.nodes(nodeIdsOfDocument(this.#store, refDocId)).sort(
      (a, b) => (a.startCharIdx ?? 0) - (b.startCharIdx ?? 0),
    )
  }

  manifest(): ManifestEntry[] {
    return readManifest(this.#store)
  }

  change(change: StorageChange): Promise<void> {
    return this.#takeTurn(() => {
      if (this.#readOnly) throw this.#readOnly
      const { added, removed } = applyChange(this.#store, change)
      for (const nodeId of removed) this.#matrix?.delete(nodeId)
      for (const { nodeId, vector } of added) {
        this.#matrix ??= new VectorMatrix(vector.length)
        this.#matrix.set(nodeId, vector)
      }
    })
  }

  writeSettings(settings: StackroomSettings): void {
    if (this.#readOnly) throw this.#readOnly
    const path = join(this.#persistDir, 'stackroom.json')
    writeFileSync(`${path}.new`, JSON.stringify(stackroomSettingsSchema.parse(settings), null, 2) + '\n', {
      flush: true,
    })
    renameSync(`${path}.new`, path)
    this.#settings = settings
  }

  persist(signal: AbortSignal): Promise<void> {
    return this.#takeTurn(async () => {
      if (this.#readOnly) return
      await persistFolder(this.#store, {
        persistDir: this.#persistDir,
        workingFolder: this.#workingFolder,
        signal,
      })
    })
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => undefined)
    this.#store[Symbol.dispose]()
  }

  #takeTurn<Value>(work: () => Value | Promise<Value>): Promise<Value> {
    const turn = this.#turn.catch(() => undefined).then(work)
    this.#turn = turn
    return turn
  }
}

function requireStorageFolder(path: string, kind: StorageSummary['kind'], isNew: boolean): void {
  if (isNew) {
    if (kind === 'empty') return
    throw new StackroomError('not-a-storage-folder', `${path} is not empty.`, {
      hint: 'Choose an empty folder, or a new one, for the index.',
    })
  }
  if (kind === 'stackroom' || kind === 'llamaindex-python') return
  if (kind === 'missing')
    throw new StackroomError('path-missing', `There is no folder at ${path}.`, {
      hint: 'It may have been moved or deleted, or its drive is not connected.',
    })
  if (kind === 'chroma' || kind === 'llamaindex-ts')
    throw new StackroomError(
      'unsupported-format',
      `${path} is a ${kind === 'chroma' ? 'Chroma' : 'LlamaIndexTS'} folder, which this version cannot open yet.`,
      { hint: 'Index the documents again, or open a folder that Python LlamaIndex persisted.' },
    )
  throw new StackroomError('not-a-storage-folder', `${path} is not a storage folder.`, {
    hint: 'A storage folder has docstore.json and default__vector_store.json in it. To index these files, drop the folder on the window.',
  })
}

function openWorkingStore(
  persistDir: string,
  dataFolder: string,
): { folder: string; store: WorkingStore; readOnly: StackroomError | null } {
  const own = join(persistDir, '.stackroom')
  let reason: StackroomError
  try {
    accessSync(persistDir, constants.W_OK)
    return { folder: own, store: new WorkingStore(join(own, 'working.sqlite')), readOnly: null }
  } catch (error) {
    reason = whyReadOnly(error)
  }
  const folder = join(
    dataFolder,
    'working',
    createHash('sha256').update(persistDir).digest('hex').slice(0, 32),
  )
  try {
    return { folder, store: new WorkingStore(join(folder, 'working.sqlite')), readOnly: reason }
  } catch (error) {
    throw isBusy(error) ? locked(error) : error
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')
}

function locked(cause: unknown): StackroomError {
  return new StackroomError('locked', 'Another Stackroom is working on this folder.', {
    hint: 'Close it there, or wait until its work has ended. It can be searched here, but not changed.',
    cause,
  })
}

function whyReadOnly(error: unknown): StackroomError {
  if (isBusy(error)) return locked(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!['EACCES', 'EPERM', 'EROFS'].includes(code)) throw error
  return new StackroomError('read-only', 'This folder is read-only: it can be searched, but not changed.', {
    hint: 'Copy the folder to a place where you may write, and open the copy.',
    cause: error,
  })
}

function importIfChanged(store: WorkingStore, persistDir: string, isNew: boolean): void {
  const seen = store.meta('stamps')
  // Indexing that was broken off before its first persist: the working store has all there is.
  const neverPersisted = seen === null && store.meta('dirty') === '1'
  if (isNew || neverPersisted) return
  if (seen === stampsOf(persistDir)) return
  if (seen === null && !existsSync(join(persistDir, 'docstore.json')) && readSettings(persistDir)) return
  if (seen !== null && store.meta('dirty') === '1') throw bothSidesChanged()
  importFolder(store, persistDir)
}

function readSettings(persistDir: string): StackroomSettings | null {
  const path = join(persistDir, 'stackroom.json')
  if (!existsSync(path)) return null
  try {
    return stackroomSettingsSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    throw new StackroomError(
      'damaged-file',
      'stackroom.json is damaged: the settings of this index cannot be read.',
      {
        hint: 'Restore the file from a backup, or move it away to choose the embed model again.',
        cause: error,
      },
    )
  }
}

function tryRemoveEmpty(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // Not empty: it is the user's.
  }
}
