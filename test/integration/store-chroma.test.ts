/** The conformance suite against Chroma's own engine: in a folder, and as a server that somebody else runs. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openChromaEngine, openChromaStore } from '#engine/stores/chroma/open-chroma-store.ts'
import { conformsToVectorStore, type StoreHarness } from './store-conformance.ts'

async function chromaFolder(): Promise<StoreHarness> {
  const home = await mkdtemp(join(tmpdir(), 'stackroom-chroma-'))
  const engine = openChromaEngine({
    folder: join(home, 'chroma'),
    cacheFolder: join(tmpdir(), 'stackroom-test-cache'),
    migrate: false,
  })
  let number = 0
  const open = () =>
    openChromaStore(engine, {
      collection: `collection-${number}`,
      create: { metric: 'cosine', embeddingFunction: null },
    })
  return {
    empty: () => {
      number++
      return open()
    },
    again: open,
    killEngine: async () => {
      const pid = await engine.pid()
      if (pid !== null) process.kill(pid, 'SIGKILL')
    },
    [Symbol.asyncDispose]: async () => {
      await engine.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

conformsToVectorStore('Chroma on a folder', chromaFolder)
