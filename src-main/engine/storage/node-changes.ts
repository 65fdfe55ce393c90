/**
 * Which nodes were changed since the working store was made, noted by the database itself in the transaction of the change:
 * what the keyword index and filters in memory follow. A node is there once, with its last change.
 */
import { randomUUID } from 'node:crypto'
import type Database from 'better-sqlite3'

export const nodeChangesTable = `
  CREATE TABLE IF NOT EXISTS node_changes (sequence INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
`

/** Under `meta`: names this run of changes. Whoever follows another one begins anew. */
const runKey = 'node-changes'
/** Under `meta`: the changes up to this one are not noted any more. */
const forgottenKey = 'node-changes-forgotten'

function trigger(event: 'INSERT' | 'UPDATE OF value' | 'DELETE'): string {
  const row = event === 'DELETE' ? 'OLD' : 'NEW'
  return `CREATE TRIGGER IF NOT EXISTS note_node_${event.slice(0, 6)} AFTER ${event} ON entries
    WHEN EXISTS (SELECT 1 FROM sections WHERE id = ${row}.section AND role IN ('nodes', 'vector-metadata')) BEGIN
    INSERT OR REPLACE INTO node_changes (key) VALUES (${row}.key);
  END`
}

/** From here on. After an import, as its entries are all new to whoever follows. */
export function noteNodeChanges(database: Database.Database): void {
  database.exec(
    (['INSERT', 'UPDATE OF value', 'DELETE'] as const).map((event) => `${trigger(event)};`).join('\n'),
  )
  database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(runKey, randomUUID())
}

/** Null: nobody notes changes. */
export function nodeChangesRun(database: Database.Database): string | null {
  const run = database.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(runKey)
  return typeof run === 'string' ? run : null
}

/** The last change; 0: there was none. */
export function lastNodeChange(database: Database.Database): number {
  return Number(database.prepare('SELECT max(sequence) FROM node_changes').pluck().get() ?? 0)
}

/** In their order; null: those that came next are not noted any more. */
export function nodeChangesAfter(
  database: Database.Database,
  sequence: number,
  limit: number,
): { readonly sequence: number; readonly key: string }[] | null {
  const forgotten = database.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(forgottenKey)
  if (sequence < Number(forgotten ?? 0)) return null
  return database
    .prepare('SELECT sequence, key FROM node_changes WHERE sequence > ? ORDER BY sequence LIMIT ?')
    .all(sequence, limit) as { sequence: number; key: string }[]
}

/** Those that the keyword index has. The last one stays, so that no number is given twice. */
export function forgetNodeChanges(database: Database.Database, until: number): void {
  database.transaction(() => {
    const { changes } = database
      .prepare(
        'DELETE FROM node_changes WHERE sequence <= ? AND sequence < (SELECT max(sequence) FROM node_changes)',
      )
      .run(until)
    if (changes > 0)
      database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(forgottenKey, String(until))
  })()
}
