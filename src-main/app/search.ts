/** Search in a listed knowledge base, and the source of a hit. */
import { stat } from 'node:fs/promises'
import {
  StackroomError,
  type CommandContext,
  type CommandOutput,
  type Neighbour,
  type NodeSource,
  type ParsedInput,
  type SearchAnswer,
  type SearchKey,
} from '#contract'
import type { StoredNode } from '#engine/storage/storage-folder.ts'
import type { Library } from './library.ts'
import type { ModelChecks } from './model-checks.ts'
import { neighbourOf, searchFolder, sourceOf } from './search-folder.ts'
import { sourceText } from './source-text.ts'

export class Search {
  readonly #library: Library
  readonly #checks: ModelChecks

  constructor(library: Library, checks: ModelChecks) {
    this.#library = library
    this.#checks = checks
  }

  async query(input: ParsedInput<'search.query'>, { signal }: CommandContext): Promise<SearchAnswer> {
    const folder = await this.#library.folderOf(input.knowledgeBaseId)
    return searchFolder(folder, this.#checks, { query: input.query, topK: input.topK, signal })
  }

  async node({ knowledgeBaseId, nodeId }: ParsedInput<'search.source'>): Promise<StoredNode> {
    const folder = await this.#library.folderOf(knowledgeBaseId)
    const [node] = await folder.nodes([nodeId])
    if (node) return node
    throw new StackroomError('not-found', 'This passage is not in the index any more.', {
      hint: 'Search again.',
    })
  }

  /** As the nodes are linked; a node without links has those beside it in its document. */
  async neighbours(input: ParsedInput<'search.neighbours'>): Promise<CommandOutput<'search.neighbours'>> {
    const node = await this.node(input)
    const folder = await this.#library.folderOf(input.knowledgeBaseId)
    const siblings = node.refDocId === null ? [] : await folder.nodesOfDocument(node.refDocId)
    const at = siblings.findIndex(({ nodeId }) => nodeId === node.nodeId)
    const find = async (linked: string | null, beside: StoredNode | undefined): Promise<Neighbour | null> => {
      const [found = beside] = linked === null ? [] : await folder.nodes([linked])
      return found ? neighbourOf(found) : null
    }
    return {
      previous: await find(node.previousNodeId, at < 0 ? undefined : siblings[at - 1]),
      next: await find(node.nextNodeId, at < 0 ? undefined : siblings[at + 1]),
    }
  }

  async keys(_: ParsedInput<'search.keys'>): Promise<SearchKey[]> {
    return Promise.resolve([])
  }

  async source(input: ParsedInput<'search.source'>): Promise<NodeSource> {
    const node = await this.node(input)
    const folder = await this.#library.folderOf(input.knowledgeBaseId)
    const siblings = node.refDocId === null ? [node] : await folder.nodesOfDocument(node.refDocId)
    const path = sourceOf(node)
    const pageLabel = node.metadata['page_label']
    return {
      nodeId: node.nodeId,
      path,
      fileExists: path !== null && (await isFile(path)),
      pageLabel: typeof pageLabel === 'string' ? pageLabel : null,
      metadata: node.metadata,
      ...sourceText(siblings, node),
    }
  }
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  )
}
