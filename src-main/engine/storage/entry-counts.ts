/**
 * How many entries, vectors and masked rows there are, kept by the database itself: exact whoever changes a table, and
 * read at once however many there are.
 */
import type Database from 'better-sqlite3'

export const countsTable = `
  /* Of entries by section, of vectors and of masked rows by vector store. */
  CREATE TABLE counts (what TEXT NOT NULL, id INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (what, id)) WITHOUT ROWID;
`

/** A row may be masked more than once, for more than one reason. */
const onlyMaskOfRow = `WHEN NOT EXISTS (SELECT 1 FROM masked WHERE store = ROW.store AND row = ROW.row AND id <> ROW.id)`

function trigger(table: string, id: string, event: 'INSERT' | 'DELETE', when = ''): string {
  const row = event === 'INSERT' ? 'NEW' : 'OLD'
  const by = event === 'INSERT' ? 1 : -1
  return `CREATE TRIGGER count_${table}_${event} AFTER ${event} ON ${table} ${when.replaceAll('ROW', row)} BEGIN
    INSERT INTO counts VALUES ('${table}', ${row}.${id}, ${by}) ON CONFLICT DO UPDATE SET count = count + ${by};
  END`
}

/** As SQLite keeps their text. */
export const countTriggers: readonly string[] = (['INSERT', 'DELETE'] as const).flatMap((event) => [
  trigger('entries', 'section', event),
  trigger('vectors', 'store', event),
  trigger('masked', 'store', event, onlyMaskOfRow),
])

/** Counts once, and from here on with each change. After an import, as its rows need not be counted one by one. */
export function countWithTriggers(database: Database.Database): void {
  database.exec(`
    CREATE INDEX masked_row ON masked (store, row);
    INSERT INTO counts SELECT 'entries', section, count(*) FROM entries GROUP BY section;
    INSERT INTO counts SELECT 'vectors', store, count(*) FROM vectors GROUP BY store;
    INSERT INTO counts SELECT 'masked', store, count(DISTINCT row) FROM masked GROUP BY store;
    ${countTriggers.join(';\n')};
  `)
}
