/** Which engine opens a Chroma folder, also after an engine was killed in the middle of a transaction. */
import Database from 'better-sqlite3'
import { cp, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { engineMigrations, readFolderVersion } from '#engine/stores/chroma/folder-version.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-version-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('a transaction that was broken off is undone, and the version is told', async () => {
  const path = join(folder, 'made.sqlite3')
  const killed = join(folder, 'chroma.sqlite3')
  const database = new Database(path)
  try {
    database.exec('CREATE TABLE migrations (dir TEXT, version INTEGER); CREATE TABLE records (text TEXT)')
    const insert = database.prepare('INSERT INTO migrations VALUES (?, ?)')
    for (const row of Object.entries(engineMigrations)) insert.run(...row)
    // More than the cache holds, so that pages are written before the transaction ends.
    database.exec('PRAGMA cache_size = 1; BEGIN; UPDATE migrations SET version = 99')
    const record = database.prepare('INSERT INTO records VALUES (?)')
    for (let count = 0; count < 2000; count++) record.run('x'.repeat(1000))
    await cp(path, killed)
    await cp(`${path}-journal`, `${killed}-journal`)
    database.exec('ROLLBACK')
  } finally {
    database.close()
  }
  expect((await stat(`${killed}-journal`)).size).toBeGreaterThan(512)
  expect(readFolderVersion(folder)).toEqual({ version: 'same', migrations: engineMigrations })
})
