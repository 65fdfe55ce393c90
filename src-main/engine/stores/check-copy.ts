/** Whether a copy is what its source is: as many nodes, the same vectors, and the same nodes for the same questions. */
import { StackroomError } from '#contract'
import type { StoreEntry, VectorStore, VectorStoreHit } from './vector-store.ts'

export interface CopyCheck {
  readonly nodes: number
  /** Vectors that were compared, number by number. */
  readonly vectors: number
  /** Questions that both answered with the same ten nodes; null: they rank by measures that differ for these vectors. */
  readonly questions: number | null
  /** Of an engine that may miss nodes: the part of the ten nodes that both gave, on average. */
  readonly agreement: number
}

export interface CheckCopyOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

const vectorsCompared = 200
const questionsAsked = 20
const topK = 10
const tolerance = 1e-6
/** Scores of two engines differ in the last digits; nodes that are as near as the tenth may stand in for each other. */
const scoreTolerance = 1e-5
/** Below it an approximate engine is not to be trusted with this index. */
const leastAgreement = 0.9

/** Throws `bad-answer` for a copy that is not like its source. */
export async function checkCopy(
  from: VectorStore,
  to: VectorStore,
  { signal, onProgress }: CheckCopyOptions = {},
): Promise<CopyCheck> {
  const [nodes, copied] = [await from.count({ signal }), await to.count({ signal })]
  if (nodes !== copied) throw notTheSame(`It has ${copied} nodes, the source has ${nodes}.`)
  if (nodes === 0) return { nodes, vectors: 0, questions: 0, agreement: 1 }
  const sample: StoreEntry[] = []
  const wanted = Math.min(nodes, vectorsCompared)
  for (let index = 0; index < wanted; index++) {
    const offset = Math.floor((index * nodes) / wanted)
    sample.push(...(await from.get({ offset, limit: 1, vectors: true }, { signal })))
    onProgress?.(index + 1, wanted + questionsAsked)
  }
  const there = await to.get({ nodeIds: sample.map(({ nodeId }) => nodeId), vectors: true }, { signal })
  const copies = new Map(there.map((entry) => [entry.nodeId, entry]))
  for (const entry of sample) requireSame(entry, copies.get(entry.nodeId))

  const vectors = sample.flatMap(({ vector }) => vector ?? [])
  if (from.metric !== to.metric && !vectors.every(isUnit))
    return { nodes, vectors: sample.length, questions: null, agreement: 1 }
  const asked = vectors.filter((_, index) => index % Math.ceil(vectors.length / questionsAsked) === 0)
  const isApproximate = from.capabilities.approximate || to.capabilities.approximate
  let shared = 0
  for (const [index, vector] of asked.entries()) {
    const [theirs, ours] = [
      await from.query({ vector, topK }, { signal }),
      await to.query({ vector, topK }, { signal }),
    ]
    const part = agreementOf(theirs, ours)
    if (part < 1 && !isApproximate)
      throw notTheSame('It answers a question with other nodes than the source.')
    shared += part
    onProgress?.(wanted + index + 1, wanted + asked.length)
  }
  const agreement = shared / asked.length
  if (agreement < leastAgreement)
    throw notTheSame(`Of ten nodes that the source finds, it finds ${(agreement * 10).toFixed(1)}.`)
  return { nodes, vectors: sample.length, questions: asked.length, agreement }
}

function requireSame(entry: StoreEntry, copy: StoreEntry | undefined): void {
  const { vector, nodeId } = entry
  if (!copy) throw notTheSame(`It lacks the node ${nodeId.slice(0, 200)}.`)
  const isSame =
    vector?.length === copy.vector?.length &&
    vector?.every(
      (value, index) => Math.abs(value - copy.vector![index]!) <= tolerance * Math.max(1, Math.abs(value)),
    )
  if (!isSame) throw notTheSame(`The vector of the node ${nodeId.slice(0, 200)} is another one.`)
}

/** The part of the nodes of either that the other has, too, or has something equally near for. */
function agreementOf(first: readonly VectorStoreHit[], second: readonly VectorStoreHit[]): number {
  const most = Math.max(first.length, second.length)
  if (most === 0) return 1
  return Math.min(foundPart(first, second, most), foundPart(second, first, most))
}

function foundPart(hits: readonly VectorStoreHit[], others: readonly VectorStoreHit[], most: number): number {
  const known = new Set(others.map(({ nodeId }) => nodeId))
  const last = hits.at(-1)?.score ?? 0
  const found = hits.filter(
    ({ nodeId, score }) =>
      known.has(nodeId) || Math.abs(score - last) <= scoreTolerance * Math.max(1, Math.abs(last)),
  )
  return (found.length + Math.min(0, hits.length - most)) / most
}

function isUnit(vector: Float32Array): boolean {
  let squares = 0
  for (const value of vector) squares += value * value
  return Math.abs(squares - 1) < 1e-4
}

function notTheSame(what: string): StackroomError {
  return new StackroomError('bad-answer', `The copy is not what the source is. ${what}`, {
    hint: 'Copy into a new collection. The source is as it was.',
  })
}
