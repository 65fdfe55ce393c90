/** All embed models that can be used, by id: what each is, and the one running instance of each. */
import { join } from 'node:path'
import { StackroomError, type EmbedModelInfo } from '#contract'
import type { EmbedModel } from './embed-model.ts'
import { readModelFolder, revisionOf } from './model-folder.ts'
import { openOnnxModel } from './onnx-model.ts'

export const BUNDLED_MODEL_ID = 'bundled:all-MiniLM-L6-v2'
/** As `revisionOf` the bundled folder, known beforehand so that nothing is read before the first text. */
export const BUNDLED_MODEL_REVISION = '14bef49e038d48b0'

export interface EmbedModelRegistryOptions {
  /** The app's `resources` folder, which holds `models/`. */
  readonly resourcesFolder: string
  /** Where the user's own choices are kept. */
  readonly dataFolder: string
}

export class EmbedModelRegistry implements AsyncDisposable {
  readonly #options: EmbedModelRegistryOptions
  readonly #open = new Map<string, Promise<EmbedModel>>()

  constructor(options: EmbedModelRegistryOptions) {
    this.#options = options
  }

  /** For `createBundledTokenizer`. */
  get bundledModelFolder(): string {
    return join(this.#options.resourcesFolder, 'models', 'all-MiniLM-L6-v2')
  }

  list(): EmbedModelInfo[] {
    return [
      {
        id: BUNDLED_MODEL_ID,
        name: 'all-MiniLM-L6-v2',
        dimensions: 384,
        maximumTokens: 256,
        offline: true,
        description: 'Comes with Stackroom and runs on this machine. English; small and quick.',
      },
    ]
  }

  /**
   * The model, shared by all who ask for it; it starts working with the first text. Disposing what this returns does
   * nothing: the registry closes its models. Throws `no-such-model`, or what is wrong with the model's folder.
   */
  async open(id: string, options: { signal?: AbortSignal } = {}): Promise<EmbedModel> {
    options.signal?.throwIfAborted()
    let opening = this.#open.get(id)
    if (!opening) {
      opening = this.#create(id)
      this.#open.set(id, opening)
      opening.catch(() => this.#open.delete(id))
    }
    return shared(await opening)
  }

  async #create(id: string): Promise<EmbedModel> {
    if (id === BUNDLED_MODEL_ID)
      return openOnnxModel({
        id,
        model: readModelFolder(this.bundledModelFolder),
        revision: BUNDLED_MODEL_REVISION,
      })
    if (id.startsWith('onnx:')) {
      const model = readModelFolder(id.slice('onnx:'.length))
      return openOnnxModel({ id, model, revision: await revisionOf(model) })
    }
    throw new StackroomError('no-such-model', `There is no embed model named ${id}.`, {
      hint: `Choose one of: ${this.list()
        .map((model) => model.id)
        .join(', ')}.`,
    })
  }

  /** Ends all models; calls under way are rejected. */
  async close(): Promise<void> {
    const models = await Promise.allSettled(this.#open.values())
    this.#open.clear()
    for (const model of models) if (model.status === 'fulfilled') await model.value[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function shared(model: EmbedModel): EmbedModel {
  return {
    identity: model.identity,
    maximumTokens: model.maximumTokens,
    offline: model.offline,
    embedDocuments: (texts, options) => model.embedDocuments(texts, options),
    embedQuery: (text, options) => model.embedQuery(text, options),
    ...(model.vary && { vary: (settings) => shared(model.vary!(settings)) }),
    [Symbol.asyncDispose]: async () => {},
  }
}
