/** Whether a Chroma folder's SQLite part is whole, and one that the engine can open. */
import { z } from 'zod'
import type { ProblemList } from '../../../storage/verify/problem-list.ts'
import { chromaFile, engineMigrations, migrationsText } from '../folder-version.ts'
import type { ChromaReader } from './chroma-database.ts'

/** What can be made anew from the tables: SQLite's indexes, and the index of the full-text search. */
const inAnIndex =
  /missing from index|wrong # of entries in index|non-unique entry in index|malformed inverted index|fts5/i

/** Throws what SQLite throws where the file is so damaged that it cannot even be looked through. */
export function checkDatabase(database: ChromaReader, problems: ProblemList): void {
  const rows = z
    .array(z.object({ integrity_check: z.string() }))
    .parse(database.rows('PRAGMA integrity_check'))
  for (const { integrity_check: message } of rows) {
    if (message === 'ok') continue
    const isIndex = inAnIndex.test(message)
    problems.add({
      code: isIndex ? 'damaged-database-index' : 'damaged-database',
      message: `SQLite says: ${message.trim()}`,
      file: chromaFile,
      repairable: true,
    })
  }
  checkVersion(database, problems)
  checkSeqIds(database, problems)
}

function checkVersion(database: ChromaReader, problems: ProblemList): void {
  const migrations = Object.fromEntries(
    z
      .array(z.object({ dir: z.string(), version: z.number() }))
      .parse(database.rows('SELECT dir, max(version) AS version FROM migrations GROUP BY dir'))
      .map(({ dir, version }) => [dir, version]),
  )
  const isNewer = Object.entries(migrations).some(([part, last]) => last > (engineMigrations[part] ?? 0))
  if (!isNewer) return
  problems.add({
    code: 'unsupported-version',
    message: `A newer Chroma (${migrationsText(migrations)}) than this Stackroom has wrote the folder.`,
    file: chromaFile,
    section: 'migrations',
    repairable: false,
  })
}

/** From metadb 5 on these are whole numbers; a folder that two versions wrote to has some of the older bytes, which end the engine. */
function checkSeqIds(database: ChromaReader, problems: ProblemList): void {
  if (database.number("SELECT max(version) FROM migrations WHERE dir = 'metadb'") < 5) return
  for (const [segment] of database.each(
    "SELECT segment_id FROM max_seq_id WHERE typeof(seq_id) <> 'integer'",
  ))
    problems.add({
      code: 'unreadable-entry',
      message: `The last change of the segment ${String(segment)} is noted as an older version does it, which Chroma 1.x cannot read.`,
      file: chromaFile,
      section: 'max_seq_id',
      key: String(segment),
      repairable: true,
    })
}
