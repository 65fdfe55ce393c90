import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { Models } from '#app/models.ts'
import { BUNDLED_MODEL_ID } from '#engine/embed/model-registry.ts'

test('models that are closed while they compute end their work, and the process goes on', async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'stackroom-closing-'))
  try {
    for (let round = 0; round < 3; round++) {
      const models = new Models({
        dataFolder,
        resourcesFolder: resolve(import.meta.dirname, '../../resources'),
      })
      const model = await models.open(BUNDLED_MODEL_ID)
      let begun: () => void = () => {}
      const first = new Promise<void>((resolve) => (begun = resolve))
      const texts = Array.from(
        { length: 300 },
        (_, number) => `Text ${round}.${number} ${'of some length '.repeat(20)}`,
      )
      const work = model.embedDocuments(texts, {
        onVectors: async () => begun(),
      })
      const outcome = expect(work).rejects.toThrow()
      await first
      await models.close()
      await outcome
    }
  } finally {
    await rm(dataFolder, { recursive: true, force: true })
  }
})
