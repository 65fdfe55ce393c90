/**
 * Maximum marginal relevance over hits of any retriever: each next one is as relevant and as unlike what was chosen before as
 * can be. LlamaIndex's function (stores/mmr.ts) looks at the one chosen last only, so that two texts that are the same take
 * turns with a third; here all chosen ones count.
 */

/**
 * Places, in the order in which they are chosen.
 * @param relevance of each place
 * @param threshold from 0, as different as can be, to 1, by relevance alone
 */
export function mmrPlaces(
  relevance: readonly number[],
  similarity: (a: number, b: number) => number,
  topK: number,
  threshold: number,
): number[] {
  const left = new Set(relevance.keys())
  /** To the nearest of those that were chosen. */
  const nearest = relevance.map(() => 0)
  const chosen: number[] = []
  while (chosen.length < topK && left.size > 0) {
    let best = -1
    let most = Number.NEGATIVE_INFINITY
    for (const place of left) {
      const worth = threshold * relevance[place]! - (1 - threshold) * nearest[place]!
      if (best < 0 || worth > most) [best, most] = [place, worth]
    }
    left.delete(best)
    chosen.push(best)
    for (const place of left) nearest[place] = Math.max(nearest[place]!, similarity(place, best))
  }
  return chosen
}
