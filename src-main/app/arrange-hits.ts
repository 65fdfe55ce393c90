/** From what was found to what is shown: nearly the same texts become one, the rest is chosen for variety, or by document. */
import type { HitGroup, Retrieved as RetrievedBy, SearchHit, SearchOptions } from '#contract'
import { pathOf } from '#engine/retrieve/file-types.ts'
import { likeness, textPrint, type TextPrint } from '#engine/retrieve/text-likeness.ts'
import { mmrPlaces } from '#engine/retrieve/variety.ts'
import type { StoredNode } from '#engine/storage/storage-folder.ts'
import { cosine } from '#engine/embed/vectors.ts'
import type { Retrieved } from './retrieve-from-folder.ts'

export interface Candidate {
  readonly from: Retrieved
  readonly nodeId: string
  /** Null: not read yet. */
  readonly node: StoredNode | null
  readonly fusedScore: number
  readonly retrieved: readonly RetrievedBy[]
}

type ReadCandidate = Candidate & { readonly node: StoredNode }

export interface ArrangedHit {
  readonly candidate: ReadCandidate
  readonly duplicates: SearchHit['duplicates']
}

export interface Arranged {
  readonly arranged: readonly ArrangedHit[]
  readonly groups: readonly HitGroup[]
  /** What reading nodes and vectors took. */
  readonly hydrateMs: number
}

/** What is chosen from is so many times what is shown. */
const poolPerHit = 4
const leastPool = 50
/** Runs of three words that texts share to be taken for the same. */
const sameText = 0.8
const hitsPerDocument = 3

export async function arrangeHits(
  candidates: readonly Candidate[],
  { topK, mmr, collapse, group }: SearchOptions,
  signal: AbortSignal | undefined,
): Promise<Arranged> {
  const isPlain = mmr === null && !collapse && group === null
  const pool = isPlain ? topK : Math.max(leastPool, topK * poolPerHit)
  const started = performance.now()
  const read = await readNodes(candidates, pool)
  signal?.throwIfAborted()
  const vectors = mmr === null ? null : await vectorsOf(read, signal)
  const hydrateMs = performance.now() - started
  let hits: ArrangedHit[] = collapse
    ? collapsed(read)
    : read.map((candidate) => ({ candidate, duplicates: [] }))
  if (mmr !== null && vectors) hits = varied(hits, vectors, group === null ? topK : hits.length, mmr)
  if (group === null) return { arranged: hits.slice(0, topK), groups: [], hydrateMs }
  return { ...grouped(hits, topK), hydrateMs }
}

/** Nodes that are gone by now are passed over, and others take their places. */
async function readNodes(candidates: readonly Candidate[], wanted: number): Promise<ReadCandidate[]> {
  const read: ReadCandidate[] = []
  for (let start = 0; start < candidates.length && read.length < wanted;) {
    const page = candidates.slice(start, start + wanted - read.length)
    start += page.length
    const nodes = new Map<Candidate, StoredNode>()
    for (const [from, ofFolder] of Map.groupBy(page, (candidate) => candidate.from)) {
      const unread = ofFolder.filter(({ node }) => node === null).map(({ nodeId }) => nodeId)
      const found = unread.length === 0 ? [] : await from.target.folder.nodes(unread)
      const byId = new Map(found.map((node) => [node.nodeId, node]))
      for (const candidate of ofFolder) {
        const node = candidate.node ?? byId.get(candidate.nodeId)
        if (node) nodes.set(candidate, node)
      }
    }
    for (const candidate of page) {
      const node = nodes.get(candidate)
      if (node) read.push({ ...candidate, node })
    }
  }
  return read
}

