/** Maximum marginal relevance, beside what LlamaIndex's `get_top_k_mmr_embeddings` gave for the same vectors. */
import { expect, test } from 'vitest'
import { mmrOrder } from '#engine/stores/mmr.ts'

const query = Float32Array.of(5, 0, 0)
const vectors = [
  [4, 3, 0],
  [3, 4, 0],
  [-4, 3, 0],
  [4.1, 2.9, 0.1],
  [0, 1, 5],
].map((values) => Float32Array.from(values))

test.each<[number, number, number[]]>([
  [0.8, 3, [3, 0, 1]],
  [0.8, 10, [3, 0, 1, 4, 2]],
  [0.5, 3, [3, 4, 0]],
  [0.5, 10, [3, 4, 0, 1, 2]],
  [0.2, 3, [3, 2, 0]],
  [0.2, 10, [3, 2, 0, 4, 1]],
  [1.0, 3, [3, 0, 1]],
  [1.0, 10, [3, 0, 1, 4, 2]],
])('threshold %d, top %d', (threshold, topK, expected) => {
  expect(mmrOrder(query, vectors, topK, threshold)).toEqual(expected)
})

test('of nothing nothing is chosen', () => {
  expect(mmrOrder(query, [], 3)).toEqual([])
})
