import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FileSecretStore } from '#platform/secrets.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-secrets-'))
  path = join(folder, 'secrets.json')
})
afterEach(() => rm(folder, { recursive: true }))

test('the environment goes before the file', async () => {
  const store = new FileSecretStore({ path, environment: { A_KEY: 'from the environment' } })
  await store.set('A_KEY', 'from the file')
  await store.set('B_KEY', 'from the file')
  expect(await store.get('A_KEY')).toBe('from the environment')
  expect(await store.get('B_KEY')).toBe('from the file')
  await store.delete('B_KEY')
  expect(await store.get('B_KEY')).toBeNull()
})

test('keys set at the same time are all kept', async () => {
  const store = new FileSecretStore({ path, environment: {} })
  await Promise.all(['A', 'B', 'C'].map((name) => store.set(name, name)))
  expect(await Promise.all(['A', 'B', 'C'].map((name) => store.get(name)))).toEqual(['A', 'B', 'C'])
})

test.skipIf(process.platform === 'win32')(
  'the file can be read by its owner only, also when it was loosened',
  async () => {
    const store = new FileSecretStore({ path, environment: {} })
    await store.set('A', 'a')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await chmod(path, 0o644)
    expect(await store.get('A')).toBe('a')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  },
)

test('a name that is no environment variable is refused', async () => {
  const store = new FileSecretStore({ path, environment: {} })
  await expect(store.set('my key', 'x')).rejects.toMatchObject({ code: 'invalid-input' })
})
