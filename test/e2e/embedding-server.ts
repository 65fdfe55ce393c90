/**
 * A process that speaks OpenAI's API with the bundled model's vectors, behind a key: `node embedding-server.ts <key> <folder>`.
 * Prints its addresses, then each request's texts, a line of JSON each.
 */
import { resolve } from 'node:path'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { ApiServer, sendError } from '../integration/embed-api-server.ts'

const [key = '', dataFolder = ''] = process.argv.slice(2)
const resourcesFolder = resolve(import.meta.dirname, '../../resources')
await using registry = new EmbedModelRegistry({ resourcesFolder, dataFolder })
await using server = await ApiServer.start(await registry.open(BUNDLED_MODEL_ID))
server.key = key
server.trouble = ({ model, input }, response) => {
  console.log(JSON.stringify({ texts: input }))
  return model.startsWith('llama') && sendError(response, 400, 'This model does not support embeddings.')
}
console.log(JSON.stringify({ url: server.url, remoteUrl: server.remoteUrl }))
await new Promise((resolve) => process.once('SIGTERM', resolve))
