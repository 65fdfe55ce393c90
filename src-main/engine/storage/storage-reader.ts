/**
 * Answers searches and reads of one folder, in a thread and on a connection of its own: it waits for no write and for no
 * persist, and sees what is committed.
 */
import { join } from 'node:path'
import { z } from 'zod'
import type { FileReport } from '#contract'
import { VectorSearch } from '#engine/retrieve/vector-search.ts'
import { hasFilter, type MetadataFilters } from '#engine/stores/metadata-filters.ts'
import { nodeIdsOfDocument } from './document-nodes.ts'
import { layoutOf } from './folder-layout.ts'
import { summaryOf } from './folder-summary.ts'
import { readReport, type FileReportQuery } from './file-report.ts'
import { isCopyable } from './copy-document.ts'
import {
  countManifest,
  manifestEntries,
  manifestLooks,
  manifestPage,
  manifestWithContent,
  readManifest,
  type ManifestQuery,
} from './source-manifest.ts'
import { unfinishedKey } from './source-tables.ts'
import { identityOf, workingFile } from './replace-working-store.ts'
import { membersOf, textOf } from './llamaindex/json-members.ts'
import { originalKey, parsePythonJson, storedKey } from './llamaindex/python-json.ts'
import { PackedVectors, packedEnding } from './packed-vectors.ts'
import { quantisedEnding, readQuantised, writeQuantised } from './quantised-file.ts'
import { readNode } from './read-node.ts'
import { sampleNodes, type SampledNode } from './sample-nodes.ts'
import { FilteredRows, type PassingRows } from './filtered-rows.ts'
import { selectNodes, type ChosenNode, type NodeChoice } from './select-nodes.ts'
import type {
  EntryQuery,
  ManifestEntry,
  ManifestLooks,
  NodeQuery,
  ScoredNode,
  StorageSummary,
  StoredEntry,
  StoredNode,
} from './storage-folder.ts'
import type { OpenedFolder } from './storage-writer.ts'
import { WorkingStore, type SectionRow, type VectorStoreRow } from './working-store.ts'

/** Rows that may be worked out again on opening without anybody noticing. */
const rowsWorthKeeping = 500

interface LoadedVectors {
  readonly row: VectorStoreRow
  readonly packed: PackedVectors
  readonly search: VectorSearch
  lastMask: number
  /** Rows in the file of bytes. */
  kept: number
}

export class StorageReader implements AsyncDisposable {
  readonly #folder: OpenedFolder
  #store: WorkingStore
  /** Of the database that is open. */
  #identity: string | null
  #version: unknown
  #loaded: LoadedVectors | null = null
  #filtered: FilteredRows | null = null
  #keeping: Promise<void> = Promise.resolve()

  constructor(folder: OpenedFolder) {
    this.#folder = folder
    this.#identity = identityOf(this.#path)
    this.#store = new WorkingStore(this.#path, 'read')
    this.#read(() => undefined)
    this.#keep()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#keep()
    await this.#keeping
    this.#loaded?.packed[Symbol.dispose]()
    this.#store[Symbol.dispose]()
  }

  get #path(): string {
    return join(this.#folder.workingFolder, workingFile)
  }