async function vectorsOf(
  candidates: readonly ReadCandidate[],
  signal: AbortSignal | undefined,
): Promise<Map<ReadCandidate, Float32Array>> {
  const vectors = new Map<ReadCandidate, Float32Array>()
  for (const [from, ofFolder] of Map.groupBy(candidates, (candidate) => candidate.from)) {
    const nodeIds = ofFolder.map(({ nodeId }) => nodeId)
    const entries = await from.target.folder.entries({ nodeIds, vectors: true }, { signal })
    const byId = new Map(entries.map(({ nodeId, vector }) => [nodeId, vector]))
    for (const candidate of ofFolder) {
      const vector = byId.get(candidate.nodeId)
      if (vector) vectors.set(candidate, vector)
    }
  }
  return vectors
}

function collapsed(candidates: readonly ReadCandidate[]): ArrangedHit[] {
  const kept: { candidate: ReadCandidate; print: TextPrint; duplicates: SearchHit['duplicates'] }[] = []
  for (const candidate of candidates) {
    const print = textPrint(candidate.node.text)
    const same = kept.find((other) => likeness(print, other.print) >= sameText)
    if (!same) kept.push({ candidate, print, duplicates: [] })
    else {
      const { from, nodeId, node } = candidate
      const { knowledgeBaseId, folder } = from.target
      same.duplicates.push({
        knowledgeBaseId,
        persistDir: folder.persistDir,
        nodeId,
        source: pathOf(node.metadata),
      })
    }
  }
  return kept.map(({ candidate, duplicates }) => ({ candidate, duplicates }))
}

/** Vectors of one folder can be compared; all others are by their words. */
function varied(
  hits: readonly ArrangedHit[],
  vectors: ReadonlyMap<ReadCandidate, Float32Array>,
  topK: number,
  threshold: number,
): ArrangedHit[] {
  const prints = new Map<ReadCandidate, TextPrint>()
  const printOf = (candidate: ReadCandidate): TextPrint => {
    const print = prints.get(candidate) ?? textPrint(candidate.node.text)
    prints.set(candidate, print)
    return print
  }
  const similarity = (a: number, b: number): number => {
    const one = hits[a]!.candidate
    const other = hits[b]!.candidate
    const vector = vectors.get(one)
    const otherVector = vectors.get(other)
    if (one.from === other.from && vector && otherVector) return cosine(vector, otherVector)
    return likeness(printOf(one), printOf(other))
  }
  return mmrPlaces(relevanceOf(hits), similarity, topK, threshold).map((place) => hits[place]!)
}

/** Cosine similarities as they are; scores of another kind from 0 to 1. */
function relevanceOf(hits: readonly ArrangedHit[]): number[] {
  const scores = hits.map(({ candidate }) => candidate.fusedScore)
  const isCosine = hits.every(
    ({ candidate: { from, retrieved, fusedScore } }) =>
      from.keyword === null && retrieved[0]?.score === fusedScore,
  )
  if (isCosine) return scores
  const least = Math.min(...scores)
  const span = Math.max(...scores) - least
  return scores.map((score) => (span === 0 ? 1 : (score - least) / span))
}

/** The pages of a file are one document here. */
function grouped(hits: readonly ArrangedHit[], topK: number): Pick<Arranged, 'arranged' | 'groups'> {
  const documents = Map.groupBy(hits, ({ candidate: { from, node } }) =>
    JSON.stringify([from.target.folder.persistDir, pathOf(node.metadata) ?? node.refDocId ?? node.nodeId]),
  )
  const arranged: ArrangedHit[] = []
  const groups: HitGroup[] = []
  for (const ofDocument of [...documents.values()].slice(0, topK)) {
    const shown = ofDocument.slice(0, hitsPerDocument)
    const [first] = shown
    if (!first) continue
    const { from, node } = first.candidate
    groups.push({
      knowledgeBaseId: from.target.knowledgeBaseId,
      persistDir: from.target.folder.persistDir,
      refDocId: node.refDocId,
      source: pathOf(node.metadata),
      firstHit: arranged.length,
      hits: shown.length,
      more: ofDocument.length - shown.length,
    })
    arranged.push(...shown)
  }
  return { arranged, groups }
}
