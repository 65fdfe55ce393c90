/** All embed models that can be used, by id: what each is, and the one running instance of each. */
import { basename, join, resolve } from 'node:path'
import { StackroomError, type EmbedModelInfo, type ServerModel } from '#contract'
import { FileSecretStore, type SecretStore } from '#platform/secrets.ts'
import type { EmbedModel, EmbedModelIdentity, EmbedModelSettings } from './embed-model.ts'
import { readModelFolder, revisionOf } from './model-folder.ts'
import { ModelSettings } from './model-settings.ts'
import { openOnnxModel } from './onnx-model.ts'
import {
  isThisMachine,
  listServerModels,
  openServerModel,
  type ServerModelContext,
} from './providers/open-server-model.ts'
import { prefixesOf, type Prefixes } from './prefixes.ts'
import { DEFAULT_MAXIMUM_TOKENS, openAiModels, type Server } from './providers/servers.ts'

export const BUNDLED_MODEL_ID = 'bundled:all-MiniLM-L6-v2'
/** As `revisionOf` the bundled folder, known beforehand so that nothing is read before the first text. */
export const BUNDLED_MODEL_REVISION = '14bef49e038d48b0'

/** What people shorten vectors to. */
const usualShortLengths: readonly number[] = [256, 512, 1024, 1536]

export interface EmbedModelRegistryOptions {
  /** The app's `resources` folder, which holds `models/`. */
  readonly resourcesFolder: string
  /** Where the user's own choices are kept. */
  readonly dataFolder: string
  /** Default: the environment, then `secrets.json` in the data folder. */
  readonly secrets?: SecretStore
  /** For servers; see ServerModelContext. */
  readonly requests?: Pick<ServerModelContext, 'timeLimitMs' | 'backoffMs'>
}

export interface OpenModelOptions {
  signal?: AbortSignal | undefined
  /** What an index was built with: the model is opened with the same dimensions, prefixes and treatment of long texts. */
  recorded?: Partial<Pick<EmbedModelIdentity, 'dimensions'> & EmbedModelSettings> | undefined
}

export class EmbedModelRegistry implements AsyncDisposable {
  /** Folders and servers that the user added. */
  readonly settings: ModelSettings
  readonly secrets: SecretStore
  readonly #resourcesFolder: string
  readonly #context: ServerModelContext
  readonly #open = new Map<string, Promise<EmbedModel>>()

  constructor(options: EmbedModelRegistryOptions) {
    this.#resourcesFolder = options.resourcesFolder
    this.settings = new ModelSettings(options.dataFolder)
    this.secrets = options.secrets ?? new FileSecretStore({ path: join(options.dataFolder, 'secrets.json') })
    this.#context = { ...options.requests, settings: this.settings, secrets: this.secrets }
  }

