/**
 * One question to one storage folder or to several: each is searched with its own model, the lists are fused by rank, and
 * the nodes of the hits are read. Says how long each step took, and what was left out.
 */
import {
  searchOptionsSchema,
  type Neighbour,
  type Retrieved as RetrievedBy,
  type SearchAnswer,
  type SearchHit,
  type SearchOptions,
} from '#contract'
import { findMatches } from '#engine/retrieve/keyword/find-matches.ts'
import { fuse, reciprocalRank } from '#engine/retrieve/fusion.ts'
import { pathOf } from '#engine/retrieve/file-types.ts'
import type { ScoredNode, StorageFolder, StoredNode } from '#engine/storage/storage-folder.ts'
import { arrangeHits, type Candidate } from './arrange-hits.ts'
import {
  retrieveFromFolder,
  type QueryModels,
  type Retrieved,
  type RetrieveOptions,
  type SearchTarget,
} from './retrieve-from-folder.ts'
import { isEmpty, searchRequest, type SearchRequest } from './search-request.ts'

export interface SearchFolderOptions
  extends Partial<SearchOptions>, Partial<Omit<RetrieveOptions, 'refuses'>> {
  readonly query: string
  /** Metadata keys that the query may filter by. */
  readonly keys?: readonly string[]
}

/** @throws StackroomError `wrong-model`, `dimension-mismatch`, `consent-required`, or the signal's reason. */
export function searchFolder(
  folder: StorageFolder,
  checks: QueryModels,
  options: SearchFolderOptions,
): Promise<SearchAnswer> {
  return searchFolders([{ folder, knowledgeBaseId: null }], checks, options)
}

export async function searchFolders(
  targets: readonly SearchTarget[],
  checks: QueryModels,
  { query, keys = [], signal, keywordWaitMs, ...given }: SearchFolderOptions,
): Promise<SearchAnswer> {
  const started = performance.now()
  const options = searchOptionsSchema.parse(given)
  const request = searchRequest(query, options, keys)
  const noTime = { embedMs: 0, retrieveMs: 0, totalMs: 0, vectorMs: 0, keywordMs: 0, fuseMs: 0, hydrateMs: 0 }
  if (isEmpty(request)) return { hits: [], groups: [], mode: options.mode, notices: [], timings: noTime }
  const refuses = targets.length === 1
  const retrieved = await Promise.all(
    targets.map((target) => retrieveFromFolder(target, checks, request, { signal, keywordWaitMs, refuses })),
  )
  const fuseStarted = performance.now()
  const candidates = fuseFolders(retrieved, request)
  const { arranged, groups, hydrateMs } = await arrangeHits(candidates, options, signal)
  const hydrateStarted = performance.now()
  const cosines = await missingCosines(arranged.map(({ candidate }) => candidate))
  const hits = arranged.map(({ candidate, duplicates }) =>
    hitOf(candidate, duplicates, request, cosines.get(candidate)),
  )
  const ended = performance.now()
  const longest = (of: (each: Retrieved) => number): number => Math.max(0, ...retrieved.map(of))
  const embedMs = longest((each) => each.embedMs)
  return {
    hits,
    groups: [...groups],
    mode: modeOf(retrieved, request),
    notices: retrieved.flatMap(({ notices }) => notices),
    timings: {
      embedMs,
      retrieveMs: ended - started - embedMs,
      totalMs: ended - started,
      vectorMs: longest(({ vectorMs }) => vectorMs),
      keywordMs: longest(({ keywordMs }) => keywordMs),
      fuseMs: hydrateStarted - fuseStarted - hydrateMs,
      hydrateMs: hydrateMs + ended - hydrateStarted,
    },
  }
}

