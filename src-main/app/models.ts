/** The embed models at hand: running ones with the embedding cache before them, the servers, and who may have the text. */
import { StackroomError, type EmbedModelInfo } from '#contract'
import { cachedEmbedModel, type CachedEmbedModel } from '#engine/embed/cache/cached-model.ts'
import { EmbeddingCache } from '#engine/embed/cache/embedding-cache.ts'
import type { EmbedModel, EmbedModelIdentity } from '#engine/embed/embed-model.ts'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { isThisMachine } from '#engine/embed/providers/open-server-model.ts'
import type { TokenizerSettings } from '#engine/ingest/node-parser-settings.ts'
import type { SecretStore } from '#platform/secrets.ts'
import { Consents } from './consents.ts'
import { ModelServers } from './model-servers.ts'

export interface ModelsOptions {
  readonly dataFolder: string
  readonly resourcesFolder: string
  /** Default: the environment, then a file that only the user can read. */
  readonly secrets?: SecretStore | undefined
}

/** Of an identity that was recorded, all that the model at hand is to be opened with; or an id alone. */
export type WantedModel = string | EmbedModelIdentity

export class Models implements AsyncDisposable {
  readonly registry: EmbedModelRegistry
  readonly servers: ModelServers
  readonly #consents: Consents
  readonly #cache: EmbeddingCache
  readonly #open = new Map<string, Promise<CachedEmbedModel>>()

  constructor({ dataFolder, resourcesFolder, secrets }: ModelsOptions) {
    this.registry = new EmbedModelRegistry({ dataFolder, resourcesFolder, ...(secrets && { secrets }) })
    this.#cache = new EmbeddingCache({ dataFolder })
    this.#consents = new Consents(dataFolder)
    this.servers = new ModelServers(this.registry, this.#consents, () => this.#open.clear())
  }

  list(): EmbedModelInfo[] {
    return this.registry.list()
  }

  /** What is on the list under this id. @throws StackroomError `no-such-model` */
  info(id: string): EmbedModelInfo {
    const found = this.list().find((model) => model.id === id)
    if (found) return found
    throw new StackroomError('no-such-model', `There is no embed model named ${id} on the list.`, {
      hint: 'Add it to the models first. `stackroom models` lists those that are there.',
    })
  }

  /** Takes a model off the list; nothing on disk is deleted. @throws StackroomError `invalid-input` */
  async remove(id: string): Promise<void> {
    const { settings } = this.registry
    const server = this.registry.serverOf(id)
    if (server) await settings.replaceModel(server.name, id.slice(server.name.length + 1), undefined)
    else if (id.startsWith('onnx:'))
      await settings.setFolders(settings.folders.filter((folder) => `onnx:${folder}` !== id))
    else throw new StackroomError('invalid-input', `${id} comes with Stackroom and stays on the list.`)
    await this.reopen(id)
  }

  /** The model is opened anew the next time, with what is known of it now. */
  async reopen(id: string): Promise<void> {
    this.forgetOpened()
    await this.registry.closeModel(id)
  }

  /** The model with the cache before it. @throws StackroomError `no-such-model`, or what is wrong with the model. */
  open(wanted: WantedModel): Promise<CachedEmbedModel> {
    const key = JSON.stringify(wanted)
    let opening = this.#open.get(key)
    if (!opening) {
      opening = this.openUncached(wanted).then((model) => cachedEmbedModel(model, this.#cache))
      this.#open.set(key, opening)
      opening.catch(() => this.#open.delete(key))
    }
    return opening
  }

  /** As `open`, but every text is embedded: for asking what the model says today. */
  async openUncached(wanted: WantedModel, signal?: AbortSignal): Promise<EmbedModel> {
    if (typeof wanted === 'string') return this.registry.open(wanted, { signal })
    return asRecorded(await this.registry.open(wanted.id, { signal, recorded: wanted }), wanted)
  }

  /** The next `open` opens anew: what is known of a model has changed. */
  forgetOpened(): void {
    this.#open.clear()
  }

  /** The server that text is sent to beyond this machine; null when none is. */
  remoteServerOf(
    id: string,
  ): { readonly name: string; readonly baseUrl: string; readonly host: string } | null {
    const server = this.registry.serverOf(id)
    if (!server || isThisMachine(server.baseUrl)) return null
    return { name: server.name, baseUrl: server.baseUrl, host: new URL(server.baseUrl).host }
  }

  async needsConsent(id: string, persistDir: string): Promise<boolean> {
    const server = this.remoteServerOf(id)
    return server !== null && !(await this.#consents.has(server, persistDir))
  }

  /** @throws StackroomError `consent-required` */
  async requireConsent(id: string, persistDir: string): Promise<void> {
    if (await this.needsConsent(id, persistDir)) throw this.consentRequired(id)
  }

  /** The user named the model for this folder: that is a consent. */
  async giveConsent(id: string, persistDir: string): Promise<void> {
    const server = this.remoteServerOf(id)
    if (server) await this.#consents.give(server, persistDir)
  }

  consentRequired(id: string): StackroomError {
    const host = this.remoteServerOf(id)?.host ?? 'a server'
    return new StackroomError(
      'consent-required',
      `${id} does not run on this machine: the text of the documents and of questions would be sent to ${host}.`,
      {
        hint: 'Nothing was sent. Allow it for this folder, or choose a model that runs on this machine. On the command line, name the model with --model to allow it.',
      },
    )
  }

  /** What chunks for this model are measured with. */
  tokenizerOf(id: string): TokenizerSettings {
    if (id === BUNDLED_MODEL_ID) return { kind: 'model', folder: this.registry.bundledModelFolder }
    if (id.startsWith('onnx:')) return { kind: 'model', folder: id.slice('onnx:'.length) }
    return { kind: 'cl100k_base' }
  }

  async close(): Promise<void> {
    await this.registry.close()
    await this.#cache.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** The model with the settings that the index was built with, where only those differ. */
function asRecorded(model: EmbedModel, recorded: EmbedModelIdentity): EmbedModel {
  const { identity } = model
  const { queryPrefix, documentPrefix, longText, lineBreaks } = recorded
  if (identity.dimensions !== recorded.dimensions)
    throw new StackroomError(
      'wrong-model',
      `The model ${identity.id} makes vectors of ${identity.dimensions} dimensions; those of this index have ${recorded.dimensions}.`,
      { hint: otherModelHint },
    )
  if (
    identity.revision !== recorded.revision ||
    identity.pooling !== recorded.pooling ||
    identity.normalized !== recorded.normalized
  )
    throw new StackroomError(
      'wrong-model',
      `The model ${identity.id} is not the one this index was built with: its weights have changed.`,
      { hint: `Put the former model back. ${otherModelHint}` },
    )
  if (
    identity.queryPrefix === queryPrefix &&
    identity.documentPrefix === documentPrefix &&
    identity.longText === longText &&
    identity.lineBreaks === lineBreaks
  )
    return model
  if (!model.vary)
    throw new StackroomError(
      'wrong-model',
      `The model ${identity.id} cannot be used in the way this index was built with it.`,
      { hint: otherModelHint },
    )
  return model.vary({ queryPrefix, documentPrefix, longText, lineBreaks })
}

export const otherModelHint =
  'Choose the model that made the vectors, or embed the folder again with a model that you have: its documents are not needed for that.'
