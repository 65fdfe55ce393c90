/** From an id like `ollama:nomic-embed-text` to a model that is ready to embed. */
import { StackroomError, type ServerModel } from '#contract'
import type { SecretStore } from '#platform/secrets.ts'
import type { EmbedModel, EmbedModelIdentity } from '../embed-model.ts'
import type { ModelSettings } from '../model-settings.ts'
import { prefixesOf } from '../prefixes.ts'
import { canEmbed } from './embedding-names.ts'
import { EmbeddingsClient } from './embeddings-client.ts'
import { explainFailure, type RequestTarget } from './request-errors.ts'
import { RequestFailure, ServerPause, withRetries, type RetryOptions } from './retry.ts'
import { ServerEmbedModel, type ServerLimits } from './server-model.ts'
import { DEFAULT_MAXIMUM_TOKENS, openAiModels, type Server } from './servers.ts'

/** What an index was built with, as far as a server's model can follow it. */
export type WantedSettings = Partial<
  Pick<EmbedModelIdentity, 'dimensions' | 'queryPrefix' | 'documentPrefix' | 'lineBreaks'>
>

export interface ServerModelContext {
  readonly settings: ModelSettings
  readonly secrets: SecretStore
  /** For one request. A server on this machine may have to load the model first. */
  readonly timeLimitMs?: number
  /** Before the second try. */
  readonly backoffMs?: number
}

const TIME_LIMIT_MS = 120_000
const BACKOFF_MS = 500
const PROBE = 'Stackroom'

/** Asks the server for one vector when the number of dimensions is not known yet, and remembers it. */
export async function openServerModel(
  id: string,
  context: ServerModelContext,
  wanted: WantedSettings,
  signal: AbortSignal | undefined,
): Promise<EmbedModel> {
  const [server, model] = resolveId(id, context.settings)
  const stored = server.models[model] ?? {}
  const known = server.kind === 'compatible' ? undefined : openAiModels[model]
  const asked = wanted.dimensions ?? stored.dimensions ?? known?.dimensions
  const shortened = known?.shortens === true && asked !== known.dimensions
  const { client, target } = await connect(server, model, context, shortened ? asked : undefined)
  const limits = limitsOf(server, context)
  const dimensions = asked ?? (await probe(client, target, limits.queries, signal))
  if (stored.dimensions === undefined && known === undefined)
    await context.settings.setModel(server.name, model, { dimensions })
  const prefixes = prefixesOf(server.kind === 'compatible' ? model : '')
  return new ServerEmbedModel({
    identity: {
      id,
      dimensions,
      pooling: 'provider',
      normalized: true,
      queryPrefix: wanted.queryPrefix ?? stored.queryPrefix ?? prefixes.queryPrefix,
      documentPrefix: wanted.documentPrefix ?? stored.documentPrefix ?? prefixes.documentPrefix,
      longText: 'provider',
      // as LlamaIndex's classes for them do, or the vectors of both would differ
      lineBreaks: wanted.lineBreaks ?? (server.kind === 'compatible' ? 'kept' : 'as-spaces'),
      revision: '',
    },
    maximumTokens: stored.maximumTokens ?? known?.maximumTokens ?? DEFAULT_MAXIMUM_TOKENS,
    offline: isThisMachine(server.baseUrl),
    client,
    target,
    limits,
  })
}

/** The models that a server lists, those that can embed first. */
export async function listServerModels(
  name: string,
  context: ServerModelContext,
  signal: AbortSignal | undefined,
): Promise<ServerModel[]> {
  const server = context.settings.server(name)
  if (!server) throw new StackroomError('not-found', `There is no server named ${name}.`)
  const { client, target } = await connect(server, null, context, undefined)
  const ids = await run(() => client.models(signal), target, limitsOf(server, context).queries, signal)
  return ids
    .map((id) => ({
      id: `${name}:${id}`,
      canEmbed: canEmbed(id) ?? (server.kind === 'openai' ? false : null),
    }))
    .sort((a, b) => rank(a) - rank(b))
}

const rank = (model: ServerModel): number => (model.canEmbed === null ? 1 : model.canEmbed ? 0 : 2)

function resolveId(id: string, settings: ModelSettings): [Server, string] {
  const colon = id.indexOf(':')
  const server = colon > 0 ? settings.server(id.slice(0, colon)) : undefined
  const model = id.slice(colon + 1)
  if (server && model) return [server, model]
  throw new StackroomError('no-such-model', `There is no embed model named ${id}.`, {
    hint: `Write it as <server>:<model>, with one of these servers: ${settings.servers.map((s) => s.name).join(', ')}.`,
  })
}

async function connect(
  server: Server,
  model: string | null,
  context: ServerModelContext,
  askForDimensions: number | undefined,
): Promise<{ client: EmbeddingsClient; target: RequestTarget }> {
  const { keyName, kind, baseUrl, name } = server
  const key = keyName ? await context.secrets.get(keyName) : null
  if (keyName && key === null)
    throw new StackroomError('no-key', `${name} needs a key, and there is none.`, {
      hint: `Enter the key of ${name}, or set the environment variable ${keyName}.`,
    })
  const timeLimitMs = context.timeLimitMs ?? TIME_LIMIT_MS
  return {
    client: new EmbeddingsClient({ server, model: model ?? '', key, askForDimensions, timeLimitMs }),
    target: { server: name, kind, baseUrl, model, keyName, key, timeLimitMs },
  }
}

async function probe(
  client: EmbeddingsClient,
  target: RequestTarget,
  retry: RetryOptions,
  signal: AbortSignal | undefined,
): Promise<number> {
  const [vector] = await run(() => client.embed([PROBE], signal), target, retry, signal)
  return vector!.length
}

async function run<Value>(
  request: () => Promise<Value>,
  target: RequestTarget,
  retry: RetryOptions,
  signal: AbortSignal | undefined,
): Promise<Value> {
  try {
    return await withRetries(request, (error) => explainFailure(error, target), new ServerPause(), {
      ...retry,
      signal,
    })
  } catch (error) {
    throw error instanceof RequestFailure ? error.failed.error : error
  }
}

/** Hosted services take a hundred texts and more at once; a server at home works through them on its own processor. */
function limitsOf(server: Server, context: ServerModelContext): ServerLimits {
  const hosted = !isThisMachine(server.baseUrl)
  const backoffMs = context.backoffMs ?? BACKOFF_MS
  return {
    textsPerRequest: hosted && server.kind !== 'compatible' ? 96 : 32,
    tokensPerRequest: hosted ? 60_000 : 16_000,
    requestsAtOnce: hosted ? 4 : 2,
    documents: { attempts: 6, backoffMs, maximumWaitMs: 60_000 },
    queries: { attempts: 2, backoffMs, maximumWaitMs: 5_000 },
  }
}

export function isThisMachine(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname)
}
