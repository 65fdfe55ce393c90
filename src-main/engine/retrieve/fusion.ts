/** Several lists of the same nodes as one: QueryFusionRetriever's `reciprocal_rerank` and `relative_score`. */
import type { Fusion } from '#contract'

export interface RankedNode {
  readonly nodeId: string
  readonly score: number
}

/** LlamaIndex's `k`: how much less the second place counts than the first. */
const rankConstant = 60

/** Best first; of equal ones the one that the first list has higher up. */
export function fuse(lists: readonly (readonly RankedNode[])[], fusion: Fusion): RankedNode[] {
  const scores = new Map<string, number>()
  for (const list of lists) {
    const scoreOf = fusion === 'reciprocal-rank' ? reciprocalRank : relativeScore(list, lists.length)
    list.forEach(({ nodeId, score }, index) =>
      scores.set(nodeId, (scores.get(nodeId) ?? 0) + scoreOf(score, index + 1)),
    )
  }
  return [...scores].map(([nodeId, score]) => ({ nodeId, score })).sort((a, b) => b.score - a.score)
}

/** @param rank from 1 */
export function reciprocalRank(_: number, rank: number): number {
  return 1 / (rankConstant + rank - 1)
}

/** Each list from 0 to its share of 1. A list whose scores are all the same has them all at the top. */
function relativeScore(list: readonly RankedNode[], lists: number): (score: number) => number {
  const scores = list.map(({ score }) => score)
  const least = Math.min(...scores)
  const span = Math.max(...scores) - least
  return (score) => (span === 0 ? 1 : (score - least) / span) / lists
}
