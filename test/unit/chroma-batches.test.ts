/** Which nodes go to Chroma in one request. */
import { expect, test } from 'vitest'
import { batches } from '#engine/stores/chroma/chroma-records.ts'
import { nodeOf } from '../integration/store-conformance.ts'

/** What Chroma's servers take. */
const largestRequest = 40 * 1024 * 1024

test.each([
  ['long metadata', 'a', 'metadata'],
  ['texts of three bytes a letter', '\u540d', 'text'],
  ['texts that JSON escapes', '\u0001', 'text'],
] as const)('no request is larger than a server takes: %s', (_, letter, where) => {
  const long = letter.repeat(200_000)
  const nodes = Array.from({ length: 100 }, (_unused, index) =>
    nodeOf(`n${index}`, [1, 2], where === 'text' ? { text: long } : { metadata: { long } }),
  )
  const made = [...batches(nodes, 5000)]
  expect(made.flatMap(({ ids }) => ids)).toEqual(nodes.map(({ node }) => node.id_))
  for (const batch of made) expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThan(largestRequest)
})

test('nodes of an ordinary size go together, up to the number that the server takes', () => {
  const nodes = Array.from({ length: 1200 }, (_, index) =>
    nodeOf(`n${index}`, new Array<number>(384).fill(0.5)),
  )
  expect([...batches(nodes, 1000)].map(({ ids }) => ids.length)).toEqual([1000, 200])
})
