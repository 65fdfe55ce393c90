/** One question to one folder: by meaning, by words, or both side by side, and what had to be left out. */
import { isCancelled, StackroomError, toErrorShape, type ErrorCode, type SearchNotice } from '#contract'
import type { ScoredNode, StorageFolder, StorageSummary, StoredNode } from '#engine/storage/storage-folder.ts'
import type { ModelChecks } from './model-checks.ts'
import type { SearchRequest } from './search-request.ts'

export interface SearchTarget {
  readonly folder: StorageFolder
  /** Null: it is on no list. */
  readonly knowledgeBaseId: string | null
}

export interface RetrieveOptions {
  readonly signal?: AbortSignal | undefined
  /** How long a hybrid search waits for a keyword index that is not in step; omitted: by how large it will be. */
  readonly keywordWaitMs?: number | undefined
  /** Whether a wrong model is refused, or only left out: other folders may answer. */
  readonly refuses: boolean
}

export interface Retrieved {
  readonly target: SearchTarget
  /** Null: not searched so. */
  readonly vector: readonly ScoredNode[] | null
  readonly keyword: readonly ScoredNode[] | null
  /** Nodes that match the filters, where nothing else was asked. */
  readonly listed: readonly StoredNode[] | null
  readonly queryVector: Float32Array | null
  /** Names the model; null: none was used. */
  readonly model: string | null
  readonly notices: readonly SearchNotice[]
  readonly embedMs: number
  readonly vectorMs: number
  readonly keywordMs: number
}

/** Finds the model that a folder is searched with. */
export type QueryModels = Pick<ModelChecks, 'modelFor'>

type Reason = Pick<SearchNotice, 'reason' | 'without' | 'message'> &
  Partial<Pick<SearchNotice, 'error' | 'progress'>>

/** Deeper than this nobody looks for what fits a phrase, an exclusion or a type. */
const deepest = 20_000
/** What a search can go on without: not the wrong model, and not what waits for the user's word. */
const failures: readonly ErrorCode[] = [
  ...(['no-such-model', 'model-unavailable', 'no-key', 'wrong-key', 'no-quota', 'rate-limited'] as const),
  ...(['server-down', 'server-error', 'bad-answer', 'time-limit', 'text-too-long'] as const),
]

export async function retrieveFromFolder(
  target: SearchTarget,
  checks: QueryModels,
  request: SearchRequest,
  options: RetrieveOptions,
): Promise<Retrieved> {
  const notices: SearchNotice[] = []
  const leaveOut = (reason: Reason): null => {
    const { knowledgeBaseId, folder } = target
    notices.push({
      ...{ knowledgeBaseId, persistDir: folder.persistDir, error: null, progress: null },
      ...reason,
    })
    return null
  }
  const base = { target, notices, queryVector: null, model: null, embedMs: 0, vectorMs: 0, keywordMs: 0 }
  if (request.text === '') {
    const started = performance.now()
    const listed = await listNodes(target.folder, request, options.signal)
    return { ...base, vector: null, keyword: null, listed, vectorMs: performance.now() - started }
  }
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const work = { target, request, options: { ...options, signal }, leaveOut }
  const byVector = request.mode === 'keyword' ? null : retrieveByVector(work, checks)
  const byKeyword = request.mode === 'vector' ? null : retrieveByKeyword(work)
  // What cannot be answered by one is not waited for by the other.
  for (const each of [byVector, byKeyword]) each?.catch((error: unknown) => stop.abort(error))
  const [vector, keyword] = await Promise.all([byVector, byKeyword])
  return {
    ...base,
    listed: null,
    vector: vector?.nodes ?? null,
    keyword: keyword?.nodes ?? null,
    queryVector: vector?.queryVector ?? null,
    model: vector?.model ?? null,
    embedMs: vector?.embedMs ?? 0,
    vectorMs: vector?.searchMs ?? 0,
    keywordMs: keyword?.searchMs ?? 0,
  }
}

interface Work {
  readonly target: SearchTarget
  readonly request: SearchRequest
  readonly options: RetrieveOptions & { readonly signal: AbortSignal }
  readonly leaveOut: (reason: Reason) => null
}

interface FoundByVector {
  readonly nodes: readonly ScoredNode[]
  readonly queryVector: Float32Array
  readonly model: string
  readonly embedMs: number
  readonly searchMs: number
}

