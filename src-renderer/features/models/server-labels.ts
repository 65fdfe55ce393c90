/** The servers that come with Stackroom as people call them, and what to know about each before it is set up. */
import type { ModelServer } from '#contract'

interface KnownService {
  readonly name: string
  readonly label: string
  readonly note: string
}

/** In the order of the form's list. */
export const knownServices: readonly KnownService[] = [
  { name: 'openai', label: 'OpenAI', note: 'Keys are made at platform.openai.com.' },
  { name: 'mistral', label: 'Mistral', note: 'Keys are made at console.mistral.ai.' },
  { name: 'voyage', label: 'Voyage AI', note: 'Keys are made at dashboard.voyageai.com.' },
  { name: 'jina', label: 'Jina AI', note: 'Keys are made at jina.ai.' },
  { name: 'together', label: 'Together AI', note: 'Keys are made at api.together.ai.' },
  { name: 'ollama', label: 'Ollama', note: 'Start it, then fetch a model: ollama pull nomic-embed-text' },
  { name: 'lmstudio', label: 'LM Studio', note: 'Load an embedding model and start its server.' },
  { name: 'vllm', label: 'vLLM', note: 'Start it with an embedding model: vllm serve … --task embed' },
  { name: 'llamacpp', label: 'llama.cpp', note: 'Start llama-server with --embedding.' },
  { name: 'tei', label: 'Text Embeddings Inference', note: 'Its port is the one it was started with.' },
  { name: 'localai', label: 'LocalAI', note: 'Start it with an embedding model.' },
]

export function serverLabel(name: string): string {
  if (name === 'azure') return 'Azure OpenAI'
  return knownServices.find((service) => service.name === name)?.label ?? name
}

/** Whether the user did something with it; the others are offered when a server is added. */
export function isSetUp(server: ModelServer, hasOwnModels: boolean): boolean {
  return server.origin !== 'known' || server.key === 'stored' || server.key === 'environment' || hasOwnModels
}
