/**
 * Rows of a table as text, a line for each. As in LlamaIndex's PandasExcelReader the first row names the columns, and every
 * value stands behind the name of its column, so that a chunk from the middle says what its numbers are.
 */

/** What a cell shows, by its column, counted from 0. Cells without text are not in it. */
export type Row = ReadonlyMap<number, string>

export class TableText {
  readonly #lines: string[] = []
  #names: Row | undefined

  /** The first row gives the names. */
  add(row: Row): void {
    if (this.#names === undefined) {
      this.#names = row
      return
    }
    const names = this.#names
    const cells = [...row].map(([column, value]) => `${names.get(column) ?? `Unnamed: ${column}`}: ${value}`)
    if (cells.length > 0) this.#lines.push(cells.join(', '))
  }

  finish(): string {
    if (this.#lines.length > 0) return this.#lines.join('\n')
    return [...(this.#names?.values() ?? [])].join(', ')
  }
}
