/** Search in a listed knowledge base, and the source of a hit. */
import { stat } from 'node:fs/promises'
import {
  StackroomError,
  type CommandContext,
  type NodeSource,
  type ParsedInput,
  type SearchAnswer,
} from '#contract'
import type { StoredNode } from '#engine/storage/storage-folder.ts'
import type { Library } from './library.ts'
import type { ModelChecks } from './model-checks.ts'
import { searchFolder, sourceOf } from './search-folder.ts'
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
