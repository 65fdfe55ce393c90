/** Search in a listed knowledge base, and the source of a hit. */
import { setTimeout as pause } from 'node:timers/promises'
import {
  searchQuerySchema,
  StackroomError,
  type CommandContext,
  type CommandInput,
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
import { nodeSource } from './node-source.ts'
import { neighbourOf, searchFolders } from './search-folder.ts'
import { SearchKeys } from './search-keys.ts'

/** What opening a knowledge base itself takes comes first. */
const untilPreparedMs = 1000

export class Search {
  readonly #library: Library
  readonly #checks: ModelChecks
  readonly #keys = new SearchKeys()

  constructor(library: Library, checks: ModelChecks) {
    this.#library = library
    this.#checks = checks
  }

  async query(input: CommandInput<'search.query'>, { signal }: CommandContext): Promise<SearchAnswer> {
    const { knowledgeBaseId: first, alsoIn, query, ...options } = searchQuerySchema.parse(input)
    const targets = await Promise.all(
      [...new Set([first, ...alsoIn])].map(async (knowledgeBaseId) => ({
        knowledgeBaseId,
        folder: await this.#library.folderOf(knowledgeBaseId),
      })),
    )
    const keys = await this.#keys.namedIn(
      query,
      targets.map(({ folder }) => folder),
    )
    return searchFolders(targets, this.#checks, { ...options, query, keys, signal })
  }

  /** Begins to index the words of a knowledge base, so that the first search is quick. Nobody waits for it. */
  prepare(knowledgeBaseId: string): void {
    pause(untilPreparedMs, undefined, { ref: false })
      .then(() => this.#library.folderOf(knowledgeBaseId))
      .then((folder) => folder.keywords?.prepare({ inBackground: true }))
      // Whoever searches is told.
      .catch(() => undefined)
  }

  async node({ knowledgeBaseId, nodeId }: ParsedInput<'search.neighbours'>): Promise<StoredNode> {
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

  async keys({ knowledgeBaseId }: ParsedInput<'search.keys'>): Promise<SearchKey[]> {
    return this.#keys.of(await this.#library.folderOf(knowledgeBaseId))
  }

  async source(
    { whole = false, ...input }: ParsedInput<'search.source'>,
    { signal }: CommandContext,
  ): Promise<NodeSource> {
    const node = await this.node(input)
    return nodeSource(await this.#library.folderOf(input.knowledgeBaseId), node, { whole, signal })
  }
}
