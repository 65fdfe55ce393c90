/** One question to one storage folder: embed it, take the best nodes, say how long each step took. */
import type { Neighbour, SearchAnswer, SearchHit, SearchTimings } from '#contract'
import type { ScoredNode, StorageFolder, StorageSummary, StoredNode } from '#engine/storage/storage-folder.ts'
import type { ModelChecks } from './model-checks.ts'

export interface SearchFolderOptions {
  readonly query: string
  /** similarity_top_k */
  readonly topK: number
  readonly signal?: AbortSignal | undefined
}

/** @throws StackroomError `wrong-model`, `dimension-mismatch`, or the signal's reason. */
export async function searchFolder(
  folder: StorageFolder,
  checks: ModelChecks,
  { query, topK, signal }: SearchFolderOptions,
): Promise<SearchAnswer> {
  const started = performance.now()
  if (query.trim() === '') return nothingFound
  let summary = await folder.summary()
  let embedStarted: number
  let retrieveStarted: number
  let scored: ScoredNode[]
  for (;;) {
    if (summary.dimensions === null) return nothingFound
    const { model } = await checks.modelFor(folder, summary, 'search', signal)
    signal?.throwIfAborted()
    embedStarted = performance.now()
    const vector = await model.embedQuery(query, { signal })
    retrieveStarted = performance.now()
    const answer = await Promise.allSettled([folder.query(vector, topK, signal ? { signal } : {})])
    signal?.throwIfAborted()
    // embedded again meanwhile: the vectors of now are another model's than the query's
    const now = await folder.summary()
    if (modelOf(now) !== modelOf(summary)) {
      summary = now
      continue
    }
    if (answer[0].status === 'rejected') throw answer[0].reason
    scored = answer[0].value
    break
  }
  const hydrateStarted = performance.now()
  const nodes = new Map(
    (await folder.nodes(scored.map(({ nodeId }) => nodeId))).map((node) => [node.nodeId, node]),
  )
  const hits = scored.flatMap(({ nodeId, score }, index): SearchHit[] => {
    const node = nodes.get(nodeId)
    if (!node) return []
    return [
      {
        ...neighbourOf(node),
        ...{ score, fusedScore: score, knowledgeBaseId: null, persistDir: folder.persistDir },
        retrieved: [{ retriever: 'vector', rank: index + 1, score }],
        ...{ matchedWords: [], matches: [], duplicates: [] },
        previousNodeId: node.previousNodeId,
        nextNodeId: node.nextNodeId,
      },
    ]
  })
  const ended = performance.now()
  const timings: SearchTimings = {
    embedMs: retrieveStarted - embedStarted,
    retrieveMs: ended - retrieveStarted,
    totalMs: ended - started,
    vectorMs: hydrateStarted - retrieveStarted,
    keywordMs: 0,
    fuseMs: 0,
    hydrateMs: ended - hydrateStarted,
  }
  return { hits, groups: [], mode: 'vector', notices: [], timings }
}

const noTime = { embedMs: 0, retrieveMs: 0, totalMs: 0, vectorMs: 0, keywordMs: 0, fuseMs: 0, hydrateMs: 0 }
const nothingFound: SearchAnswer = { hits: [], groups: [], mode: 'vector', notices: [], timings: noTime }

export function neighbourOf(node: StoredNode): Neighbour {
  const { nodeId, refDocId, text, metadata } = node
  return { nodeId, refDocId, text, metadata, source: sourceOf(node) }
}

function modelOf({ dimensions, settings }: StorageSummary): string {
  return JSON.stringify([dimensions, settings?.embedModel ?? null])
}

/** The path of the file that a node comes from, as SimpleDirectoryReader notes it. */
export function sourceOf({ metadata }: Pick<StoredNode, 'metadata'>): string | null {
  const path = metadata['file_path']
  return typeof path === 'string' && path !== '' ? path : null
}
