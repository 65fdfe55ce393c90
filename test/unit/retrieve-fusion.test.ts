/** Lists of several retrievers as one, variety, and texts that are nearly the same. */
import { expect, test } from 'vitest'
import { fuse } from '#engine/retrieve/fusion.ts'
import { likeness, textPrint } from '#engine/retrieve/text-likeness.ts'
import { mmrPlaces } from '#engine/retrieve/variety.ts'

const byMeaning = [
  { nodeId: 'a', score: 0.9 },
  { nodeId: 'b', score: 0.8 },
  { nodeId: 'c', score: 0.5 },
]
const byWords = [
  { nodeId: 'c', score: 12 },
  { nodeId: 'a', score: 3 },
  { nodeId: 'd', score: 2 },
]

test('reciprocal ranks are added, as QueryFusionRetriever adds them', () => {
  expect(fuse([byMeaning, byWords], 'reciprocal-rank')).toEqual([
    { nodeId: 'a', score: 1 / 60 + 1 / 61 },
    { nodeId: 'c', score: 1 / 62 + 1 / 60 },
    { nodeId: 'b', score: 1 / 61 },
    { nodeId: 'd', score: 1 / 62 },
  ])
})

test('relative scores are each list from 0 to its share', () => {
  const fused = fuse([byMeaning, byWords], 'relative-score')
  expect(fused.map(({ nodeId }) => nodeId)).toEqual(['a', 'c', 'b', 'd'])
  expect(fused[0]?.score).toBeCloseTo(0.5 + 0.1 / 2)
  expect(fused[1]?.score).toBeCloseTo(0.5)
  expect(fuse([[{ nodeId: 'x', score: 3 }], []], 'relative-score')).toEqual([{ nodeId: 'x', score: 0.5 }])
})

test('for variety, what is like anything that was chosen waits', () => {
  const groups = [0, 0, 1, 0, 2]
  const similarity = (a: number, b: number): number => (groups[a] === groups[b] ? 1 : 0)
  expect(mmrPlaces([0.9, 0.85, 0.8, 0.75, 0.7], similarity, 5, 0.5)).toEqual([0, 2, 4, 1, 3])
  expect(mmrPlaces([0.9, 0.85, 0.8, 0.75, 0.7], similarity, 3, 1)).toEqual([0, 1, 2])
})

test('texts are alike by the runs of words that they share', () => {
  const text = 'The quick brown fox jumps over the lazy dog near the river bank every day.'
  expect(likeness(textPrint(text), textPrint(text.toUpperCase()))).toBe(1)
  expect(likeness(textPrint(text), textPrint(`${text} Again.`))).toBeGreaterThan(0.8)
  expect(likeness(textPrint(text), textPrint('Something else altogether stands in this text.'))).toBe(0)
  expect(likeness(textPrint(''), textPrint('one'))).toBe(0)
})
