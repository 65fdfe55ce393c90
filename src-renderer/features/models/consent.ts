/** Whether the user has to be asked before text of a folder goes to a model. */
import type { EmbedModelInfo, ModelServer } from '#contract'

/** The server that text would be sent to; null for a model on this computer. */
export function remoteServerOf(
  model: EmbedModelInfo | undefined,
  servers: readonly ModelServer[],
): ModelServer | null {
  if (model === undefined || model.offline || model.server === undefined) return null
  return servers.find(({ name }) => name === model.server) ?? null
}

export function consentNeeded(
  model: EmbedModelInfo | undefined,
  servers: readonly ModelServer[],
  persistDir: string,
): boolean {
  if (model === undefined || model.offline) return false
  const server = remoteServerOf(model, servers)
  if (server === null) return true
  return !server.offline && server.consents !== 'everything' && !server.consents.includes(persistDir)
}

/** Whether there is a key where one is needed. */
export function hasKey(model: EmbedModelInfo, servers: readonly ModelServer[]): boolean {
  return servers.find(({ name }) => name === model.server)?.key !== 'missing'
}
