/** Ways in which Chroma folders are damaged, for tests: on copies of folders that Python's chromadb wrote. */
import Database from 'better-sqlite3'
import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'

export const chromaFixtures = resolve(import.meta.dirname, '../fixtures/chroma')
export const chromaVersions = ['0.4.24', '0.5.23', '0.6.3', '1.0.20', '1.5.9'] as const
export type ChromaVersion = (typeof chromaVersions)[number]

const expectedSchema = z.record(
  z.string(),
  z.object({
    metadata: z.record(z.string(), z.unknown()).nullable(),
    records: z.record(
      z.string(),
      z.object({
        vector: z.array(z.number()),
        document: z.string().nullable(),
        metadata: z.record(z.string(), z.unknown()).nullable(),
      }),
    ),
  }),
)
export type SeenByPython = z.infer<typeof expectedSchema>

/** What the version that made the folder says is in it. */
export function expectedIn(version: ChromaVersion): SeenByPython {
  return expectedSchema.parse(
    JSON.parse(readFileSync(join(chromaFixtures, version, 'expected.json'), 'utf8')),
  )
}

export function sql(folder: string, work: (database: Database.Database) => void): void {
  const database = new Database(join(folder, 'chroma.sqlite3'))
  try {
    work(database)
  } finally {
    database.close()
  }
}

export function segmentOf(
  folder: string,
  collection: string,
  scope: 'VECTOR' | 'METADATA' = 'VECTOR',
): string {
  let id: unknown
  sql(folder, (database) => {
    id = database
      .prepare(
        'SELECT s.id FROM segments s JOIN collections c ON c.id = s.collection WHERE c.name = ? AND s.scope = ?',
      )
      .pluck()
      .get(collection, scope)
  })
  return z.string().parse(id)
}

/** A file of the HNSW segment of `notes`. */
export function hnswFile(folder: string, name: string): string {
  return join(folder, segmentOf(folder, 'notes'), name)
}

export function overwrite(path: string, at: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+')
  try {
    writeSync(file, bytes, 0, bytes.length, at)
  } finally {
    closeSync(file)
  }
}

/** SQLite's pages of these folders have 4096 bytes. */
export function zeroPage(folder: string, number: number): void {
  overwrite(join(folder, 'chroma.sqlite3'), (number - 1) * 4096, new Uint8Array(4096))
}

export function rootPageOf(folder: string, name: string): number {
  let page: unknown
  sql(folder, (database) => {
    page = database.prepare('SELECT rootpage FROM sqlite_master WHERE name = ?').pluck().get(name)
  })
  return z.number().parse(page)
}

/** Names, sizes and contents of all that is in a folder. */
export function fingerprint(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map(
      (path) =>
        `${path} ${statSync(path).size} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`,
    )
}
