/** Keys in the desktop app. Electron's safeStorage stands at the edge: here it turns the bytes around. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FileSecretStore } from '#platform/secrets.ts'

const system = vi.hoisted(() => ({ available: true, backend: 'gnome_libsecret', user: 'ada' }))
vi.mock('electron', () => ({
  safeStorage: {
    isEncryptionAvailable: () => system.available,
    getSelectedStorageBackend: () => system.backend,
    encryptString: (text: string) => Buffer.from(`${system.user}:${text}`).reverse(),
    decryptString: (bytes: Buffer) => {
      const [user, text] = Buffer.from(bytes).reverse().toString().split(':')
      if (user !== system.user)
        throw new Error('Error while decrypting the ciphertext provided to safeStorage.')
      return text
    },
  },
}))
const { openKeychain } = await import('../../src-main/hosts/electron/keychain.ts')

const KEY = 'sk-planted-key-in-the-desktop-app'
let dataFolder: string

beforeEach(async () => {
  Object.assign(system, { available: true, backend: 'gnome_libsecret', user: 'ada' })
  dataFolder = await mkdtemp(join(tmpdir(), 'stackroom-keychain-'))
})
afterEach(() => rm(dataFolder, { recursive: true }))

async function written(): Promise<string> {
  const names = await readdir(dataFolder)
  return (await Promise.all(names.map((name) => readFile(join(dataFolder, name), 'utf8')))).join()
}

test('a key is encrypted before it is written, and found after a restart', async () => {
  await openKeychain({ dataFolder, environment: {} }).set('A_KEY', KEY)
  expect(await written()).not.toContain(KEY)
  const again = openKeychain({ dataFolder, environment: {} })
  expect(await again.get('A_KEY')).toBe(KEY)
  expect(await again.originOf('A_KEY')).toBe('stored')
  await again.delete('A_KEY')
  expect(await again.get('A_KEY')).toBeNull()
  expect(await again.originOf('A_KEY')).toBeNull()
})

test('the environment goes first; a key that the command line kept is found and moves into the keychain', async () => {
  const file = new FileSecretStore({ path: join(dataFolder, 'secrets.json'), environment: {} })
  await file.set('A_KEY', KEY)
  const keychain = openKeychain({ dataFolder, environment: { B_KEY: 'b' } })
  expect(await keychain.get('A_KEY')).toBe(KEY)
  expect(await keychain.get('B_KEY')).toBe('b')
  expect(await keychain.originOf('B_KEY')).toBe('environment')
  await keychain.set('A_KEY', KEY)
  expect(await keychain.get('A_KEY')).toBe(KEY)
  expect(await written()).not.toContain(KEY)
})

test('a key that another user encrypted counts as missing', async () => {
  await openKeychain({ dataFolder, environment: {} }).set('A_KEY', KEY)
  system.user = 'grace'
  const keychain = openKeychain({ dataFolder, environment: {} })
  expect(await keychain.get('A_KEY')).toBeNull()
  expect(await keychain.originOf('A_KEY')).toBeNull()
})

const onLinux = process.platform === 'linux'
const withoutKeychain: readonly (readonly [string, Partial<typeof system>])[] = [
  ['without a keychain', { available: false }],
  ...(onLinux ? [['where Electron would only scramble', { backend: 'basic_text' }] as const] : []),
]

test.each(withoutKeychain)('%s the key goes into the file that only the user can read', async (_, change) => {
  Object.assign(system, change)
  await openKeychain({ dataFolder, environment: {} }).set('A_KEY', KEY)
  expect(await readdir(dataFolder)).toEqual(['secrets.json'])
})
