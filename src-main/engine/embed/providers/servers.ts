/** Servers of embed models: those that are known by name, and what a user may write about one. */
import { z } from 'zod'

export const serverModelSettingsSchema = z.object({
  dimensions: z.number().int().positive().optional(),
  queryPrefix: z.string().optional(),
  documentPrefix: z.string().optional(),
  maximumTokens: z.number().int().positive().optional(),
  /** As the user says; null: not known, whatever is known here. */
  usdPerMillionTokens: z.number().nonnegative().nullable().optional(),
})
export type ServerModelSettings = z.infer<typeof serverModelSettingsSchema>

export const serverSchema = z.object({
  /** What ids begin with: `ollama` in `ollama:nomic-embed-text`. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/i),
  kind: z.enum(['openai', 'azure', 'compatible']),
  /** Azure: `https://<resource>.openai.azure.com`. */
  baseUrl: z.url({ protocol: /^https?$/ }),
  /** Azure only. */
  apiVersion: z.string().optional(),
  /** The secret with the server's key; absent for a server without one. */
  keyName: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/)
    .optional(),
  /** Models that were chosen, with what is known about them. */
  models: z.record(z.string(), serverModelSettingsSchema).default({}),
})
export type Server = z.infer<typeof serverSchema>

const server = (name: string, baseUrl: string, keyName?: string): Server => ({
  name,
  kind: name === 'openai' ? 'openai' : 'compatible',
  baseUrl,
  ...(keyName && { keyName }),
  models: {},
})

const wellKnown: readonly Server[] = [
  server('openai', 'https://api.openai.com/v1', 'OPENAI_API_KEY'),
  server('mistral', 'https://api.mistral.ai/v1', 'MISTRAL_API_KEY'),
  server('voyage', 'https://api.voyageai.com/v1', 'VOYAGE_API_KEY'),
  server('jina', 'https://api.jina.ai/v1', 'JINA_API_KEY'),
  server('together', 'https://api.together.xyz/v1', 'TOGETHER_API_KEY'),
  server('ollama', 'http://127.0.0.1:11434/v1'),
  server('lmstudio', 'http://127.0.0.1:1234/v1'),
  server('vllm', 'http://127.0.0.1:8000/v1'),
  server('tei', 'http://127.0.0.1:3000/v1'),
  server('llamacpp', 'http://127.0.0.1:8080/v1'),
  server('localai', 'http://127.0.0.1:8080/v1'),
]

/**
 * Usable by name alone; a server of the same name in the user's settings goes before. Azure has an address for each of its
 * customers: `azure` is there when the environment names it, as OpenAI's own library reads it.
 */
export function knownServers(environment: NodeJS.ProcessEnv): readonly Server[] {
  const azure = serverSchema.safeParse({
    name: 'azure',
    kind: 'azure',
    baseUrl: environment['AZURE_OPENAI_ENDPOINT'],
    apiVersion: environment['OPENAI_API_VERSION'],
    keyName: 'AZURE_OPENAI_API_KEY',
  })
  return azure.success ? [...wellKnown, azure.data] : wellKnown
}

export interface KnownModel {
  readonly dimensions: number
  readonly maximumTokens: number
  readonly usdPerMillionTokens: number
  /** Whether the server shortens the vectors when asked for fewer dimensions. */
  readonly shortens: boolean
}

/** OpenAI's models, with its list prices. */
export const openAiModels: Readonly<Record<string, KnownModel>> = {
  'text-embedding-3-small': {
    dimensions: 1536,
    maximumTokens: 8191,
    usdPerMillionTokens: 0.02,
    shortens: true,
  },
  'text-embedding-3-large': {
    dimensions: 3072,
    maximumTokens: 8191,
    usdPerMillionTokens: 0.13,
    shortens: true,
  },
  'text-embedding-ada-002': {
    dimensions: 1536,
    maximumTokens: 8191,
    usdPerMillionTokens: 0.1,
    shortens: false,
  },
}

/** The window of a model that nobody told about: what nearly every embed model can read. */
export const DEFAULT_MAXIMUM_TOKENS = 512
