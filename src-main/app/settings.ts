/** The user's settings: read once, written as a whole. */
import { join } from 'node:path'
import { settingsSchema, type Settings } from '#contract'
import { readJsonFile, writeJsonFile } from '#platform/json-file.ts'

export class SettingsFile {
  readonly #path: string
  #settings: Settings

  private constructor(path: string, settings: Settings) {
    this.#path = path
    this.#settings = settings
  }

  static async load(dataFolder: string): Promise<SettingsFile> {
    const path = join(dataFolder, 'settings.json')
    return new SettingsFile(
      path,
      await readJsonFile(path, settingsSchema, () => ({ theme: 'system' as const })),
    )
  }

  read(): Settings {
    return this.#settings
  }

  async write(change: { [Key in keyof Settings]?: Settings[Key] | undefined }): Promise<Settings> {
    this.#settings = { ...this.#settings, theme: change.theme ?? this.#settings.theme }
    await writeJsonFile(this.#path, this.#settings)
    return this.#settings
  }
}
