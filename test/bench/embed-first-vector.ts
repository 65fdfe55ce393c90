/** Run by embed.ts in a process of its own: prints a line when it has the first vector of the bundled model. */
import { tmpdir } from 'node:os'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'

await using registry = new EmbedModelRegistry({
  resourcesFolder: process.argv[2] ?? '',
  dataFolder: tmpdir(),
})
const model = await registry.open(BUNDLED_MODEL_ID)
console.log((await model.embedQuery('first')).length)
