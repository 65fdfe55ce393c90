/**
 * Excel workbooks: a document for each sheet, a line for each row. As in LlamaIndex's PandasExcelReader the first row names
 * the columns and every value stands behind the name of its column; empty cells are left out.
 */
import type { FileReader, ReadPart } from './reader.ts'
import { TableText, type Row } from './table-text.ts'
import { readDateStyles, readSharedStrings, readSheetRows, readSheets } from './xlsx-parts.ts'
import { readRelationships } from './xml.ts'
import { brokenDocument, readZip, zipText } from './zip.ts'

export const xlsxReader: FileReader = {
  maximumBytes: 100 * 1024 * 1024,
  numbersParts: true,
  read({ bytes }) {
    const files = readZip(bytes, (name) =>
      /^xl\/(workbook|sharedStrings|styles|worksheets\/[^/]+|_rels\/workbook\.xml)\.(xml|rels)$/i.test(name),
    )
    const workbook = zipText(files, 'xl/workbook.xml')
    if (workbook === undefined) throw brokenDocument()
    const targets = readRelationships(zipText(files, 'xl/_rels/workbook.xml.rels'), 'xl')
    const { sheets, since1904 } = readSheets(workbook)
    const strings = readSharedStrings(zipText(files, 'xl/sharedStrings.xml') ?? '')
    const dateStyles = readDateStyles(zipText(files, 'xl/styles.xml') ?? '')
    return sheets.flatMap(({ name, id }, part): ReadPart[] => {
      const xml = zipText(files, targets.get(id) ?? '')
      if (xml === undefined) return []
      const rows = readSheetRows(xml, { strings, dateStyles, since1904 })
      return [{ part, text: rowsToText(rows), metadata: { sheet_name: name } }]
    })
  },
}

function rowsToText(rows: readonly Row[]): string {
  const table = new TableText()
  for (const row of rows) table.add(row)
  return table.finish()
}
