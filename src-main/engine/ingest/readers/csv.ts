/**
 * Comma-separated values and their kin, by Papa Parse: a line for each row, every value behind the name of its column. Where
 * LlamaIndex's PandasCSVReader forgets the names, and turns `007` into `7` and what is missing into `nan`, values stay as
 * they are written, and empty ones are left out.
 */
import Papa from 'papaparse'
import { decodeText } from './decode-text.ts'
import type { FileReader } from './reader.ts'
import { TableText } from './table-text.ts'

const delimiters: Readonly<Record<string, string>> = { tsv: '\t', tab: '\t', psv: '|' }

export const csvReader: FileReader = {
  maximumBytes: 50 * 1024 * 1024,
  numbersParts: false,
  read({ path, bytes }) {
    const extension = /\.(\w+)(\.gz)?$/i.exec(path)?.[1]?.toLowerCase() ?? ''
    return [{ part: 0, text: csvToText(decodeText(bytes), delimiters[extension]), metadata: {} }]
  },
}

/** Without a delimiter the first rows tell it: a comma, a semicolon (where commas are decimal), a tab or a bar. */
function csvToText(csv: string, delimiter = ''): string {
  const table = new TableText()
  const lines: string[] = []
  let hasNames: boolean | undefined
  Papa.parse<readonly string[]>(csv, {
    delimiter,
    delimitersToGuess: [',', ';', '\t', '|'],
    skipEmptyLines: 'greedy',
    step: ({ data }) => {
      const cells = data.map((cell) => cell.trim())
      hasNames ??= areNames(cells)
      if (hasNames) table.add(cells)
      else lines.push(cells.join(', '))
    },
  })
  return hasNames === true ? table.finish() : lines.join('\n')
}

/** Names of columns are words, each another. A first row with a number in it, or an empty cell, is a row like the others. */
function areNames(cells: readonly string[]): boolean {
  return (
    new Set(cells).size === cells.length &&
    cells.every((cell) => cell !== '' && !/^[-+\d.,:/ %]+$/.test(cell))
  )
}
