/**
 * Folders in which work over sources is under way, noted in the data folder: after a crash or a quit the app knows which
 * ones to open and go on with. What is to be done in each is in its working store.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { readJsonFile, writeJsonFile } from '#platform/json-file.ts'

const fileSchema = z.object({ version: z.literal(1), folders: z.array(z.string()) })

export class UnfinishedFolders {
  readonly #path: string
  #folders: Promise<Set<string>> | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(dataFolder: string) {
    this.#path = join(dataFolder, 'unfinished-folders.json')
  }

  async list(): Promise<string[]> {
    return [...(await this.#load())]
  }

  async add(persistDir: string): Promise<void> {
    const folders = await this.#load()
    if (folders.has(persistDir)) return
    folders.add(persistDir)
    await this.#write(folders)
  }

  async remove(persistDir: string): Promise<void> {
    const folders = await this.#load()
    if (folders.delete(persistDir)) await this.#write(folders)
  }

  #load(): Promise<Set<string>> {
    this.#folders ??= readJsonFile(this.#path, fileSchema, () => ({ version: 1 as const, folders: [] })).then(
      ({ folders }) => new Set(folders),
    )
    return this.#folders
  }

  #write(folders: ReadonlySet<string>): Promise<void> {
    const write = (): Promise<void> => writeJsonFile(this.#path, { version: 1, folders: [...folders] })
    this.#writing = this.#writing.then(write, write)
    return this.#writing
  }
}