/** Best first. Scores of one model can be compared over folders, all others only by their ranks. */
function fuseFolders(retrieved: readonly Retrieved[], { mode, fusion }: SearchRequest): Candidate[] {
  const models = new Set(retrieved.map(({ model }) => model))
  const byScore = retrieved.length === 1 || (mode === 'vector' && models.size === 1)
  const candidates = retrieved.flatMap((from): Candidate[] => {
    if (from.listed)
      return from.listed.map((node) => ({ from, nodeId: node.nodeId, node, fusedScore: 0, retrieved: [] }))
    const lists = [from.vector, from.keyword].filter((list) => list !== null)
    const [only = []] = lists
    const fused =
      lists.length > 1
        ? fuse(lists, fusion)
        : only.map(({ nodeId, score }, index) => ({
            nodeId,
            score: byScore ? score : reciprocalRank(score, index + 1),
          }))
    const vector = placesOf(from.vector)
    const keyword = placesOf(from.keyword)
    return fused.map(({ nodeId, score }) => ({
      ...{ from, nodeId, node: null, fusedScore: score },
      retrieved: [
        ...retrievedBy('vector', vector.get(nodeId)),
        ...retrievedBy('keyword', keyword.get(nodeId)),
      ],
    }))
  })
  return retrieved.length === 1 ? candidates : candidates.sort((a, b) => b.fusedScore - a.fusedScore)
}

type Place = Pick<RetrievedBy, 'rank' | 'score'>

function placesOf(list: readonly ScoredNode[] | null): Map<string, Place> {
  return new Map(list?.map(({ nodeId, score }, index) => [nodeId, { rank: index + 1, score }]))
}

function retrievedBy(retriever: RetrievedBy['retriever'], place: Place | undefined): RetrievedBy[] {
  return place ? [{ retriever, ...place }] : []
}

function hitOf(
  { from, node, fusedScore, retrieved: by }: Candidate & { readonly node: StoredNode },
  duplicates: SearchHit['duplicates'],
  { terms }: SearchRequest,
  cosine: number | undefined,
): SearchHit {
  const retrieved: RetrievedBy[] =
    cosine === undefined ? [...by] : [{ retriever: 'vector', rank: null, score: cosine }, ...by]
  const found = findMatches(node.text, terms)
  const matched = [...new Set(found.map(({ term }) => term))]
  return {
    ...neighbourOf(node),
    score: retrieved[0]?.score ?? 0,
    fusedScore,
    knowledgeBaseId: from.target.knowledgeBaseId,
    persistDir: from.target.folder.persistDir,
    retrieved,
    matchedWords: matched.map((term) => terms[term]?.text ?? ''),
    matches: found.map(({ term, start, end }) => ({ word: matched.indexOf(term), start, end })),
    previousNodeId: node.previousNodeId,
    nextNodeId: node.nextNodeId,
    duplicates,
  }
}

/** How near to the query the hits are that only their words brought up. */
async function missingCosines(candidates: readonly Candidate[]): Promise<Map<Candidate, number>> {
  const cosines = new Map<Candidate, number>()
  const missing = candidates.filter(({ retrieved }) => retrieved[0]?.retriever === 'keyword')
  for (const [{ queryVector, target }, ofFolder] of Map.groupBy(missing, ({ from }) => from)) {
    if (!queryVector) continue
    const nodeIds = ofFolder.map(({ nodeId }) => nodeId)
    const scored = await target.folder.query(queryVector, nodeIds.length, { nodeIds })
    const scores = new Map(scored.map(({ nodeId, score }) => [nodeId, score]))
    for (const candidate of ofFolder) {
      const score = scores.get(candidate.nodeId)
      if (score !== undefined) cosines.set(candidate, score)
    }
  }
  return cosines
}

function modeOf(retrieved: readonly Retrieved[], request: SearchRequest): SearchAnswer['mode'] {
  if (request.text === '') return 'filter'
  const byVector = retrieved.some(({ vector }) => vector !== null)
  const byKeyword = retrieved.some(({ keyword }) => keyword !== null)
  if (byVector === byKeyword) return request.mode
  return byVector ? 'vector' : 'keyword'
}

export function neighbourOf(node: StoredNode): Neighbour {
  const { nodeId, refDocId, text, metadata } = node
  return { nodeId, refDocId, text, metadata, source: sourceOf(node) }
}

/** The path of the file that a node comes from, as SimpleDirectoryReader notes it. */
export function sourceOf({ metadata }: Pick<StoredNode, 'metadata'>): string | null {
  return pathOf(metadata)
}
