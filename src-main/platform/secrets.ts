/**
 * Keys of model servers and stores, by name. A name is written as its environment variable is: OPENAI_API_KEY.
 * A host with a keychain brings its own SecretStore; the others use the environment and a file that only the user can read.
 */
import { chmod, stat } from 'node:fs/promises'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { readJsonFile, writeJsonFile } from './json-file.ts'

export interface SecretStore {
  get(name: string): Promise<string | null>
  /** Where the key of this name is; null: there is none. */
  originOf(name: string): Promise<'environment' | 'stored' | null>
  set(name: string, value: string): Promise<void>
  delete(name: string): Promise<void>
}

const secretsSchema = z.record(z.string(), z.string())

export interface FileSecretStoreOptions {
  readonly path: string
  /** Looked at first. Default: the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

export class FileSecretStore implements SecretStore {
  readonly #path: string
  readonly #environment: Readonly<Record<string, string | undefined>>
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: FileSecretStoreOptions) {
    this.#path = options.path
    this.#environment = options.environment ?? process.env
  }

  async get(name: string): Promise<string | null> {
    const value = this.#environment[name]
    if (value) return value
    return (await this.#read())[name] ?? null
  }

  async originOf(name: string): Promise<'environment' | 'stored' | null> {
    if (this.#environment[name]) return 'environment'
    return (await this.#read())[name] === undefined ? null : 'stored'
  }

  async set(name: string, value: string): Promise<void> {
    if (!/^[A-Z][A-Z0-9_]*$/.test(name))
      throw new StackroomError('invalid-input', `${name} is no name for a key.`, {
        hint: 'Use capital letters, digits and underscores, as in OPENAI_API_KEY.',
      })
    await this.#change((secrets) => ({ ...secrets, [name]: value }))
  }

  async delete(name: string): Promise<void> {
    if ((await this.#read())[name] === undefined) return
    await this.#change(({ [name]: _, ...others }) => others)
  }

  async #read(): Promise<Record<string, string>> {
    await this.#lock()
    return readJsonFile(this.#path, secretsSchema, () => ({}))
  }

  /** One change after the other; the file is written readable by its owner only. */
  #change(change: (secrets: Record<string, string>) => Record<string, string>): Promise<void> {
    const work = this.#last.then(async () => writeJsonFile(this.#path, change(await this.#read())))
    this.#last = work.catch(() => {})
    return work
  }

  /** A file that was copied here by hand may be readable by others. */
  async #lock(): Promise<void> {
    if (process.platform === 'win32') return
    try {
      if ((await stat(this.#path)).mode & 0o077) await chmod(this.#path, 0o600)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
}
