/** The embed model that a collection's recorded embedding function stands for. It says so; the vectors prove it. */
import type { StoreCollection } from '#contract'
import { BUNDLED_MODEL_ID } from '#engine/embed/model-registry.ts'
import type { Models } from './models.ts'

/** Servers of models, by the names that Chroma has for their embedding functions. */
const servers: Readonly<Record<string, string>> = {
  openai: 'openai',
  ollama: 'ollama',
  mistral: 'mistral',
  jina: 'jina',
  voyageai: 'voyage',
  together_ai: 'together',
}

/** The embed model that a recorded embedding function stands for; null: none that is known here. */
export function modelOfEmbeddingFunction(
  recorded: StoreCollection['embeddingFunction'],
  models: Models,
): string | null {
  if (!recorded) return null
  const { name, model } = recorded
  if (name === 'default' || name === 'onnx_mini_lm_l6_v2') return BUNDLED_MODEL_ID
  if (name === 'sentence_transformer' || name === 'huggingface') {
    const short = model?.split('/').at(-1)
    if (short === 'all-MiniLM-L6-v2') return BUNDLED_MODEL_ID
    return models.list().find(({ id }) => id.startsWith('onnx:') && id.endsWith(`/${short}`))?.id ?? null
  }
  const server = servers[name]
  if (!server) return null
  const named = model ?? (name === 'openai' ? 'text-embedding-ada-002' : null)
  return named === null ? null : `${server}:${named}`
}
