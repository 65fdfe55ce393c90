/**
 * Rows of a table as text, a line for each. As in LlamaIndex's PandasExcelReader the first row names the columns, and every
 * value stands behind the name of its column, so that a chunk from the middle says what its numbers are.
 */

/** What the cells of a row show, by their columns. Cells without text are empty, or not there. */
export type Row = readonly (string | undefined)[]

export class TableText {
  readonly #lines: string[] = []
  #names: Row | undefined

  /** The first row gives the names. */
  add(row: Row): void {
    if (this.#names === undefined) {
      this.#names = row
      return
    }
    let line = ''
    for (let column = 0; column < row.length; column++) {
      const value = row[column] ?? ''
      if (value === '') continue
      const name = this.#names[column] ?? ''
      line += `${line === '' ? '' : ', '}${name === '' ? `Unnamed: ${column}` : name}: ${value}`
    }
    if (line !== '') this.#lines.push(line)
  }

  finish(): string {
    if (this.#lines.length > 0) return this.#lines.join('\n')
    return (this.#names ?? []).filter((name) => name !== undefined && name !== '').join(', ')
  }
}
