/** After each kill Python LlamaIndex loads the folder and sees exactly what was there before, or what should be after. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPython, type Python } from '../torture/python.ts'
import { tortureAtRandom } from '../torture/torture.ts'

let python: Python

beforeAll(() => {
  python = startPython()
})

afterAll(() => python.close())

test('killed at random moments, Python sees the folder as before or as after the operation', async () => {
  const reports = await tortureAtRandom({ rounds: 30, seed: 1125, python: python.look })
  expect(reports).toHaveLength(30)
}, 1_200_000)
