/** The servers that models run on: the user's own and the known ones, their keys (which never come back) and consents. */
import { StackroomError, type ModelServer, type ModelServerInput, type ServerModel } from '#contract'
import type { EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { isThisMachine } from '#engine/embed/providers/open-server-model.ts'
import type { Server } from '#engine/embed/providers/servers.ts'
import type { Consents } from './consents.ts'

export class ModelServers {
  readonly #registry: EmbedModelRegistry
  readonly #consents: Consents

  readonly #onChange: () => void

  /** @param onChange called when models of a server have to be opened anew */
  constructor(registry: EmbedModelRegistry, consents: Consents, onChange: () => void) {
    this.#registry = registry
    this.#consents = consents
    this.#onChange = onChange
  }

  list(): Promise<ModelServer[]> {
    return Promise.all(this.#registry.settings.servers.map((server) => this.#describe(server)))
  }

  /** Adds it, or changes the one of this name; its models stay. */
  async save({ key, ...input }: ModelServerInput): Promise<ModelServer> {
    if (key !== undefined && input.keyName === undefined)
      throw new StackroomError('invalid-input', 'The key of the server needs a name.', {
        hint: 'Name it as an environment variable is named, for example MY_SERVER_API_KEY.',
      })
    const before = this.#registry.settings.server(input.name)
    const { name, kind, baseUrl, apiVersion, keyName } = input
    await this.#registry.settings.setServer({
      name,
      kind,
      baseUrl,
      ...(apiVersion !== undefined && { apiVersion }),
      ...(keyName !== undefined && { keyName }),
      models: before?.models ?? {},
    })
    if (key !== undefined && keyName !== undefined) await this.#registry.secrets.set(keyName, key)
    this.#onChange()
    return this.#describe(this.get(name))
  }

  async remove(name: string): Promise<void> {
    const { settings, secrets } = this.#registry
    const server = this.get(name)
    await settings.removeServer(name)
    await this.#consents.takeBack(server, null)
    this.#onChange()
    const { keyName } = server
    if (keyName && !settings.servers.some((other) => other.keyName === keyName)) await secrets.delete(keyName)
  }

  async setKey(name: string, key: string | null): Promise<ModelServer> {
    const server = this.get(name)
    if (!server.keyName)
      throw new StackroomError('invalid-input', `${name} has no name for a key.`, {
        hint: 'Change the server first: give its key a name, as an environment variable is named.',
      })
    const { secrets } = this.#registry
    if (key === null) await secrets.delete(server.keyName)
    else await secrets.set(server.keyName, key)
    this.#onChange()
    return this.#describe(server)
  }

  async consent(name: string, persistDir: string | null, given: boolean): Promise<ModelServer> {
    const server = this.get(name)
    if (given) await this.#consents.give(server, persistDir)
    else await this.#consents.takeBack(server, persistDir)
    return this.#describe(server)
  }

  modelsOf(name: string, signal: AbortSignal): Promise<ServerModel[]> {
    return this.#registry.listServerModels(name, { signal })
  }

  /** @throws StackroomError `not-found` */
  get(name: string): Server {
    const server = this.#registry.settings.server(name)
    if (server) return server
    throw new StackroomError('not-found', `There is no server named ${name}.`)
  }

  async #describe(server: Server): Promise<ModelServer> {
    const { name, kind, baseUrl, apiVersion, keyName } = server
    return {
      name,
      kind,
      baseUrl,
      ...(apiVersion !== undefined && { apiVersion }),
      host: new URL(baseUrl).host,
      offline: isThisMachine(baseUrl),
      ...(keyName !== undefined && { keyName }),
      key:
        keyName === undefined
          ? 'not-needed'
          : ((await this.#registry.secrets.originOf(keyName)) ?? 'missing'),
      origin: this.#registry.settings.originOf(name),
      consents: await this.#consents.of(server),
    }
  }
}