  /** For `createBundledTokenizer`. */
  get bundledModelFolder(): string {
    return join(this.#resourcesFolder, 'models', 'all-MiniLM-L6-v2')
  }

  list(): EmbedModelInfo[] {
    const bundled: EmbedModelInfo = {
      id: BUNDLED_MODEL_ID,
      name: 'all-MiniLM-L6-v2',
      dimensions: 384,
      maximumTokens: 256,
      offline: true,
      description: 'Comes with Stackroom and runs on this machine. English; small and quick.',
      queryPrefix: '',
      documentPrefix: '',
      pooling: 'mean',
      normalized: true,
      removable: false,
    }
    return [
      bundled,
      ...this.settings.folders.flatMap((folder) => folderInfo(folder, this.settings)),
      ...this.settings.servers.flatMap(serverInfos),
    ].map((model) => {
      const textsPerSecond = this.settings.speedOf(model.id)
      return textsPerSecond === undefined ? model : { ...model, textsPerSecond }
    })
  }

  /** Models whose vectors are so long, or can be made so. */
  candidatesFor(dimensions: number): EmbedModelInfo[] {
    const shortened = this.settings.servers
      .filter(({ kind }) => kind === 'openai')
      .flatMap((server) => serverInfos(server))
      .filter(({ name, dimensions: own }) => dimensions < own && openAiModels[name]?.shortens === true)
      .map((model) => ({ ...model, dimensions }))
    const fitting = this.list().filter((model) => model.dimensions === dimensions)
    return usualShortLengths.includes(dimensions) ? [...fitting, ...shortened] : fitting
  }

  /** The server that a model runs on; null for a model of this machine's. */
  serverOf(id: string): Server | null {
    if (id === BUNDLED_MODEL_ID || id.startsWith('onnx:')) return null
    return this.settings.server(id.slice(0, Math.max(0, id.indexOf(':')))) ?? null
  }

  /** Whether the user said which prefixes the model gets, rather than its own files or the family of its name. */
  hasChosenPrefixes(id: string): boolean {
    const server = this.serverOf(id)
    const { queryPrefix, documentPrefix } =
      (server
        ? server.models[id.slice(server.name.length + 1)]
        : this.settings.folderSettings(id.slice('onnx:'.length))) ?? {}
    return queryPrefix !== undefined || documentPrefix !== undefined
  }

  /** Adds a local model after looking into its folder; returns what it is. Throws as `readModelFolder`. */
  async addFolder(folder: string): Promise<EmbedModelInfo> {
    const path = resolve(folder)
    readModelFolder(path)
    await this.settings.setFolders([...new Set([...this.settings.folders, path])])
    return folderInfo(path, this.settings)[0]!
  }

  /** The models of a server, so that one can be chosen. */
  listServerModels(name: string, options: { signal?: AbortSignal } = {}): Promise<ServerModel[]> {
    return listServerModels(name, this.#context, options.signal)
  }

  /**
   * The model, shared by all who ask for it; it starts working with the first text. Disposing what this returns does
   * nothing: the registry closes its models. Throws `no-such-model`, `no-key`, or what is wrong with folder or server.
   */
  async open(id: string, options: OpenModelOptions = {}): Promise<EmbedModel> {
    const { signal, recorded = {} } = options
    signal?.throwIfAborted()
    const local = id === BUNDLED_MODEL_ID || id.startsWith('onnx:')
    if (!local) return shared(await openServerModel(id, this.#context, recorded, signal))
    let opening = this.#open.get(id)
    if (!opening) {
      opening = this.#openLocal(id)
      this.#open.set(id, opening)
      opening.catch(() => this.#open.delete(id))
    }
    const model = await opening
    const { queryPrefix, documentPrefix, longText, lineBreaks } = { ...model.identity, ...recorded }
    return shared(model.vary?.({ queryPrefix, documentPrefix, longText, lineBreaks }) ?? model)
  }

  async #openLocal(id: string): Promise<EmbedModel> {
    if (id === BUNDLED_MODEL_ID)
      return openOnnxModel({
        id,
        model: readModelFolder(this.bundledModelFolder),
        revision: BUNDLED_MODEL_REVISION,
      })
    const folder = id.slice('onnx:'.length)
    const read = readModelFolder(folder)
    const model = { ...read, ...prefixesFor(folder, read), ...this.settings.folderSettings(folder) }
    return openOnnxModel({ id, model, revision: await revisionOf(read) })
  }

  /** Ends one model; the next `open` reads its folder anew. Calls under way are rejected. */
  async closeModel(id: string): Promise<void> {
    const opening = this.#open.get(id)
    this.#open.delete(id)
    const [model] = await Promise.allSettled([opening])
    if (model.status === 'fulfilled') await model.value?.[Symbol.asyncDispose]()
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

/** What its own files say; else what the models of its name want. */
function prefixesFor(folder: string, { queryPrefix, documentPrefix }: Prefixes): Prefixes {
  return queryPrefix === '' && documentPrefix === ''
    ? prefixesOf(basename(folder))
    : { queryPrefix, documentPrefix }
}

/** Nothing for a folder that was taken away or damaged: `open` says what is wrong with it. */
function folderInfo(folder: string, settings: ModelSettings): EmbedModelInfo[] {
  try {
    const { dimensions, maximumTokens, pooling, normalized, ...read } = readModelFolder(folder)
    const { queryPrefix, documentPrefix } = {
      ...prefixesFor(folder, read),
      ...settings.folderSettings(folder),
    }
    return [
      {
        id: `onnx:${folder}`,
        name: basename(folder),
        dimensions,
        maximumTokens,
        offline: true,
        description: 'Runs on this machine, from a folder of yours.',
        queryPrefix,
        documentPrefix,
        pooling,
        normalized,
        removable: true,
      },
    ]
  } catch (error) {
    if (error instanceof StackroomError) return []
    throw error
  }
}

/** OpenAI's own models, and those of other servers whose dimensions are known from having been used. */
function serverInfos(server: Server): EmbedModelInfo[] {
  const names = new Set([
    ...(server.kind === 'openai' ? Object.keys(openAiModels) : []),
    ...Object.keys(server.models),
  ])
  return [...names].flatMap((model) => {
    const known = server.kind === 'openai' ? openAiModels[model] : undefined
    const stored = server.models[model]
    const dimensions = stored?.dimensions ?? known?.dimensions
    if (dimensions === undefined) return []
    const offline = isThisMachine(server.baseUrl)
    const prefixes = prefixesOf(server.kind === 'compatible' ? model : '')
    const price =
      stored?.usdPerMillionTokens === undefined ? known?.usdPerMillionTokens : stored.usdPerMillionTokens
    return [
      {
        id: `${server.name}:${model}`,
        name: model,
        dimensions,
        maximumTokens: stored?.maximumTokens ?? known?.maximumTokens ?? DEFAULT_MAXIMUM_TOKENS,
        offline,
        description: offline
          ? `Runs on this machine, in ${server.name}.`
          : `Runs at ${server.name}: the text of your documents and questions is sent to ${new URL(server.baseUrl).host}.`,
        ...(typeof price === 'number' && { usdPerMillionTokens: price }),
        ...(server.keyName && { keyName: server.keyName }),
        queryPrefix: stored?.queryPrefix ?? prefixes.queryPrefix,
        documentPrefix: stored?.documentPrefix ?? prefixes.documentPrefix,
        server: server.name,
        removable: stored !== undefined,
      },
    ]
  })
}
