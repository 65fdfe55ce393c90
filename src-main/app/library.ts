/** The list of knowledge bases: kept in the data folder, told of by events, opened when they are needed. */
import { randomUUID } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import {
  knowledgeBaseSchema,
  StackroomError,
  toErrorShape,
  type Emit,
  type ErrorShape,
  type KnowledgeBase,
  type ModelCheck,
} from '#contract'
import { bothSidesChanged } from '#engine/storage/file-state.ts'
import type { StorageFolder, StorageSummary } from '#engine/storage/storage-folder.ts'
import { isStoreAddress } from '#engine/stores/store-address.ts'
import { readJsonFile, writeJsonFile } from '#platform/json-file.ts'
import type { Log } from '#platform/log.ts'
import type { EngineServices } from './engine-services.ts'
import { requireStorageFolder } from './folder-info.ts'
import type { OpenFolderOptions } from './open-folders.ts'

/** What a folder was when it was last open is kept, so that the list says it at once. */
const entrySchema = knowledgeBaseSchema.omit({ state: true, error: true })
const librarySchema = z.object({ version: z.literal(1), knowledgeBases: z.array(entrySchema) })

export interface LibraryOptions {
  readonly dataFolder: string
  readonly services: EngineServices
  readonly emit: Emit
  readonly log: Log
}

export class Library {
  readonly #path: string
  readonly #services: EngineServices
  readonly #emit: Emit
  readonly #log: Log
  readonly #entries = new Map<string, KnowledgeBase>()
  /** Nothing is on disk for these: they are shown, but not kept. */
  readonly #provisional = new Set<string>()
  #writing: Promise<void> = Promise.resolve()

  private constructor({ dataFolder, services, emit, log }: LibraryOptions) {
    this.#path = join(dataFolder, 'library.json')
    this.#services = services
    this.#emit = emit
    this.#log = log
  }

