/** The user's own models: local folders and servers, in `models.json` of the data folder. Never a key. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { writeJsonFile } from '#platform/json-file.ts'
import { knownServers, serverSchema, type Server, type ServerModelSettings } from './providers/servers.ts'

const folderSettingsSchema = z.object({
  queryPrefix: z.string().optional(),
  documentPrefix: z.string().optional(),
})
/** What a user may say about a model folder, beyond what is in it. */
export type FolderModelSettings = z.infer<typeof folderSettingsSchema>

const modelSettingsSchema = z.object({
  version: z.literal(1),
  folders: z.array(z.string()),
  /** By the folder's path. */
  folderSettings: z.record(z.string(), folderSettingsSchema).default({}),
  servers: z.array(serverSchema),
  /** Texts a second on this machine, by the model's id. */
  speeds: z.record(z.string(), z.number().positive()).default({}),
})

export class ModelSettings {
  readonly #path: string
  #value: z.infer<typeof modelSettingsSchema>
  #last: Promise<void> = Promise.resolve()
  #changes = 0

  readonly #knownServers: readonly Server[]

  constructor(dataFolder: string, environment: NodeJS.ProcessEnv = process.env) {
    this.#knownServers = knownServers(environment)
    this.#path = join(dataFolder, 'models.json')
    this.#value = read(this.#path)
  }

  /** Counts what could make a model another one: not its speed. */
  get changes(): number {
    return this.#changes
  }

  get folders(): readonly string[] {
    return this.#value.folders
  }

  folderSettings(folder: string): FolderModelSettings {
    return this.#value.folderSettings[folder] ?? {}
  }

  speedOf(id: string): number | undefined {
    return this.#value.speeds[id]
  }

  /** `known`: as it comes with Stackroom or the environment has it; `changed`: by the user; `own`: the user's. */
  originOf(name: string): 'known' | 'changed' | 'own' {
    const isKnown = this.#knownServers.some((server) => server.name === name)
    if (!isKnown) return 'own'
    return this.#value.servers.some((server) => server.name === name) ? 'changed' : 'known'
  }

  /** The user's servers, then the known ones that the user did not change. */
  get servers(): readonly Server[] {
    const own = this.#value.servers
    return [
      ...own,
      ...this.#knownServers.filter((known) => !own.some((server) => server.name === known.name)),
    ]
  }

  server(name: string): Server | undefined {
    return this.servers.find((server) => server.name === name)
  }

  async setFolders(folders: readonly string[]): Promise<void> {
    await this.#write({ ...this.#value, folders: [...folders] })
  }

  async setFolderSettings(folder: string, settings: FolderModelSettings): Promise<void> {
    const all = { ...this.#value.folderSettings, [folder]: { ...this.folderSettings(folder), ...settings } }
    await this.#write({ ...this.#value, folderSettings: all })
  }

  async setSpeed(id: string, textsPerSecond: number): Promise<void> {
    const speeds = { ...this.#value.speeds, [id]: textsPerSecond }
    await this.#write({ ...this.#value, speeds }, this.#changes)
  }

  /** Adds a server, or replaces the one of this name. */
  async setServer(server: Server): Promise<void> {
    const parsed = serverSchema.safeParse(server)
    if (!parsed.success || ['bundled', 'onnx'].includes(server.name))
      throw new StackroomError('invalid-input', `The server ${server.name} cannot be added.`, {
        hint: 'It needs a name of letters, digits and dashes, and an address that starts with http:// or https://.',
        cause: parsed.error,
      })
    const others = this.#value.servers.filter((other) => other.name !== server.name)
    await this.#write({ ...this.#value, servers: [...others, parsed.data] })
  }

  async removeServer(name: string): Promise<void> {
    await this.#write({
      ...this.#value,
      servers: this.#value.servers.filter((server) => server.name !== name),
    })
  }

  /** What is known about a model of a server, added to what was. */
  async setModel(serverName: string, model: string, settings: ServerModelSettings): Promise<void> {
    const server = this.server(serverName)
    if (!server) throw new StackroomError('not-found', `There is no server named ${serverName}.`)
    const models = { ...server.models, [model]: { ...server.models[model], ...settings } }
    await this.setServer({ ...server, models })
  }

  /** Exactly this, or nothing any more. */
  async replaceModel(
    serverName: string,
    model: string,
    settings: ServerModelSettings | undefined,
  ): Promise<void> {
    const server = this.server(serverName)
    if (!server) return
    const others = Object.entries(server.models).filter(([name]) => name !== model)
    const models = Object.fromEntries(settings ? [...others, [model, settings]] : others)
    await this.setServer({ ...server, models })
  }

  async #write(value: z.infer<typeof modelSettingsSchema>, changes = this.#changes + 1): Promise<void> {
    this.#value = value
    this.#changes = changes
    this.#last = this.#last.catch(() => {}).then(() => writeJsonFile(this.#path, value))
    await this.#last
  }
}

function read(path: string): z.infer<typeof modelSettingsSchema> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { version: 1, folders: [], folderSettings: {}, servers: [], speeds: {} }
    throw error
  }
  try {
    return modelSettingsSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new StackroomError('damaged-file', `The file ${path} cannot be read.`, {
      hint: 'Correct it, or delete it and add your models again. Keys are not in it.',
      cause,
    })
  }
}
