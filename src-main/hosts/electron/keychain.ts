/**
 * Keys of model servers in the desktop app: encrypted by the system's keychain (Electron's safeStorage) before they are
 * written. The environment goes first, and a key that the command line or the web host kept is found too.
 */
import { join } from 'node:path'
import { safeStorage } from 'electron'
import { z } from 'zod'
import { readJsonFile, writeJsonFile } from '#platform/json-file.ts'
import { FileSecretStore, type SecretStore } from '#platform/secrets.ts'

const fileSchema = z.object({ version: z.literal(1), keys: z.record(z.string(), z.base64()) })

export interface KeychainOptions {
  readonly dataFolder: string
  /** Default: the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** To be called when the app is ready. Without a keychain, keys go into a file that only the user can read. */
export function openKeychain({ dataFolder, environment }: KeychainOptions): SecretStore {
  const path = join(dataFolder, 'secrets.json')
  const file = new FileSecretStore({ path, ...(environment && { environment }) })
  return canEncrypt() ? new Keychain(join(dataFolder, 'keychain.json'), file) : file
}

/** On Linux without a keyring Electron would encrypt with a password that everybody knows. */
function canEncrypt(): boolean {
  if (!safeStorage.isEncryptionAvailable()) return false
  return process.platform !== 'linux' || safeStorage.getSelectedStorageBackend() !== 'basic_text'
}

class Keychain implements SecretStore {
  readonly #path: string
  readonly #file: FileSecretStore
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string, file: FileSecretStore) {
    this.#path = path
    this.#file = file
  }

  async get(name: string): Promise<string | null> {
    if ((await this.#file.originOf(name)) === 'environment') return this.#file.get(name)
    const encrypted = (await this.#read())[name]
    if (encrypted === undefined) return this.#file.get(name)
    try {
      return safeStorage.decryptString(Buffer.from(encrypted, 'base64'))
    } catch {
      // Encrypted by another user or on another machine: nobody can read it here, and it has to be entered again.
      return null
    }
  }

  async originOf(name: string): Promise<'environment' | 'stored' | null> {
    const inFile = await this.#file.originOf(name)
    if (inFile !== null) return inFile
    return (await this.get(name)) === null ? null : 'stored'
  }

  async set(name: string, value: string): Promise<void> {
    const encrypted = safeStorage.encryptString(value).toString('base64')
    await this.#change((keys) => ({ ...keys, [name]: encrypted }))
    await this.#file.delete(name)
  }

  async delete(name: string): Promise<void> {
    await this.#change((keys) => Object.fromEntries(Object.entries(keys).filter(([key]) => key !== name)))
    await this.#file.delete(name)
  }

  async #read(): Promise<Record<string, string>> {
    return (await readJsonFile(this.#path, fileSchema, () => ({ version: 1 as const, keys: {} }))).keys
  }

  #change(change: (keys: Record<string, string>) => Record<string, string>): Promise<void> {
    const work = this.#last.then(async () => {
      await writeJsonFile(this.#path, { version: 1, keys: change(await this.#read()) })
    })
    this.#last = work.catch(() => undefined)
    return work
  }
}
