/** Reading ahead: bounded, never starved, and over at once when nobody takes any more. */
import { expect, test } from 'vitest'
import { readAhead } from '#engine/ingest/read-ahead.ts'

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

test('while the taker is busy it goes on reading, up to what may wait', async () => {
  let begun = 0
  const results = readAhead<number, number>({
    items: numbers(100),
    read: async (item) => {
      begun++
      return item
    },
    atOnce: 4,
    mayWait: 10,
    sizeOf: () => 1,
    signal: undefined,
  })
  await results.next()
  await expect.poll(() => begun).toBeGreaterThanOrEqual(10)
  expect(begun).toBeLessThanOrEqual(10 + 4)
  await results.return()
})

test('all that came of something is given, once', async () => {
  const taken: number[] = []
  const results = readAhead<number, number>({
    items: numbers(50),
    read: async (item) => (item % 5 === 0 ? null : item),
    atOnce: 3,
    mayWait: 2,
    sizeOf: () => 1,
    signal: undefined,
  })
  for await (const result of results) taken.push(result)
  expect(taken.sort((a, b) => a - b)).toEqual(numbers(50).filter((item) => item % 5 !== 0))
})

test('a failure ends it, and what is under way is told to stop', async () => {
  const stopped: number[] = []
  const results = readAhead<number, number>({
    items: numbers(10),
    read: (item, signal) =>
      item === 2
        ? Promise.reject(new Error('broken'))
        : new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              stopped.push(item)
              resolve(item)
            })
          }),
    atOnce: 3,
    mayWait: 5,
    sizeOf: () => 1,
    signal: undefined,
  })
  await expect(results.next()).rejects.toThrow('broken')
  expect(stopped).toEqual([0, 1])
})
