/**
 * A folder's own vector store (`default__vector_store.json`) behind the interface of all vector stores: LlamaIndex's
 * SimpleVectorStore in its storage context. As it keeps no text, the docstore beside it has the nodes: they come and go with
 * the index, `delete` and `deleteNodes` take their vectors only.
 */
import { StackroomError } from '#contract'
import type { DocumentWithVectors, StorageFolder } from '#engine/storage/storage-folder.ts'
import { nodeHash } from '#engine/schema/hash.ts'
import type { TextNode } from '#engine/schema/node.ts'
import { readNodeFacts } from '#engine/storage/verify/node-facts.ts'
import { getContent } from '#engine/schema/metadata-mode.ts'
import { checkDeletion, checkQuery, checkVectors } from '../check-calls.ts'
import { refDocIdOf } from '../metadata-dict.ts'
import { filterOperators } from '../metadata-filters.ts'
import type {
  GetRequest,
  NodeSelection,
  NodeWithVector,
  StoreCallOptions,
  StoreEntry,
  VectorMetric,
  VectorStore,
  VectorStoreCapabilities,
  VectorStoreHit,
  VectorStoreQuery,
} from '../vector-store.ts'

export class SimpleVectorStore implements VectorStore {
  readonly kind = 'simple'
  readonly metric: VectorMetric = 'cosine'
  readonly capabilities: VectorStoreCapabilities = {
    queryModes: ['default'],
    nativeOperators: filterOperators,
    storesText: false,
    approximate: false,
    shared: false,
  }
  readonly #folder: StorageFolder

  /** The folder is closed by whoever opened it. */
  constructor(folder: StorageFolder) {
    this.#folder = folder
  }

  async add(nodes: readonly NodeWithVector[], { signal }: StoreCallOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    checkVectors(nodes, await this.dimensions({ signal }))
    const unique = [...new Map(nodes.map((item) => [item.node.id_, item])).values()]
    const deleteNodes = unique.map(({ node }) => node.id_)
    await this.#folder.change({ deleteNodes, insert: byDocument(unique) }, { ...(signal && { signal }) })
  }

  async delete(refDocId: string, { signal }: StoreCallOptions = {}): Promise<void> {
    await this.#folder.change({ deleteFromIndexOnly: [refDocId] }, { ...(signal && { signal }) })
  }

  async deleteNodes(selection: NodeSelection, { signal }: StoreCallOptions = {}): Promise<void> {
    const { nodeIds, filters } = selection
    checkDeletion(selection)
    const entries = await this.#folder.entries({ nodeIds, filters }, { signal })
    const deleteVectors = entries.map(({ nodeId }) => nodeId)
    await this.#folder.change({ deleteVectors }, { ...(signal && { signal }) })
  }

  get(request: GetRequest, { signal }: StoreCallOptions = {}): Promise<StoreEntry[]> {
    return this.#folder.entries(request, { signal })
  }

  async query(query: VectorStoreQuery, { signal }: StoreCallOptions = {}): Promise<VectorStoreHit[]> {
    const { vector, topK, mode = 'default', nodeIds, filters } = query
    if (!this.capabilities.queryModes.includes(mode))
      throw new StackroomError('invalid-input', `This index has no queries of the mode ${mode}.`)
    checkQuery(query, null)
    const hits = await this.#folder.query(vector, topK, { nodeIds, filters, signal })
    return hits.map(({ nodeId, score }) => ({ nodeId, score, node: null }))
  }

  async count(_: StoreCallOptions = {}): Promise<number> {
    return (await this.#folder.summary()).vectors
  }

  async dimensions(_: StoreCallOptions = {}): Promise<number | null> {
    return (await this.#folder.summary()).dimensions
  }

  async listNamespaces(_: StoreCallOptions = {}): Promise<string[]> {
    return (await this.#folder.summary()).vectorStores.map(({ namespace }) => namespace)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** As Python counts it: 1.0 is not 1, which only the text tells. */
function hashOf(node: TextNode, content: string | undefined): string {
  const facts =
    content === undefined ? null : readNodeFacts(Buffer.from(`{"__data__": ${content}, "__type__": "1"}`))
  return facts?.hashes[0] ?? nodeHash(node.text, node.metadata)
}

/** As the docstore groups them. */
function byDocument(nodes: readonly NodeWithVector[]): DocumentWithVectors[] {
  const groups = Map.groupBy(nodes, ({ node }) => refDocIdOf(node))
  return [...groups].map(([refDocId, items]) => {
    if (refDocId === null)
      throw new StackroomError(
        'invalid-input',
        'A node without a document cannot be kept in a storage folder.',
        {
          hint: 'Give it a source relationship.',
        },
      )
    const first = items[0]?.node
    return {
      document: {
        id: refDocId,
        text: '',
        metadata: first?.metadata ?? {},
        excludedEmbedMetadataKeys: first?.excluded_embed_metadata_keys ?? [],
        excludedLlmMetadataKeys: first?.excluded_llm_metadata_keys ?? [],
        hash: first?.relationships['1']?.hash ?? '',
      },
      nodes: items.map(({ node, content }) => ({
        node,
        hash: hashOf(node, content),
        embedText: getContent(node, 'embed'),
        content,
      })),
      vectors: items.map(({ vector }) => vector),
    }
  })
}
