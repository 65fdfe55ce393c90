/** After each kill Python LlamaIndex loads the folder and sees exactly what was there before, or what should be after. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepCompiled } from '../integration/keep-compiled.ts'
import { damages, makePatient, tortureRepair } from '../torture/repair.ts'
import { startPython, type Python } from '../torture/python.ts'
import { tortureAtRandom } from '../torture/torture.ts'

let python: Python
let compiled: AsyncDisposable

beforeAll(async () => {
  compiled = await keepCompiled()
  python = startPython()
})

afterAll(async () => {
  await python.close()
  await compiled[Symbol.asyncDispose]()
})

test('killed at random moments, Python sees the folder as before or as after the operation', async () => {
  const reports = await tortureAtRandom({ rounds: 30, seed: 1125, python: python.look })
  expect(reports).toHaveLength(30)
}, 1_200_000)

test.each(damages)(
  'a repair (%s) that was killed and is done again leaves to Python what an undisturbed one leaves',
  async (damage) => {
    await using patient = await makePatient(damage)
    // In the middle, where files are replaced or about to be.
    const middle = Math.ceil(patient.steps.length / 2)
    for (const step of [middle, patient.steps.length - 2])
      expect(await tortureRepair(patient, { step }, { python: python.look })).not.toBe('not killed')
  },
  300_000,
)
