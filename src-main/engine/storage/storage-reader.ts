/**
 * Answers searches and reads of one folder, in a thread and on a connection of its own: it waits for no write and for no
 * persist, and sees what is committed.
 */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { VectorSearch } from '#engine/retrieve/vector-search.ts'
import { layoutOf } from './folder-layout.ts'
import { readManifest } from './source-manifest.ts'
import { workingFile } from './import-folder.ts'
import { storeFilesIn } from './llamaindex/store-files.ts'
import { settingsOfReplacement } from './old-vectors.ts'
import { PackedVectors, packedEnding } from './packed-vectors.ts'
import { quantisedEnding, readQuantised, writeQuantised } from './quantised-file.ts'
import { readNode, readRefDocInfo } from './read-node.ts'
import { sampleNodes, type SampledNode } from './sample-nodes.ts'
import { readSettings, settingsFile } from './stackroom-settings-file.ts'
import type { ManifestEntry, ScoredNode, StorageSummary, StoredNode } from './storage-folder.ts'
import type { OpenedFolder } from './storage-writer.ts'
import { WorkingStore, type VectorStoreRow } from './working-store.ts'

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
  readonly #store: WorkingStore
  #version: unknown
  #loaded: LoadedVectors | null = null
  #keeping: Promise<void> = Promise.resolve()

  constructor(folder: OpenedFolder) {
    this.#folder = folder
    this.#store = new WorkingStore(join(folder.workingFolder, workingFile), 'read')
    this.#refresh()
    this.#keep()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#keep()
    await this.#keeping
    this.#loaded?.packed[Symbol.dispose]()
    this.#store[Symbol.dispose]()
  }

  /** Takes in what was committed since the last call. */
  #refresh(): void {
    const version = this.#store.database.pragma('data_version', { simple: true })
    if (version === this.#version) return
    this.#store.forgetSections()
    this.#store.database.transaction(() => {
      const { vectorStore } = layoutOf(this.#store)
      if (vectorStore?.packed !== this.#loaded?.row.packed) this.#load(vectorStore)
      const loaded = this.#loaded
      if (!loaded || !vectorStore) return
      loaded.search.add(vectorStore.rows)
      const masked = this.#store
        .statement('SELECT id, row FROM masked WHERE store = ? AND id > ? ORDER BY id')
        .all(vectorStore.id, loaded.lastMask) as { id: number; row: number }[]
      for (const { id, row } of masked) {
        loaded.search.mask(row)
        loaded.lastMask = id
      }
    })()
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

  query({ vector, topK }: { vector: Float32Array; topK: number }): ScoredNode[] {
    this.#refresh()
    const loaded = this.#loaded
    if (!loaded) return []
    const nodeId = this.#store.statement('SELECT node_id FROM vectors WHERE store = ? AND row = ?').pluck()
    return loaded.search
      .search(vector, topK)
      .map(({ row, score }) => ({ nodeId: String(nodeId.get(loaded.row.id, row)), score }))
  }

  nodes(nodeIds: readonly string[]): StoredNode[] {
    const section = this.#sectionOf('nodes')
    if (section === undefined) return []
    return nodeIds.flatMap((nodeId) => {
      const text = this.#store.get(section, nodeId)
      return text === null ? [] : [readNode(nodeId, text)]
    })
  }

  sampleNodes(count: number): SampledNode[] {
    const section = this.#sectionOf('nodes')
    const loaded = this.#loaded
    if (section === undefined || !loaded) return []
    const row = { ...loaded.row, rows: loaded.search.rows }
    return sampleNodes(this.#store, loaded.packed, row, section, count)
  }

  nodesOfDocument(refDocId: string): StoredNode[] {
    const section = this.#sectionOf('ref-doc-info')
    if (section === undefined) return []
    const { nodeIds } = readRefDocInfo(this.#store.get(section, refDocId))
    return this.nodes(nodeIds).sort((a, b) => (a.startCharIdx ?? 0) - (b.startCharIdx ?? 0))
  }

  documentHashes(refDocIds: readonly string[]): (string | null)[] {
    const section = this.#sectionOf('node-metadata')
    return refDocIds.map((id) => (section === undefined ? null : hashIn(this.#store.get(section, id))))
  }

  manifest(): ManifestEntry[] {
    return readManifest(this.#store)
  }

  #sectionOf(role: 'nodes' | 'ref-doc-info' | 'node-metadata'): number | undefined {
    this.#refresh()
    return this.#store.sections().find((section) => section.role === role)?.id
  }

  summary(): StorageSummary {
    const { persistDir, kind, readOnly } = this.#folder
    const store = this.#store
    const nodes = store.count(this.#sectionOf('nodes'))
    const layout = layoutOf(store)
    const rows = layout.vectorStore
    const masked = rows ? store.number('SELECT count(DISTINCT row) FROM masked WHERE store = ?', rows.id) : 0
    const vectors = rows ? rows.rows - masked : 0
    const indexes = store.statement('SELECT key AS id, type FROM index_structs').all() as {
      id: string
      type: string
    }[]
    return {
      kind,
      documents: store.count(this.#sectionOf('ref-doc-info')),
      nodes,
      vectors,
      dimensions: rows?.dimensions ?? null,
      store: nodes > 0 && vectors === 0 ? 'external' : 'simple',
      readOnly: readOnly !== null || layout.flavour === 'typescript',
      persisted: store.isPersisted,
      settings: settingsOfReplacement(store) ?? (existsSync(persistDir) ? readSettings(persistDir) : null),
      files: this.#files(),
      indexes,
      warnings: this.#warnings({ nodes, vectors, indexes, isTypescript: layout.flavour === 'typescript' }),
    }
  }

  #files(): StorageSummary['files'] {
    const { persistDir } = this.#folder
    const present = existsSync(persistDir) ? storeFilesIn(persistDir).map(({ name }) => name) : []
    const known = this.#store.statement('SELECT name FROM files').pluck().all() as string[]
    const missing = known.filter((name) => !present.includes(name))
    return [...present, ...missing, settingsFile].flatMap((name): StorageSummary['files'][number][] => {
      const stats = statSync(join(persistDir, name), { throwIfNoEntry: false })
      if (stats) return [{ name, bytes: stats.size, state: 'ok' }]
      return name === settingsFile ? [] : [{ name, bytes: 0, state: 'missing' }]
    })
  }

  #warnings(facts: {
    nodes: number
    vectors: number
    indexes: StorageSummary['indexes']
    isTypescript: boolean
  }): string[] {
    const { nodes, vectors, indexes, isTypescript } = facts
    const warnings: string[] = []
    const { readOnly } = this.#folder
    if (readOnly) warnings.push(readOnly.message)
    if (isTypescript) warnings.push('LlamaIndexTS wrote this folder: it can be searched, but not changed.')
    if (nodes > 0 && vectors === 0)
      warnings.push(
        'The folder has no vectors: they are in another vector store, or default__vector_store.json is missing.',
      )
    else if (vectors < nodes)
      warnings.push(`${nodes - vectors} of ${nodes} nodes have no vector that can be searched.`)
    const others = indexes.filter(({ type }) =>
      ['tree', 'keyword_table', 'kg', 'document_summary'].includes(type),
    )
    if (others.length > 0)
      warnings.push(
        `The folder also has indexes that Stackroom keeps but does not search: ${others.map(({ type }) => type).join(', ')}.`,
      )
    return warnings
  }
}

function hashIn(text: string | null): string | null {
  return /"doc_?[hH]ash": ?"([^"\\]*)"/.exec(text ?? '')?.[1] ?? null
}
