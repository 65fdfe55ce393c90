/** Which embed model belongs to which folder, and the running models with the embedding cache before them. */
import { StackroomError, type EmbedModelInfo } from '#contract'
import { cachedEmbedModel, type CachedEmbedModel } from '#engine/embed/cache/cached-model.ts'
import { EmbeddingCache } from '#engine/embed/cache/embedding-cache.ts'
import type { EmbedModel, EmbedModelIdentity } from '#engine/embed/embed-model.ts'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import type { TokenizerSettings } from '#engine/ingest/node-parser-settings.ts'
import { Consents } from './consents.ts'
import { ModelServers } from './model-servers.ts'
import type { StorageSummary } from '#engine/storage/storage-folder.ts'

export interface ModelsOptions {
  readonly dataFolder: string
  readonly resourcesFolder: string
}

/** What can be said about a folder's model without starting it. */
export interface ModelChoice {
  readonly id: string | null
  /** False when it was chosen by its dimensions. */
  readonly recorded: boolean
  readonly warning: string | null
  /** Why no model fits. */
  readonly error: StackroomError | null
}

type SummaryOfModel = Pick<StorageSummary, 'dimensions' | 'settings'>

export class Models implements AsyncDisposable {
  readonly #registry: EmbedModelRegistry
  readonly #cache: EmbeddingCache
  readonly #open = new Map<string, Promise<CachedEmbedModel>>()
  readonly servers: ModelServers

  constructor(options: ModelsOptions) {
    this.#registry = new EmbedModelRegistry(options)
    this.#cache = new EmbeddingCache({ dataFolder: options.dataFolder })
    this.servers = new ModelServers(this.#registry, new Consents(options.dataFolder))
  }

  list(): EmbedModelInfo[] {
    return this.#registry.list()
  }

  /** @throws StackroomError with why the folder cannot be used as a model. */
  addFolder(path: string): Promise<EmbedModelInfo> {
    return this.#registry.addFolder(path)
  }

  /** The model with the cache before it. @throws StackroomError `no-such-model`, or what is wrong with the model. */
  open(id: string): Promise<CachedEmbedModel> {
    let opening = this.#open.get(id)
    if (!opening) {
      opening = this.#registry.open(id).then((model) => cachedEmbedModel(model, this.#cache))
      this.#open.set(id, opening)
      opening.catch(() => this.#open.delete(id))
    }
    return opening
  }

  /** The recorded model, or the first at hand whose vectors are as long as the folder's. */
  choiceFor({ dimensions, settings }: SummaryOfModel): ModelChoice {
    const recorded = settings?.embedModel
    if (recorded) {
      const known = this.list().find(({ id }) => id === recorded.id)
      const length = known?.dimensions ?? recorded.dimensions
      if (dimensions !== null && length !== dimensions)
        return refusal(mismatchWithRecorded(recorded.id, length, dimensions), recorded.id)
      return { id: recorded.id, recorded: true, warning: null, error: null }
    }
    if (dimensions === null) return { id: BUNDLED_MODEL_ID, recorded: false, warning: null, error: null }
    const fitting = this.list().find((model) => model.dimensions === dimensions)
    if (!fitting) return refusal(noModelOf(dimensions), null)
    return {
      id: fitting.id,
      recorded: false,
      warning: `The folder does not say which model made its vectors. ${fitting.name} was chosen because its vectors have ${dimensions} dimensions too; if the hits make no sense, another model made them.`,
      error: null,
    }
  }

  /** @throws StackroomError `dimension-mismatch` or `wrong-model`: then nothing may be embedded for this folder. */
  async modelFor(summary: SummaryOfModel): Promise<EmbedModel> {
    const { id, error } = this.choiceFor(summary)
    if (error) throw error
    const model = await this.open(id ?? BUNDLED_MODEL_ID)
    const { dimensions } = summary
    if (dimensions !== null && model.identity.dimensions !== dimensions)
      throw mismatchWithRecorded(model.identity.id, model.identity.dimensions, dimensions)
    const recorded = summary.settings?.embedModel
    return recorded ? asRecorded(model, recorded) : model
  }

  /** What chunks for this model are measured with. */
  tokenizerOf(id: string): TokenizerSettings {
    if (id === BUNDLED_MODEL_ID) return { kind: 'model', folder: this.#registry.bundledModelFolder }
    if (id.startsWith('onnx:')) return { kind: 'model', folder: id.slice('onnx:'.length) }
    return { kind: 'cl100k_base' }
  }

  async close(): Promise<void> {
    await this.#registry.close()
    await this.#cache.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** The model with the settings that the index was built with, where only those differ. */
function asRecorded(model: EmbedModel, recorded: EmbedModelIdentity): EmbedModel {
  const { identity } = model
  const { queryPrefix, documentPrefix, longText } = recorded
  if (
    identity.revision !== recorded.revision ||
    identity.pooling !== recorded.pooling ||
    identity.normalized !== recorded.normalized
  )
    throw new StackroomError(
      'wrong-model',
      `The model ${identity.id} is not the one this index was built with: its weights have changed.`,
      {
        hint: 'Put the former model back, or index the documents again into a new folder.',
      },
    )
  if (
    identity.queryPrefix === queryPrefix &&
    identity.documentPrefix === documentPrefix &&
    identity.longText === longText
  )
    return model
  if (!model.vary)
    throw new StackroomError(
      'wrong-model',
      `The model ${identity.id} cannot be used in the way this index was built with it.`,
      {
        hint: 'Index the documents again into a new folder.',
      },
    )
  return model.vary({ queryPrefix, documentPrefix, longText })
}

function refusal(error: StackroomError, id: string | null): ModelChoice {
  return { id, recorded: id !== null, warning: null, error }
}

function mismatchWithRecorded(id: string, ofModel: number, ofFolder: number): StackroomError {
  return new StackroomError(
    'dimension-mismatch',
    `The vectors of this folder have ${ofFolder} dimensions, but ${id} makes vectors with ${ofModel}.`,
    {
      hint: 'Another program may have indexed into it with another model. Index the documents again into a new folder.',
    },
  )
}

function noModelOf(dimensions: number): StackroomError {
  return new StackroomError(
    'dimension-mismatch',
    `The vectors of this folder have ${dimensions} dimensions, and no model at hand makes such vectors.`,
    {
      hint: 'It can be searched only with the model that it was built with. Or index its documents again, into a new folder, with the model that comes with Stackroom.',
    },
  )
}