  static async load(options: LibraryOptions): Promise<Library> {
    const library = new Library(options)
    const { knowledgeBases } = await readJsonFile(library.#path, librarySchema, () => ({
      version: 1 as const,
      knowledgeBases: [],
    }))
    for (const entry of knowledgeBases)
      library.#entries.set(entry.id, { ...entry, state: 'closed', error: null })
    return library
  }

  async list(): Promise<KnowledgeBase[]> {
    await Promise.all([...this.#entries.values()].map((entry) => this.#lookFor(entry)))
    return [...this.#entries.values()]
  }

  get(id: string): KnowledgeBase {
    const entry = this.#entries.get(id)
    if (entry) return entry
    throw new StackroomError('not-found', 'This knowledge base is not on the list any more.')
  }

  has(id: string): boolean {
    return this.#entries.has(id)
  }

  /** The open folder of a listed knowledge base. */
  async folderOf(id: string): Promise<StorageFolder> {
    const { persistDir } = this.get(id)
    await requireStorageFolder(persistDir)
    return this.#services.folders.open(persistDir)
  }

  async open(persistDir: string, options: OpenFolderOptions = {}): Promise<KnowledgeBase> {
    const path = await this.#services.stores.knowledgeBaseAt(persistDir, {}, options.signal)
    await requireStorageFolder(path)
    await this.#services.folders.open(path, options)
    return this.activate(this.add(path).id)
  }

  /** Lists the folder if it is not listed yet. */
  add(persistDir: string, name?: string): KnowledgeBase {
    const listed = this.find(persistDir)
    if (listed) return listed
    const entry: KnowledgeBase = {
      id: randomUUID(),
      name: name || this.#nameFor(persistDir),
      persistDir,
      kind: 'stackroom',
      state: 'closed',
      documents: 0,
      nodes: 0,
      dimensions: null,
      model: null,
      modelRecorded: false,
      modelVerdict: 'unchecked',
      store: 'simple',
      vectorStore: null,
      maker: null,
      readOnly: false,
      persisted: true,
      conflict: false,
      size: 0,
      lastIndexed: null,
      sources: [],
      watched: false,
      missingFiles: 0,
      error: null,
      warnings: [],
    }
    return this.#set(entry)
  }

  #nameFor(persistDir: string): string {
    if (!isStoreAddress(persistDir)) return basename(persistDir) || persistDir
    return this.#services.stores.kinds.parse(persistDir).collection ?? persistDir
  }

  find(persistDir: string): KnowledgeBase | undefined {
    return [...this.#entries.values()].find((entry) => entry.persistDir === persistDir)
  }

  /** The one that is this collection, or keeps its vectors in it. */
  findStore(address: string): KnowledgeBase | undefined {
    return [...this.#entries.values()].find(
      ({ persistDir, vectorStore }) =>
        persistDir === address ||
        (vectorStore && this.#services.stores.kinds.addressOf({ ...vectorStore, folder: null }) === address),
    )
  }

  /** Opens it. What is wrong with it is in the answer, not thrown. */
  async activate(id: string, options: OpenFolderOptions = {}): Promise<KnowledgeBase> {
    const entry = this.get(id)
    if (entry.state === 'indexing' || this.#provisional.has(id)) return entry
    if (entry.state !== 'ready') this.#set({ ...entry, state: 'opening', error: null })
    if (options.migrate) {
      // what keeps it from being opened is told by the refresh
      const { persistDir } = this.get(id)
      await this.#services.folders.open(persistDir, options).catch(() => undefined)
    }
    return this.refresh(id)
  }

  /** Reads again what the folder is. */
  async refresh(id: string): Promise<KnowledgeBase> {
    try {
      const folder = await this.folderOf(id)
      const summary = await folder.summary()
      const size = await this.#sizeOf(summary, this.get(id).persistDir)
      const check = await this.#services.checks.check(folder)
      const { kind, documents, nodes, dimensions, store, readOnly, persisted, conflict, settings, warnings } =
        summary
      const { collection } = summary
      const entry = this.get(id)
      this.#provisional.delete(id)
      return this.#set({
        ...entry,
        ...{ kind, documents, nodes, dimensions, store, readOnly, persisted, conflict, size },
        vectorStore: collection?.place ?? null,
        maker: isStoreAddress(entry.persistDir) ? (collection?.maker ?? null) : null,
        state: check.refused.includes('search') ? 'error' : 'ready',
        model: check.model,
        modelRecorded: check.recorded,
        modelVerdict: check.verdict,
        lastIndexed: settings?.lastIndexed ?? null,
        sources: settings?.sources.map(({ path }) => path) ?? [],
        watched: settings?.sources.some(({ watch }) => watch) ?? false,
        // only what waits for an answer
        missingFiles: (settings?.deletedFiles ?? 'ask') === 'ask' ? summary.missingFiles : 0,
        error: check.refused.includes('search') ? check.error : null,
        // The window has a notice of its own for a conflict.
        warnings: [...warnings, ...warningsOf(check)].filter((text) => text !== bothSidesChanged().message),
      })
    } catch (error) {
      const entry = this.#entries.get(id)
      if (!entry) throw error
      const shape = toErrorShape(error)
      if (shape.code === 'internal') this.#log.error('A knowledge base could not be opened', error)
      return this.#set({ ...entry, state: shape.code === 'path-missing' ? 'missing' : 'error', error: shape })
    }
  }

  setIndexing(id: string): void {
    const entry = this.#entries.get(id)
    if (entry) this.#set({ ...entry, state: 'indexing', error: null })
  }

  /** Nothing came of a new knowledge base: it is shown with the reason, and gone after a restart. */
  setFailed(id: string, error: ErrorShape): void {
    this.#provisional.add(id)
    this.#set({ ...this.get(id), state: 'error', error })
  }

  isProvisional(id: string): boolean {
    return this.#provisional.has(id)
  }

  rename(id: string, name: string): KnowledgeBase {
    return this.#set({ ...this.get(id), name })
  }

  async forget(id: string): Promise<void> {
    const { persistDir } = this.get(id)
    this.#entries.delete(id)
    this.#provisional.delete(id)
    this.#write()
    this.#emit('library.forgotten', { knowledgeBaseId: id })
    await this.#services.folders.closeFolder(persistDir)
  }

  /** Waits until the list is on disk. */
  async close(): Promise<void> {
    await this.#writing
  }

  async #lookFor(entry: KnowledgeBase): Promise<void> {
    if (entry.state === 'indexing' || entry.state === 'opening' || this.#provisional.has(entry.id)) return
    const folder = this.#folderOf(entry.persistDir)
    const exists =
      folder === null ||
      (await stat(folder).then(
        (stats) => stats.isDirectory(),
        () => false,
      ))
    if (exists && entry.state === 'missing') this.#set({ ...entry, state: 'closed', error: null })
    if (exists || entry.state === 'missing') return
    await this.#services.folders.closeFolder(entry.persistDir)
    const error = new StackroomError('path-missing', `There is no folder at ${folder}.`, {
      hint: 'It may have been moved, or its drive may not be connected.',
    })
    this.#set({ ...entry, state: 'missing', error: error.toShape() })
  }

  /** Null: it is on a server, which is not asked. */
  #folderOf(persistDir: string): string | null {
    return isStoreAddress(persistDir) ? this.#services.stores.kinds.parse(persistDir).folder : persistDir
  }

  /** What is kept of a collection in the data folder is not its size. */
  async #sizeOf({ files }: StorageSummary, persistDir: string): Promise<number> {
    if (!isStoreAddress(persistDir)) return sizeOf(persistDir, files)
    const { folder } = this.#services.stores.kinds.parse(persistDir)
    if (folder === null) return 0
    const names = await readdir(folder).catch(() => [])
    return sizeOf(
      folder,
      names.map((name) => ({ name })),
    )
  }

  #set(entry: KnowledgeBase): KnowledgeBase {
    this.#entries.set(entry.id, entry)
    this.#emit('library.changed', entry)
    this.#write()
    return entry
  }

  /** One after the other: the last state wins. */
  #write(): void {
    const write = async (): Promise<void> => {
      const knowledgeBases = [...this.#entries.values()]
        .filter(({ id }) => !this.#provisional.has(id))
        .map((entry) => entrySchema.parse(entry))
      await writeJsonFile(this.#path, { version: 1, knowledgeBases })
    }
    this.#writing = this.#writing.then(write).catch((error: unknown) => {
      this.#log.error('The list of knowledge bases could not be written', error)
    })
  }
}

function warningsOf({
  recorded,
  chosen,
  verdict,
  reason,
  model,
  error,
  refused,
  dimensions,
}: ModelCheck): string[] {
  if (refused.includes('search') || dimensions === null || model === null) return []
  if (chosen) return [`It was not proved that ${model} made the vectors of this folder: it was chosen.`]
  if (verdict === 'cannot-tell' && error && !recorded) return [error.message]
  return reason === 'model-failed' && error ? [error.message] : []
}

async function sizeOf(persistDir: string, files: readonly { readonly name: string }[]): Promise<number> {
  const sizes = await Promise.all(
    files.map(({ name }) =>
      stat(join(persistDir, name)).then(
        (stats) => stats.size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
