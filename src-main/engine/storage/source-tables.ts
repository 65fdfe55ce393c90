/** The tables of a working store that are about source files: the manifest, and the report of the last run. */
import type Database from 'better-sqlite3'

const manifestColumns = `path TEXT PRIMARY KEY, bytes REAL NOT NULL, modified_ms REAL NOT NULL, content_hash TEXT NOT NULL,
    ref_doc_ids TEXT NOT NULL`

/** Under `meta`: a run over source files that was begun and not finished. */
export const unfinishedKey = 'unfinished-ingestion'

/** What the manifest has gained since version 4. */
const laterColumns = [
  // Which reader and node parser made the documents, with their versions and settings; empty: before that was kept.
  `read_by TEXT NOT NULL DEFAULT ''`,
  // The path that stands in the text that was embedded, where it is not the file's own: of moved and equal files.
  'embedded_path TEXT',
  // The same of the vectors that were replaced, until they are put back or thrown away.
  'old_embedded_path TEXT',
  // Why nothing could be made of the file as it is, as JSON; its documents are those of an earlier content.
  'failure TEXT',
]

const reportTable = `
  CREATE INDEX manifest_content ON manifest (content_hash);
  CREATE TABLE file_report (
    path TEXT PRIMARY KEY, state TEXT NOT NULL, code TEXT, message TEXT, moved_from TEXT
  ) WITHOUT ROWID;
  CREATE INDEX file_report_state ON file_report (state, path);
`

export const sourceTables = `
  CREATE TABLE manifest (${[manifestColumns, ...laterColumns].join(', ')}) WITHOUT ROWID;
  ${reportTable}
`

/** From version 4 of the working store. */
export function upgradeSourceTables(database: Database.Database): void {
  for (const column of laterColumns) database.exec(`ALTER TABLE manifest ADD COLUMN ${column}`)
  database.exec(reportTable)
}
