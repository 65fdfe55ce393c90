import { expect, test } from 'vitest'
import { cosine, flawOf, normalize } from '#engine/embed/vectors.ts'
import { cutIntoWindows, packIntoBatches, WindowMeans } from '#engine/embed/windows.ts'

const ids = (length: number): number[] => Array.from({ length }, (_, i) => i)

test('a text within the window is one window, a longer one keeps every token', () => {
  const windows = cutIntoWindows([ids(3), ids(0), ids(10)], 4)
  expect(windows.map((window) => [window.text, window.ids.length])).toEqual([
    [0, 3],
    [1, 0],
    [2, 4],
    [2, 4],
    [2, 2],
  ])
  expect(windows.filter((window) => window.text === 2).flatMap((window) => window.ids)).toEqual(ids(10))
})

test('batches stay within the budget with padding and special tokens counted, and hold every window', () => {
  const windows = cutIntoWindows([ids(9), ids(1), ids(50), ids(3), ids(8), ids(2)], 100)
  const batches = packIntoBatches(windows, 24, 2)
  expect(batches.flat().length).toBe(windows.length)
  for (const batch of batches) {
    const padded = batch.length * (Math.max(...batch.map((window) => window.ids.length)) + 2)
    expect(batch.length === 1 || padded <= 24).toBe(true)
  }
  expect(batches.length).toBeLessThan(windows.length)
})

test("a long text's vector is the mean of its windows, weighted by their tokens, at length 1", () => {
  const means = new WindowMeans(1, 2, true)
  means.add({ text: 0, ids: ids(3) }, new Float32Array([5, 0]))
  means.add({ text: 0, ids: ids(1) }, new Float32Array([0, 2]))
  const [x, y] = means.finish()
  expect(x).toBeCloseTo(3 / Math.sqrt(10), 6)
  expect(y).toBeCloseTo(1 / Math.sqrt(10), 6)
})

test('vectors that are not numbers or all zero are found out', () => {
  expect(flawOf(new Float32Array([0, 0]))).toBe('all zero')
  expect(flawOf(new Float32Array([1, NaN]))).toBe('not a number')
  expect(flawOf(new Float32Array([Infinity, 1]))).toBe('not a number')
  expect(flawOf(new Float32Array([0, -1]))).toBeNull()
})

test('cosine does not depend on length', () => {
  expect(cosine(new Float32Array([1, 1]), new Float32Array([3, 0]))).toBeCloseTo(Math.SQRT1_2, 6)
  expect([...normalize(new Float32Array([3, 4]))]).toEqual([Math.fround(0.6), Math.fround(0.8)])
})
