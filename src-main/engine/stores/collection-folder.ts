/**
 * A storage folder whose vectors are in another vector store. The folder has the docstore, the index store, the manifest and
 * the reports; the store has the vectors, and the nodes, too, where it keeps text. What the store holds counts: other
 * programs may work on it.
 *
 * A change is committed in the folder first, with notes of what the store has to learn (storage/store-changes.ts), then the
 * store learns it, then the notes go. However that is broken off, the notes are done (again) before the next change, and by
 * the next opening: nothing is there twice, and nothing is missing.
 */
import { join } from 'node:path'
import { StackroomError, type FolderKind, type StoreMaker, type VectorStorePlace } from '#contract'
import { LruMap } from '#engine/embed/cache/lru-map.ts'
import type { OpenedStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { readNodeDict } from '#engine/storage/read-node.ts'
import type { SampledNode } from '#engine/storage/sample-nodes.ts'
import type {
  DocumentCopy,
  QueryOptions,
  ScoredNode,
  StorageChange,
  StorageFolder,
  StorageSummary,
  StoredNode,
} from '#engine/storage/storage-folder.ts'
import type { CollectionPlace, OpenedStore } from './store-kinds.ts'
import { nodesOfDocuments, sampleOf, withDocument } from './store-records.ts'
import { CollectionKeywords, indexed } from './collection-keywords.ts'
import { StoreFacts } from './store-facts.ts'

/** Beside the folder's working store. */
const keywordFile = '.stackroom/collection-keywords.sqlite'

export interface CollectionFolderOptions {
  /** What the folder is called by everybody: its path, or the address of a collection that is a knowledge base by itself. */
  readonly persistDir: string
  /** Omitted: as the folder says. */
  readonly kind?: FolderKind | undefined
  readonly place: CollectionPlace
  readonly own: OpenedStorageFolder
  readonly opened: OpenedStore
}

/** Ids of documents or nodes that a store is asked about at once. */
const idsAtOnce = 200
/** Nodes that were found last: who searches asks for them next. */
const nodesKept = 2000
/** Samples that are the longest seen: only they tell how long texts were treated. */
const longest = 2

export class CollectionFolder implements StorageFolder {
  readonly persistDir: string
  readonly place: CollectionPlace
  readonly #kind: FolderKind | undefined
  readonly #own: OpenedStorageFolder
  readonly #opened: OpenedStore
  readonly #facts: StoreFacts
  /** Of a collection by itself: records that the folder's docstore does not have count, too. */
  readonly #keywords: CollectionKeywords
  #found = new LruMap<string, StoredNode>(nodesKept)
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ persistDir, kind, place, own, opened }: CollectionFolderOptions) {
    this.persistDir = persistDir
    this.place = place
    this.#kind = kind
    this.#own = own
    this.#opened = opened
    this.#facts = new StoreFacts(opened)
    this.#keywords = new CollectionKeywords({
      path: join(own.persistDir, keywordFile),
      records: async () => (await this.#facts.read()).records,
      page: (offset, limit, signal) => this.#page(offset, limit, signal),
    })
  }

  get ingestion(): StorageFolder['ingestion'] {
    return this.#own.ingestion
  }

  /** Of the folder's docstore, which has the nodes that were indexed into it; of a collection by itself nobody keeps the text. */
  get keywords(): StorageFolder['keywords'] {
    return this.#kind === undefined ? this.#own.keywords : this.#keywords
  }

  /** Vectors of another kind go into another collection. */
  get replacement(): StorageFolder['replacement'] {
    const refuse = (): Promise<never> =>
      Promise.reject(
        new StackroomError(
          'unsupported-format',
          'The vectors of a collection in another store cannot be replaced in place.',
          { hint: 'Index the documents into a new collection with the other model.' },
        ),
      )
    return {
      begin: refuse,
      texts: refuse,
      add: refuse,
      finish: refuse,
      oldVectors: () => Promise.resolve(null),
      discardOld: refuse,
      restoreOld: refuse,
    }
  }

  async summary(): Promise<StorageSummary> {
    const [own, { records, dimensions }] = await Promise.all([this.#own.summary(), this.#facts.read()])
    const { place } = this
    const documents = own.nodes === records ? own.documents : await this.#facts.documents(records)
    const { embeddingFunction, maker } = this.#opened.facts
    return {
      ...own,
      kind: this.#kind ?? own.kind,
      // What is kept beside a collection is nothing that a user looks after.
      ...(this.#kind && { files: [], persisted: own.nodes === 0 || own.persisted }),
      documents: documents ?? own.documents,
      nodes: records,
      vectors: records,
      dimensions,
      store: place.kind,
      collection: {
        place: shapeOf(place),
        maker: maker === 'empty' && records > 0 ? this.#maker : maker,
        embeddingFunction,
      },
      vectorStores: [{ namespace: place.collection, vectors: records, dimensions }],
      warnings: [...own.warnings, ...warningsAbout(records, own.nodes, place)],
    }
  }

  fileState(): ReturnType<StorageFolder['fileState']> {
    return this.#own.fileState()
  }

  async query(vector: Float32Array, topK: number, options: QueryOptions = {}): Promise<ScoredNode[]> {
    const { signal, nodeIds, filters } = options
    const hits = await this.#opened.store.query({ vector, topK, nodeIds, filters }, { signal })
    for (const { nodeId, node } of hits) if (node) this.#found.set(nodeId, this.#asKnown(node))
    return hits.map(({ nodeId, score }) => ({ nodeId, score }))
  }

  async entries(
    ...[query, options = {}]: Parameters<StorageFolder['entries']>
  ): ReturnType<StorageFolder['entries']> {
    const entries = await this.#opened.store.get(query, options)
    return entries.map(({ nodeId, node, vector }) => ({
      nodeId,
      node: node && this.#asKnown(node),
      vector,
    }))
  }

  async nodes(nodeIds: readonly string[]): Promise<StoredNode[]> {
    const known = new Map<string, StoredNode>()
    for (const node of await this.#own.nodes(nodeIds)) known.set(node.nodeId, node)
    for (const id of nodeIds) {
      const found = this.#found.get(id)
      if (found && (this.#maker === 'llamaindex' || !known.has(id))) known.set(id, found)
    }
    const missing = nodeIds.filter((id) => !known.has(id))
    for (let start = 0; start < missing.length; start += idsAtOnce) {
      const entries = await this.#opened.store.get({ nodeIds: missing.slice(start, start + idsAtOnce) })
      for (const { nodeId, node } of entries) if (node) known.set(nodeId, this.#asKnown(node))
    }
    return nodeIds.flatMap((id) => known.get(id) ?? [])
  }

  async nodesOfDocument(refDocId: string): Promise<StoredNode[]> {
    const own = await this.#own.nodesOfDocument(refDocId)
    const nodes = new Map(own.map((node) => [node.nodeId, node]))
    const entries = await this.#opened.store.get(nodesOfDocuments([refDocId], this.#maker))
    for (const { nodeId, node } of entries)
      if (node) nodes.set(nodeId, nodes.get(nodeId) ?? this.#asKnown(node))
    return [...nodes.values()].sort((a, b) => (a.startCharIdx ?? 0) - (b.startCharIdx ?? 0))
  }

  async sampleNodes(count: number): Promise<SampledNode[]> {
    const { records } = await this.#facts.read()
    const { store } = this.#opened
    // A few in a row, from places that are spread over all: the same ones as long as nothing changes.
    const places = Math.min(count, Math.max(1, Math.ceil(records / 4)))
    const samples: SampledNode[] = []
    const others: SampledNode[] = []
    for (let place = 0; place < places; place++) {
      const offset = Math.floor((place * records) / places)
      const entries = await store.get({ offset, limit: 4, vectors: true, contents: true })
      const paths = entries.flatMap(({ node }) => pathOf(node) ?? [])
      const manifest = paths.length === 0 ? [] : await this.#own.ingestion.manifestEntries(paths)
      const embedded = new Map(manifest.map(({ path, embeddedPath }) => [path, embeddedPath ?? null]))
      const sampled = entries.flatMap(
        (entry) => sampleOf(entry, this.#maker, (path) => embedded.get(path) ?? null) ?? [],
      )
      const [first, ...rest] = sampled.toSorted((a, b) => Number(isBlank(a)) - Number(isBlank(b)))
      if (first) samples.push(first)
      others.push(...rest)
    }
    const spread = samples.splice(0, Math.max(1, count - longest))
    const rest = [...samples, ...others].sort((a, b) => b.embedText.length - a.embedText.length)
    return [...spread, ...rest].toSorted((a, b) => Number(isBlank(a)) - Number(isBlank(b))).slice(0, count)
  }

  documentHashes(refDocIds: readonly string[]): Promise<(string | null)[]> {
    return this.#own.documentHashes(refDocIds)
  }

  change(change: StorageChange, options: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#inTurn(async () => {
      await this.#tellStore(options.signal)
      await this.#requireFitting(change)
      const foreign = await this.#foreignNodesOf(change, options.signal)
      const copy = await this.#withVectors(change.copy ?? [], options.signal)
      await this.#own.change(
        {
          ...change,
          copy,
          ...(foreign.length > 0 && { deleteNodes: [...(change.deleteNodes ?? []), ...foreign] }),
        },
        options,
      )
      // What is committed is not taken back: it is brought to the store whoever cancels meanwhile.
      await this.#tellStore()
    })
  }

  manifest(): ReturnType<StorageFolder['manifest']> {
    return this.#own.manifest()
  }

  writeSettings(...[settings]: Parameters<StorageFolder['writeSettings']>): Promise<void> {
    return this.#own.writeSettings(settings)
  }

  persist(options: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#inTurn(async () => {
      await this.#tellStore(options.signal)
      await this.#own.persist(options)
    })
  }

  resolveConflict(
    ...parameters: Parameters<StorageFolder['resolveConflict']>
  ): ReturnType<StorageFolder['resolveConflict']> {
    return this.#own.resolveConflict(...parameters)
  }

  /** Brings the store what was committed before a crash. Throws what keeps the store from it. */
  bringUpToDate(signal?: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#tellStore(signal))
  }

  /** Nothing came of it: a collection that was made for it goes. */
  async discardCollection(): Promise<void> {
    if (this.#opened.isNew) await this.#opened.discard().catch(() => undefined)
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => undefined)
    try {
      await this.#keywords.close()
      await this.#own.close()
    } finally {
      await this.#opened.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** What there is nothing of yet is made as LlamaIndex makes it. */
  get #maker(): StoreMaker {
    const { maker } = this.#opened.facts
    return maker === 'empty' ? 'llamaindex' : maker
  }

  #asKnown(node: StoredNode): StoredNode {
    return this.#maker === 'llamaindex' ? node : withDocument(node, this.#maker)
  }

  async #tellStore(signal?: AbortSignal): Promise<void> {
    const pending = await this.#own.storeChanges.pending()
    if (!pending) return
    const { store } = this.#opened
    const { refDocIds, deletedNodeIds, nodes, last } = pending
    const { records } = await this.#facts.read()
    if (this.#maker === 'llamaindex')
      for (let start = 0; start < refDocIds.length; start += idsAtOnce)
        await store.deleteNodes(nodesOfDocuments(refDocIds.slice(start, start + idsAtOnce), 'llamaindex'), {
          signal,
        })
    for (let start = 0; start < deletedNodeIds.length; start += idsAtOnce)
      await store.deleteNodes({ nodeIds: deletedNodeIds.slice(start, start + idsAtOnce) }, { signal })
    if (nodes.length > 0) await store.add(nodes, { signal })
    await this.#own.storeChanges.settle(last)
    this.#found = new LruMap(nodesKept)
    this.#facts.forget()
    await this.#keywords.follow(
      {
        removedKeys: deletedNodeIds,
        removedRefDocIds: refDocIds,
        nodes: nodes.flatMap(({ node }) => {
          const known = readNodeDict(node.id_, node)
          return known ? [indexed(known)] : []
        }),
      },
      records,
    )
  }

  async #page(offset: number, limit: number, signal: AbortSignal): Promise<StoredNode[]> {
    const entries = await this.#opened.store.get({ offset, limit }, { signal })
    const withoutText = entries.flatMap(({ nodeId, node }) => (node && node.text !== '' ? [] : [nodeId]))
    const own = withoutText.length === 0 ? [] : await this.#own.nodes(withoutText)
    const known = new Map(own.map((node) => [node.nodeId, node]))
    return entries.flatMap(({ nodeId, node }) => known.get(nodeId) ?? (node ? this.#asKnown(node) : []))
  }

  /** Throws what the store would throw after the change is committed. */
  async #requireFitting({ insert = [], insertPacked = [] }: StorageChange): Promise<void> {
    const vectors = [...insert, ...insertPacked].flatMap((document) => document.vectors)
    if (vectors.length === 0) return
    const expected = (await this.#facts.read()).dimensions ?? vectors[0]?.length
    for (const vector of vectors) {
      if (vector.length !== expected)
        throw new StackroomError(
          'dimension-mismatch',
          `The vectors have ${vector.length} dimensions, those of the collection ${this.place.collection} have ${expected}.`,
          { hint: 'Use the embed model that the collection was built with, or another collection.' },
        )
      if (!vector.every(Number.isFinite) || vector.every((value) => value === 0))
        throw new StackroomError('invalid-vector', 'A vector is zero or not made of numbers.')
    }
  }

  /** Nodes that only the store knows, of documents that are to go: those of other programs have no ref doc id to go by. */
  async #foreignNodesOf(
    { deleteRefDocIds = [], deleteFromIndexOnly = [], insertPacked = [] }: StorageChange,
    signal?: AbortSignal,
  ): Promise<string[]> {
    // A record that is a document by itself is nobody's file.
    if (this.#maker === 'llamaindex' || (this.#maker === 'plain' && insertPacked.length > 0)) return []
    const ids = [...deleteRefDocIds, ...deleteFromIndexOnly]
    const nodeIds: string[] = []
    for (let start = 0; start < ids.length; start += idsAtOnce) {
      const selection = nodesOfDocuments(ids.slice(start, start + idsAtOnce), this.#maker)
      for (const { nodeId } of await this.#opened.store.get(selection, { signal })) nodeIds.push(nodeId)
    }
    return nodeIds
  }

  async #withVectors(copies: readonly DocumentCopy[], signal?: AbortSignal): Promise<DocumentCopy[]> {
    const result: DocumentCopy[] = []
    for (const copy of copies) {
      const nodeIds = (await this.#own.nodesOfDocument(copy.from)).map(({ nodeId }) => nodeId)
      const entries = await this.#opened.store.get({ nodeIds, vectors: true }, { signal })
      const vectors = new Map(entries.flatMap(({ nodeId, vector }) => (vector ? [[nodeId, vector]] : [])))
      result.push({ ...copy, vectors })
    }
    return result
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = this.#turn.catch(() => undefined).then(work)
    this.#turn = turn
    return turn
  }
}

function shapeOf(place: CollectionPlace): VectorStorePlace {
  const { kind, address, collection, tenant, database, location } = place
  return { kind, address, collection, tenant, database, location }
}

function pathOf(node: StoredNode | null): string | null {
  const path = node?.metadata['file_path']
  return typeof path === 'string' ? path : null
}

function isBlank({ plainText }: SampledNode): boolean {
  return plainText.trim() === ''
}

function warningsAbout(records: number, ownNodes: number, { collection }: CollectionPlace): string[] {
  const missing = ownNodes - records
  if (missing <= 0) return []
  return [
    `${missing} of ${ownNodes} nodes are not in the collection ${collection} any more: another program removed them.`,
  ]
}
