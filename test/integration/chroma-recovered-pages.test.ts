/**
 * Chroma databases as a killed program leaves them, with a rollback journal or a write-ahead log beside them: made by SQLite
 * itself, copied in the middle of a transaction, damaged, and saved.
 */
import Database from 'better-sqlite3'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ChromaFolder } from '#engine/stores/chroma/verify/read-chroma-folder.ts'
import { repairChromaFolder } from '#engine/stores/chroma/verify/repair-chroma-folder.ts'
import { SqlitePages } from '#engine/stores/chroma/verify/sqlite-pages.ts'
import { chromaFixtures, expectedIn, overwrite, rootPageOf, zeroPage } from './chroma-damage.ts'

let place: string
/** Where a program works, and a copy of it at the moment of the kill. */
let alive: string
let killed: string

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'stackroom-chroma-killed-'))
  alive = join(place, 'alive')
  killed = join(place, 'killed')
  await cp(join(chromaFixtures, '1.5.9/chroma'), alive, { recursive: true })
})

afterEach(() => rm(place, { recursive: true, force: true }))

const fileOf = (folder: string): string => join(folder, 'chroma.sqlite3')

async function killedIn(work: (database: Database.Database) => void): Promise<void> {
  const database = new Database(fileOf(alive))
  try {
    work(database)
    // What SQLite has written so far, as a kill leaves it.
    await cp(alive, killed, { recursive: true })
  } finally {
    database.close()
  }
}

const changeTexts =
  "UPDATE embedding_metadata SET string_value = 'changed ' || string_value WHERE key = 'chroma:document'"
const addMuch = `WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1400)
  INSERT INTO embedding_metadata (id, key, string_value) SELECT i, 'much', hex(randomblob(600)) FROM n`

/** With so small a cache, SQLite writes to the file before the transaction ends, and to its journal before that. */
function midTransaction(database: Database.Database, journal: 'DELETE' | 'PERSIST' | 'WAL'): void {
  database.pragma(`journal_mode = ${journal}`)
  database.pragma('wal_autocheckpoint = 0')
  database.pragma('foreign_keys = OFF')
  database.pragma('cache_size = 2')
  database.pragma('cache_spill = 2')
  if (journal === 'WAL')
    database.exec("UPDATE embedding_metadata SET string_value = 'Eight again' WHERE string_value = 'Eight'")
  database.exec('BEGIN')
  database.exec(changeTexts)
  database.exec(addMuch)
}

/** All pages as SQLite has them after it has recovered a copy by itself. */
async function asSqliteRecovers(): Promise<Buffer> {
  const copy = join(place, 'recovered')
  await cp(killed, copy, { recursive: true })
  const database = new Database(fileOf(copy))
  database.prepare('SELECT count(*) FROM sqlite_master').get()
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.close()
  return readFileSync(fileOf(copy))
}

function pagesRead(): Buffer {
  using pages = new SqlitePages(fileOf(killed))
  return Buffer.concat(Array.from({ length: pages.pageCount }, (_, index) => pages.page(index + 1)))
}

test.each(['DELETE', 'PERSIST', 'WAL'] as const)(
  'the pages are those that SQLite itself recovers, byte for byte: %s',
  async (journal) => {
    await killedIn((database) => midTransaction(database, journal))
    expect(existsSync(fileOf(killed) + (journal === 'WAL' ? '-wal' : '-journal'))).toBe(true)
    const expected = await asSqliteRecovers()
    expect(readFileSync(fileOf(killed)).equals(expected)).toBe(false)
    expect(pagesRead().equals(expected)).toBe(true)
  },
)

test.each(['DELETE', 'WAL'] as const)(
  'of a whole transaction nothing is undone, or all is added: %s',
  async (journal) => {
    await killedIn((database) => {
      midTransaction(database, journal)
      database.exec('COMMIT')
    })
    expect(pagesRead().equals(await asSqliteRecovers())).toBe(true)
  },
)

test('a journal that was ended without being deleted undoes nothing', async () => {
  await killedIn((database) => {
    midTransaction(database, 'PERSIST')
    database.exec('COMMIT')
  })
  expect(existsSync(`${fileOf(killed)}-journal`)).toBe(true)
  expect(pagesRead().equals(await asSqliteRecovers())).toBe(true)
})

test.each([
  ['-journal', 'DELETE'],
  ['-wal', 'WAL'],
] as const)(
  'a %s that was cut off or damaged counts as far as SQLite believes it',
  async (ending, journal) => {
    await killedIn((database) => {
      midTransaction(database, journal)
      if (journal === 'WAL') database.exec('COMMIT')
    })
    const path = fileOf(killed) + ending
    overwrite(path, readFileSync(path).length - 5000, Buffer.alloc(3000, 7))
    expect(pagesRead().equals(await asSqliteRecovers())).toBe(true)
  },
)

function documentsOf(folder: string): Map<string, string | null> {
  using chroma = new ChromaFolder(folder, join(place, 'data'))
  // Its name may be lost.
  const notes = chroma.collections.toSorted((a, b) => b.records - a.records)[0]
  return new Map(notes && chroma.records(notes, { limit: 1000 }).map(({ id, document }) => [id, document]))
}

async function savedFrom(folder: string) {
  const options = { folder, dataFolder: join(place, 'data'), signal: new AbortController().signal }
  const { repair } = await repairChromaFolder(options)
  if (!repair?.saved) throw new Error('nothing was saved')
  return {
    documents: documentsOf(repair.saved),
    told: repair.actions.map(({ message }) => message).join(' '),
  }
}

const documentsBefore = (): Map<string, string | null> =>
  new Map(Object.entries(expectedIn('1.5.9').notes!.records).map(([id, { document }]) => [id, document]))

/** A page that the transaction never touched, so that the journal cannot bring it back. */
const damage = (): void => zeroPage(killed, rootPageOf(alive, 'collections'))

test('a damaged database with a hot journal is saved as it was before the change that was broken off', async () => {
  await killedIn((database) => midTransaction(database, 'DELETE'))
  damage()
  const { documents, told } = await savedFrom(killed)
  expect(documents).toEqual(documentsBefore())
  expect(told).toMatch(/broken off was undone: \d+ pages/)
})

test('a damaged database with a log is saved with what was committed to the log, and without the rest', async () => {
  await killedIn((database) => midTransaction(database, 'WAL'))
  overwrite(fileOf(killed), 0, new Uint8Array(100))
  const { documents, told } = await savedFrom(killed)
  expect(documents).toEqual(
    new Map([...documentsBefore()].map(([id, text]) => [id, text === 'Eight' ? 'Eight again' : text])),
  )
  expect(told).toMatch(/\d+ pages come from the database’s log/)
})
