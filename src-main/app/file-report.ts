/** The report of every file, as CSV too. */
import type { FileReport, ReportedFile } from '#contract'
import type { FileReportQuery } from '#engine/storage/file-report.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'

const columns = ['path', 'state', 'code', 'message', 'from'] as const

export async function reportPageAsCsv(
  storage: Pick<StorageFolder, 'ingestion'>,
  query: FileReportQuery,
): Promise<{ csv: string; next: string | null }> {
  const { files, next }: FileReport = await storage.ingestion.report(query)
  const lines = files.map((file) => columns.map((column) => field(file[column])).join(','))
  if (query.after === null) lines.unshift(columns.join(','))
  return { csv: lines.map((line) => `${line}\r\n`).join(''), next }
}

/** All of it, a page at a time. */
export async function* reportAsCsv(
  storage: Pick<StorageFolder, 'ingestion'>,
  states?: readonly ReportedFile['state'][],
): AsyncGenerator<string, void, undefined> {
  for (let after: string | null = null; ;) {
    const { csv, next } = await reportPageAsCsv(storage, { states, after, limit: 5000 })
    yield csv
    if (next === null) return
    after = next
  }
}

/** As RFC 4180 has it. What a spreadsheet would take for a formula is led by an apostrophe. */
function field(value: string | null): string {
  if (value === null) return ''
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
