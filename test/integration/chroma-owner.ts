/**
 * A process of its own that owns a Chroma engine, for tests that end it: prints the engine's process id, and then does what
 * its second argument says.
 */
import { fork } from 'node:child_process'
import { writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openChromaEngine } from '#engine/stores/chroma/open-chroma-store.ts'
import { workerUrl } from '#platform/worker-url.ts'

const [folder = '', ending, cacheFolder = ''] = process.argv.slice(2)
if (ending === 'at once') {
  const options = JSON.stringify({ folder, cacheFolder, migrate: false })
  const { pid } = fork(fileURLToPath(workerUrl('chroma-engine')), [options], {
    stdio: 'ignore',
    execArgv: [],
  })
  writeSync(1, `${pid}\n`)
  process.kill(process.pid, 'SIGKILL')
}
const engine = openChromaEngine({ folder, cacheFolder, migrate: false })
await engine.use((address) => fetch(`${address}/api/v2/heartbeat`))
console.log(await engine.pid())
if (ending === 'throw') throw new Error('a bug')
// ends although the engine was not closed
if (ending === 'wait') setInterval(() => undefined, 1000)
