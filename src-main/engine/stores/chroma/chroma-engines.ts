/** One engine for each folder, however many collections of it are open: who opens one lets go of it again. */
import type { ChromaEngine, ChromaEngineOptions } from './chroma-engine.ts'
import { openChromaEngine } from './open-chroma-store.ts'

export interface HeldEngine extends AsyncDisposable {
  readonly engine: ChromaEngine
}

interface SharedEngine {
  readonly engine: ChromaEngine
  holders: number
}

export class ChromaEngines implements AsyncDisposable {
  readonly #open = new Map<string, SharedEngine>()

  /** Throws as `openChromaEngine`. The options count where the folder is not open yet. */
  hold(options: ChromaEngineOptions): HeldEngine {
    const fresh = openChromaEngine(options)
    const shared = this.#open.get(fresh.folder) ?? { engine: fresh, holders: 0 }
    this.#open.set(fresh.folder, shared)
    shared.holders++
    let isHeld = true
    return {
      engine: shared.engine,
      [Symbol.asyncDispose]: async () => {
        if (!isHeld) return
        isHeld = false
        if (--shared.holders > 0) return
        this.#open.delete(fresh.folder)
        await shared.engine.close()
      },
    }
  }

  /** The process of a folder's engine, by its real path; null: none is running. */
  async pidOf(folder: string): Promise<number | null> {
    return (await this.#open.get(folder)?.engine.pid()) ?? null
  }

  /** Ends all of them: the app closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    const engines = [...this.#open.values()].map(({ engine }) => engine)
    this.#open.clear()
    await Promise.all(engines.map((engine) => engine.close()))
  }
}