  /** A working store that was made anew is another file. While it is being put in place the old one answers. */
  #reopen(): void {
    const identity = identityOf(this.#path)
    if (identity === null || identity === this.#identity) return
    const store = new WorkingStore(this.#path, 'read')
    this.#store[Symbol.dispose]()
    this.#store = store
    this.#identity = identity
    this.#version = undefined
  }

  /** What was committed before is seen, what is committed meanwhile is not: rows may get other numbers. */
  #read<Value>(work: () => Value): Value {
    this.#reopen()
    return this.#store.database.transaction(() => {
      this.#refresh()
      return work()
    })()
  }

  /** As `#read`, for what needs no vectors: those that were added meanwhile wait for the next search. */
  #readRows<Value>(work: () => Value): Value {
    this.#reopen()
    return this.#store.database.transaction(() => {
      this.#store.forgetSections()
      return work()
    })()
  }

  /** Takes in what was committed since the last call. */
  #refresh(): void {
    const version = this.#store.database.pragma('data_version', { simple: true })
    if (version === this.#version) return
    this.#store.forgetSections()
    const { vectorStore } = layoutOf(this.#store)
    if (vectorStore?.packed !== this.#loaded?.row.packed) this.#load(vectorStore)
    const loaded = this.#loaded
    if (loaded && vectorStore) {
      loaded.search.add(vectorStore.rows)
      const masked = this.#store
        .statement('SELECT id, row FROM masked WHERE store = ? AND id > ? ORDER BY id')
        .all(vectorStore.id, loaded.lastMask) as { id: number; row: number }[]
      for (const { id, row } of masked) {
        loaded.search.mask(row)
        loaded.lastMask = id
      }
    }
    this.#version = version
  }

  #load(row: VectorStoreRow | null): void {
    this.#loaded?.packed[Symbol.dispose]()
    this.#loaded = null
    if (!row?.dimensions) return
    const path = join(this.#folder.workingFolder, row.packed)
    const packed = new PackedVectors(path + packedEnding, row.dimensions, 'read')
    const known = readQuantised(path + quantisedEnding, row.dimensions, row.rows) ?? undefined
    const search = new VectorSearch(packed, row.rows, known)
    this.#loaded = { row, packed, search, lastMask: 0, kept: known?.rows ?? 0 }
  }

  /** Keeps the bytes for the next opening. They can be made anew, so that a failure costs time only. */
  #keep(): void {
    const loaded = this.#loaded
    if (!loaded || !this.#folder.ownsWorkingFolder) return
    if (loaded.search.rows - loaded.kept < rowsWorthKeeping) return
    const quantised = loaded.search.quantised()
    loaded.kept = quantised.rows
    const path = join(this.#folder.workingFolder, loaded.row.packed + quantisedEnding)
    this.#keeping = this.#keeping
      .then(() => writeQuantised(path, loaded.row.dimensions ?? 0, quantised))
      .catch(() => {
        loaded.kept = 0
      })
  }

  query({ vector, topK, ...choice }: NodeQuery): ScoredNode[] {
    return this.#read(() => {
      const loaded = this.#loaded
      if (!loaded) return []
      if (choice.nodeIds) return this.#queryAmong(loaded, vector, topK, choice)
      const passing =
        choice.filters && hasFilter(choice.filters) ? this.#passing(loaded, choice.filters) : null
      const found = passing
        ? loaded.search.searchChosen(vector, topK, passing.passes)
        : loaded.search.search(vector, topK)
      const nodeIdOf = this.#store
        .statement('SELECT node_id FROM vectors WHERE store = ? AND row = ?')
        .pluck()
      return found.flatMap(({ row, score }) => {
        const nodeId = nodeIdOf.get(loaded.row.id, row)
        return typeof nodeId === 'string' ? [{ nodeId: originalKey(nodeId), score }] : []
      })
    })
  }

  #passingNodes(loaded: LoadedVectors, filters: MetadataFilters, offset: number, end?: number): ChosenNode[] {
    const { passes } = this.#passing(loaded, filters)
    const rows: number[] = []
    passes.forEach((passing, row) => {
      if (passing === 1) rows.push(row)
    })
    const nodeIdOf = this.#store.statement('SELECT node_id FROM vectors WHERE store = ? AND row = ?').pluck()
    return rows.slice(offset, end).flatMap((row) => {
      const nodeId = nodeIdOf.get(loaded.row.id, row)
      return typeof nodeId === 'string' ? [{ row, nodeId: originalKey(nodeId) }] : []
    })
  }

  #passing(loaded: LoadedVectors, filters: MetadataFilters): PassingRows {
    if (this.#filtered?.isOf(loaded.row) !== true) this.#filtered = new FilteredRows(loaded.row)
    return this.#filtered.passing(this.#store, { ...loaded.row, rows: loaded.search.rows }, filters)
  }

  #queryAmong(loaded: LoadedVectors, vector: Float32Array, topK: number, choice: NodeChoice): ScoredNode[] {
    const chosen = new Map(
      selectNodes(this.#store, loaded.row, choice).map(({ row, nodeId }) => [row, nodeId]),
    )
    return loaded.search
      .searchAmong(vector, topK, [...chosen.keys()])
      .map(({ row, score }) => ({ nodeId: chosen.get(row) ?? '', score }))
  }

  entries({ offset = 0, limit, vectors = false, contents = false, ...choice }: EntryQuery): StoredEntry[] {
    return this.#read(() => {
      const loaded = this.#loaded
      if (!loaded) return []
      const end = limit === undefined ? undefined : offset + limit
      const { nodeIds, filters } = choice
      const chosen =
        !nodeIds && filters && hasFilter(filters)
          ? this.#passingNodes(loaded, filters, offset, end)
          : selectNodes(this.#store, loaded.row, choice).slice(offset, end)
      return chosen.map(({ nodeId, row }) => ({
        nodeId,
        node: this.#nodes([nodeId])[0] ?? null,
        vector: vectors ? loaded.packed.row(row) : null,
        content: contents ? this.#content(nodeId) : null,
      }))
    })
  }

  #content(nodeId: string): string | null {
    const section = this.#section('nodes')
    const entry = section && this.#store.get(section.id, storedKey(nodeId))
    if (!entry) return null
    const bytes = Buffer.from(entry)
    const data = membersOf(bytes)?.find(({ key }) => key === '__data__')
    // LlamaIndexTS writes the node as a text of its own.
    return data ? (textOf(bytes, data) ?? bytes.toString('utf8', data.start, data.end)) : null
  }

  nodes(nodeIds: readonly string[]): StoredNode[] {
    return this.#read(() => this.#nodes(nodeIds))
  }

  #nodes(nodeIds: readonly string[]): StoredNode[] {
    const section = this.#section('nodes')
    if (!section) return []
    return nodeIds.flatMap((nodeId) => {
      const text = this.#store.get(section.id, storedKey(nodeId))
      return text === null ? [] : [readNode(nodeId, text, section.file)]
    })
  }

  sampleNodes(count: number): SampledNode[] {
    return this.#read(() => {
      const section = this.#section('nodes')
      const loaded = this.#loaded
      if (!section || !loaded) return []
      const row = { ...loaded.row, rows: loaded.search.rows }
      return sampleNodes(this.#store, loaded.packed, row, section.id, count)
    })
  }

  nodesOfDocument(refDocId: string): StoredNode[] {
    return this.#read(() => {
      const nodeIds = nodeIdsOfDocument(this.#store, refDocId)
      return this.#nodes(nodeIds).sort((a, b) => (a.startCharIdx ?? 0) - (b.startCharIdx ?? 0))
    })
  }

  documentHashes(refDocIds: readonly string[]): (string | null)[] {
    return this.#readRows(() => {
      const section = this.#section('node-metadata')
      return refDocIds.map((id) => (section ? hashIn(this.#store.get(section.id, storedKey(id))) : null))
    })
  }

  manifest(): ManifestEntry[] {
    return this.#readRows(() => readManifest(this.#store))
  }

  manifestPage(query: ManifestQuery): ManifestEntry[] {
    return this.#readRows(() => manifestPage(this.#store, query))
  }

  manifestLooks(query: ManifestQuery): ManifestLooks[] {
    return this.#readRows(() => manifestLooks(this.#store, query))
  }

  manifestEntries(paths: readonly string[]): ManifestEntry[] {
    return this.#readRows(() => manifestEntries(this.#store, paths))
  }

  countFiles(under: readonly string[]): number[] {
    return this.#readRows(() => under.map((path) => countManifest(this.#store, path)))
  }

  withContent(contentHashes: readonly string[]): ManifestEntry[] {
    return this.#readRows(() => manifestWithContent(this.#store, contentHashes))
  }

  copyable(refDocIds: readonly string[]): boolean[] {
    return this.#readRows(() =>
      refDocIds.map((id) => isCopyable(this.#store, id, this.#folder.vectorsElsewhere)),
    )
  }

  report(query: FileReportQuery): FileReport {
    return this.#readRows(() => readReport(this.#store, query))
  }

  unfinished(): string | null {
    return this.#readRows(() => this.#store.meta(unfinishedKey))
  }

  summary(): StorageSummary {
    return this.#read(() => summaryOf(this.#store, this.#folder))
  }

  #section(role: SectionRow['role']): SectionRow | undefined {
    return this.#store.sections().find((section) => section.role === role)
  }
}

function hashIn(text: string | null): string | null {
  return text === null ? null : (hashSchema.safeParse(parsePythonJson(text)).data ?? null)
}

/** LlamaIndexTS has it as `docHash`. */
const hashSchema = z
  .looseObject({ doc_hash: z.string().optional(), docHash: z.string().optional() })
  .transform(({ doc_hash, docHash }) => doc_hash ?? docHash)
