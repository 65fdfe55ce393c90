/**
 * Maximum marginal relevance: `get_top_k_mmr_embeddings` of llama_index.core.indices.query.embedding_utils. As there, a vector
 * is compared with the one that was chosen last, not with all that were chosen.
 */

/** Places in `vectors`, in the order in which they are chosen. Threshold: 0 as different as can be, 1 as near as can be. */
export function mmrOrder(
  query: Float32Array,
  vectors: readonly Float32Array[],
  topK: number,
  threshold = 0.5,
): number[] {
  const relevance = vectors.map((vector) => threshold * cosine(query, vector))
  const left = new Set(vectors.keys())
  const chosen: number[] = []
  let worth: (index: number) => number = (index) => relevance[index]!
  while (chosen.length < topK && left.size > 0) {
    let best = -1
    let most = Number.NEGATIVE_INFINITY
    for (const index of left) {
      const value = worth(index)
      // The first counts when none is a number.
      if (best < 0 || value > most) [best, most] = [index, value]
    }
    left.delete(best)
    chosen.push(best)
    const last = vectors[best]!
    worth = (index) => relevance[index]! - (1 - threshold) * cosine(vectors[index]!, last)
  }
  return chosen
}

function cosine(a: Float32Array, b: Float32Array): number {
  let product = 0
  let squaresOfA = 0
  let squaresOfB = 0
  for (let index = 0; index < a.length; index++) {
    const x = a[index]!
    const y = b[index]!
    product += x * y
    squaresOfA += x * x
    squaresOfB += y * y
  }
  return product / Math.sqrt(squaresOfA * squaresOfB)
}
