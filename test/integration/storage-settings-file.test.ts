/** stackroom.json: kept in full, refused when it is of a later version, and never with a secret in it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { sourceSettingsSchema } from '#contract'
import { openHere } from './persist-dirs.ts'
import { readSettings, writeSettings } from '#engine/storage/stackroom-settings-file.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-settings-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const settings: StackroomSettings = {
  version: 2,
  name: 'Notes “of Ada”',
  created: '2026-11-25T10:00:00.000Z',
  lastIndexed: null,
  embedModel: {
    id: 'openai:text-embedding-3-small',
    dimensions: 1536,
    pooling: 'provider',
    normalized: true,
    queryPrefix: 'query: ',
    documentPrefix: '',
    longText: 'provider',
    lineBreaks: 'kept',
    metadataMode: 'embed',
    revision: '',
  },
  transformations: [{ className: 'SentenceSplitter', chunk_size: 1024 }],
  vectorStore: { kind: 'simple' },
  sources: [sourceSettingsSchema.parse({ path: '/home/ada/notes', exclude: ['drafts/**'] })],
  deletedFiles: 'keep',
}

async function textOf(): Promise<string> {
  return readFile(join(folder, 'stackroom.json'), 'utf8')
}

test('what is written is read again', async () => {
  writeSettings(folder, settings)
  expect(readSettings(folder)).toEqual(settings)
  expect(readSettings(join(folder, 'nowhere'))).toBeNull()
})

test('sources of version 1 were paths alone: they get the rules that they had', async () => {
  const old = { ...settings, version: 1, sources: ['/home/ada/notes'], deletedFiles: undefined }
  await writeFile(join(folder, 'stackroom.json'), JSON.stringify(old))
  expect(readSettings(folder)).toMatchObject({
    version: 2,
    sources: [
      { path: '/home/ada/notes', include: [], exclude: [], gitignore: true, hidden: false, watch: false },
    ],
  })
})

test('fields that this version does not know are kept, at every level', async () => {
  const later = {
    ...settings,
    colour: { hue: 1 },
    embedModel: { ...settings.embedModel, instruction: 'Represent:', extra: [1] },
    transformations: [{ className: 'Later', x: null }],
    vectorStore: { kind: 'simple', region: 'eu' },
  }
  await writeFile(join(folder, 'stackroom.json'), JSON.stringify(later))
  const read = readSettings(folder)
  expect(read).toEqual(later)
  writeSettings(folder, { ...read!, name: 'Renamed' })
  expect(JSON.parse(await textOf())).toEqual({ ...later, name: 'Renamed' })
})

test('a file of a later version is refused with its number, and stays as it is', async () => {
  const text = JSON.stringify({ ...settings, version: 3, embedModel: 'another shape' })
  await writeFile(join(folder, 'stackroom.json'), text)
  const refused = expect.objectContaining({
    code: 'unsupported-format',
    message: expect.stringContaining('version 3') as string,
  }) as Error
  expect(() => readSettings(folder)).toThrow(refused)
  const opened = openHere(folder, join(folder, 'data')).then(async (storage) => {
    await storage.summary().finally(() => storage.close())
  })
  await expect(opened).rejects.toThrow(refused)
  expect(await textOf()).toBe(text)
})

test('a file that is no settings is told as damaged', async () => {
  for (const text of ['', '{', '[]', '{"version": 1}', '{"version": "1"}']) {
    await writeFile(join(folder, 'stackroom.json'), text)
    expect(() => readSettings(folder)).toThrow(expect.objectContaining({ code: 'damaged-file' }) as Error)
  }
})

test('keys, tokens and passwords are left out, wherever they stand', async () => {
  const secret = 'sk-very-secret'
  const careless = {
    ...settings,
    embedModel: {
      ...settings.embedModel,
      apiKey: secret,
      server: {
        api_key: secret,
        headers: { authorization: secret },
        baseUrl: `https://ada:${secret}@host/v1?a=b`,
      },
    },
    vectorStore: {
      kind: 'pgvector',
      password: secret,
      connection: `postgresql://ada:${secret}@host:5432/db`,
    },
  }
  writeSettings(folder, z.custom<StackroomSettings>().parse(careless))
  const text = await textOf()
  expect(text).not.toContain(secret)
  expect(JSON.parse(text)).toMatchObject({
    embedModel: { id: 'openai:text-embedding-3-small', server: { baseUrl: 'https://host/v1?a=b' } },
    vectorStore: { kind: 'pgvector', connection: 'postgresql://host:5432/db' },
  })
})
