/**
 * Finds out which pages of a damaged chroma.sqlite3 belong to which table, and gives their rows: along the trees as far as these
 * can be walked, and by what the rows look like where they cannot.
 */
import { looksLike, type LostTable } from './chroma-row-shapes.ts'
import { pageKind, type SqlitePages, type SqliteRow } from './sqlite-pages.ts'

export interface SchemaEntry {
  readonly type: string
  readonly name: string
  readonly table: string
  readonly root: number
  readonly sql: string | null
}

export class SalvagedTables {
  readonly schema: readonly SchemaEntry[]
  /** Rows that stand on pages that can be read and cannot be read themselves. */
  damagedRows = 0
  readonly #pages: SqlitePages
  /** Leaf pages by the name of what they belong to. */
  readonly #leaves = new Map<string, number[]>()
  readonly #seen = new Set<number>()

  constructor(pages: SqlitePages) {
    this.#pages = pages
    this.#walk('sqlite_master', 1)
    this.schema = [...this.rows('sqlite_master')].flatMap(schemaEntryOf)
    for (const { name, root } of this.schema) this.#walk(name, root)
    this.#placeLostPages()
  }

  get damagedPages(): number {
    let damaged = 0
    for (let number = 1; number <= this.#pages.pageCount; number++)
      if (this.#pages.page(number).every((byte) => byte === 0)) damaged++
    return damaged
  }

  *rows(name: string): Generator<SqliteRow> {
    for (const number of this.#leaves.get(name) ?? [])
      yield* this.#pages.rowsOf(number, () => void this.damagedRows++)
  }

  /** Rows of the index that a UNIQUE or PRIMARY KEY has made for a table; the row's number is their last value. */
  *indexRows(table: string, columns: number): Generator<SqliteRow> {
    for (const { type, name, table: of, sql } of this.schema) {
      if (type !== 'index' || of !== table || sql !== null) continue
      for (const row of this.rows(name)) if (row.values.length === columns) yield row
    }
  }

  #walk(name: string, root: number): void {
    const waiting = [root]
    for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
      if (number < 1 || number > this.#pages.pageCount || this.#seen.has(number)) continue
      const kind = this.#pages.kindOf(number)
      if (kind === pageKind.interiorTable || kind === pageKind.interiorIndex) {
        this.#seen.add(number)
        // Taken from the end, so that the first child comes first.
        waiting.push(...this.#pages.childrenOf(number).reverse())
      } else if (kind === pageKind.leafTable || kind === pageKind.leafIndex) this.#keep(name, number)
    }
  }

  #keep(name: string, number: number): void {
    this.#seen.add(number)
    const leaves = this.#leaves.get(name)
    if (leaves) leaves.push(number)
    else this.#leaves.set(name, [number])
  }

  #placeLostPages(): void {
    const free = this.#pages.freePages()
    for (let number = 2; number <= this.#pages.pageCount; number++) {
      if (this.#seen.has(number) || free.has(number)) continue
      if (this.#pages.kindOf(number) !== pageKind.leafTable) continue
      const rows = [...this.#pages.rowsOf(number, () => undefined)]
      const table: LostTable | undefined = rows.length === 0 ? undefined : looksLike(rows)
      if (table !== undefined) this.#keep(table, number)
    }
  }
}

function schemaEntryOf({ values }: SqliteRow): SchemaEntry[] {
  const [type, name, table, root, sql] = values
  if (typeof type !== 'string' || typeof name !== 'string' || typeof table !== 'string') return []
  return [
    {
      type,
      name,
      table,
      root: typeof root === 'number' ? root : 0,
      sql: typeof sql === 'string' ? sql : null,
    },
  ]
}
