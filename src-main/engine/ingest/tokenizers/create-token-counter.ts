/** From settings to a token counter. Counters take memory and time to build: keep them. */
import type { TokenizerSettings } from '../node-parser-settings.ts'
import type { TokenCounter } from './token-counter.ts'

export async function createTokenCounter(settings: TokenizerSettings): Promise<TokenCounter> {
  switch (settings.kind) {
    case 'cl100k_base': {
      const { Cl100kBase } = await import('./cl100k-base.ts')
      return new Cl100kBase()
    }
    case 'model': {
      const { loadModelCounter } = await import('./model-counter.ts')
      return loadModelCounter(settings.folder)
    }
  }
}