async function retrieveByVector(work: Work, checks: QueryModels): Promise<FoundByVector | null> {
  const { target, request, options, leaveOut } = work
  const { folder } = target
  const { signal } = options
  let summary = await folder.summary()
  for (;;) {
    if (summary.dimensions === null) {
      const message = 'There are no vectors here: only the words were searched.'
      return summary.nodes === 0 ? null : leaveOut({ reason: 'no-vectors', without: 'vector', message })
    }
    let queryVector: Float32Array
    let id: string
    const embedStarted = performance.now()
    try {
      const { model } = await checks.modelFor(folder, summary, 'search', signal)
      id = model.identity.id
      queryVector = await model.embedQuery(request.text, { signal })
    } catch (error) {
      signal.throwIfAborted()
      if (request.mode !== 'hybrid' || !(error instanceof StackroomError)) throw error
      if (error.code === 'internal' || (options.refuses && !failures.includes(error.code))) throw error
      const message = `Only the words were searched, not the meaning. ${error.message}`
      return leaveOut({ reason: 'model-failed', without: 'vector', message, error: error.toShape() })
    }
    const searchStarted = performance.now()
    const answer = await Promise.allSettled([
      deepened(request, folder, (limit) =>
        folder.query(queryVector, limit, { filters: request.filters, signal }),
      ),
    ])
    signal.throwIfAborted()
    // embedded again meanwhile: the vectors of now are another model's than the query's
    const now = await folder.summary()
    if (modelOf(now) !== modelOf(summary)) {
      summary = now
      continue
    }
    if (answer[0].status === 'rejected') throw answer[0].reason
    const embedMs = searchStarted - embedStarted
    return {
      nodes: answer[0].value,
      queryVector,
      model: id,
      embedMs,
      searchMs: performance.now() - searchStarted,
    }
  }
}

async function retrieveByKeyword({ target, request, options, leaveOut }: Work) {
  const { folder } = target
  const { keywords } = folder
  const { terms, filters, mode } = request
  const started = performance.now()
  if (!keywords) {
    const message = 'This knowledge base cannot be searched by words.'
    if (mode === 'keyword') throw new StackroomError('unsupported-format', message)
    return leaveOut({ reason: 'keywords-failed', without: 'keyword', message })
  }
  try {
    for (;;) {
      let isBuilding = false
      const nodes = await deepened(request, folder, async (topK) => {
        const found = await keywords.query({ terms, topK, filters }, options.signal)
        isBuilding = found === null
        return found ?? []
      })
      if (!isBuilding) return { nodes, searchMs: performance.now() - started }
      const waitMs = mode === 'keyword' ? Infinity : (options.keywordWaitMs ?? (await usualWaitMs(folder)))
      const left = started + waitMs - performance.now()
      const preparing = keywords.prepare({ signal: options.signal, inBackground: waitMs < 1000 })
      const waited = await readyWithin(preparing, left)
      if (!waited) {
        const { done, total } = keywords.progress()
        const message = 'The words are being indexed: until that is done, only the meaning is searched.'
        const progress = total === 0 ? 0 : done / total
        return leaveOut({ reason: 'keywords-building', without: 'keyword', message, progress })
      }
    }
  } catch (error) {
    options.signal.throwIfAborted()
    if (mode === 'keyword' || isCancelled(error)) throw error
    const message = 'Only the meaning was searched: the index of words cannot be used.'
    return leaveOut({ reason: 'keywords-failed', without: 'keyword', message, error: toErrorShape(error) })
  }
}

/** A small index is there in a moment, and the same question has the same answer from then on. */
async function usualWaitMs(folder: StorageFolder): Promise<number> {
  return (await folder.summary()).nodes <= 5000 ? 5000 : 250
}

async function readyWithin(ready: Promise<void>, ms: number): Promise<boolean> {
  if (ms === Infinity) return ready.then(() => true)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, ms))
  })
  return Promise.race([ready.then(() => true), late]).finally(() => clearTimeout(timer))
}

/** Asks for more until enough of what is found fits, or there is no more. */
async function deepened(
  { depth, fits, isStrict }: SearchRequest,
  folder: StorageFolder,
  search: (limit: number) => Promise<readonly ScoredNode[]>,
): Promise<readonly ScoredNode[]> {
  if (!isStrict) return search(depth)
  const fitting = new Map<string, boolean>()
  for (let limit = depth; ; limit *= 4) {
    const found = await search(Math.min(limit, deepest))
    const unknown = found.map(({ nodeId }) => nodeId).filter((nodeId) => !fitting.has(nodeId))
    for (const node of await folder.nodes(unknown)) fitting.set(node.nodeId, fits(node))
    const chosen = found.filter(({ nodeId }) => fitting.get(nodeId) === true)
    if (chosen.length >= depth || found.length < limit) return chosen.slice(0, depth)
  }
}

async function listNodes(
  folder: StorageFolder,
  { filters, fits, depth }: SearchRequest,
  signal: AbortSignal | undefined,
): Promise<StoredNode[]> {
  const listed: StoredNode[] = []
  for (let offset = 0; offset < deepest && listed.length < depth; offset += 1000) {
    const entries = await folder.entries({ filters, offset, limit: 1000 }, { signal })
    for (const { node } of entries) if (node && fits(node)) listed.push(node)
    if (entries.length < 1000) break
  }
  return listed.slice(0, depth)
}

function modelOf({ dimensions, settings }: StorageSummary): string {
  return JSON.stringify([dimensions, settings?.embedModel ?? null])
}
