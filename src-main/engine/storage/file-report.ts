/** What the last run over each source did with each file: kept in the working store, read in pages. */
import { z } from 'zod'
import { fileStateSchema, type FileReport, type FileState, type ReportedFile } from '#contract'
import { insideOf } from './source-manifest.ts'
import type { WorkingStore } from './working-store.ts'

export interface FileReportQuery {
  readonly states?: readonly FileState[] | undefined
  /** Part of the path, in any case. */
  readonly search?: string | undefined
  /** The last path of the page before. */
  readonly after: string | null
  readonly limit: number
}

/** Begins the report of a run anew: what an earlier run said of these files and folders is forgotten. */
export interface ReportBeginning {
  readonly roots: readonly string[]
  /** ISO 8601. */
  readonly startedAt: string
}

const timesKey = 'file-report'
const timesSchema = z.object({ startedAt: z.string().nullable(), finishedAt: z.string().nullable() })
const rowSchema = z
  .object({
    path: z.string(),
    state: fileStateSchema,
    code: z.string().nullable(),
    message: z.string().nullable(),
    moved_from: z.string().nullable(),
  })
  .transform(({ moved_from: from, ...row }): ReportedFile => ({ ...row, from }))
const countSchema = z.object({ state: fileStateSchema, code: z.string().nullable(), files: z.number() })

export function beginReport(store: WorkingStore, { roots, startedAt }: ReportBeginning): void {
  store.database.transaction(() => {
    const remove = store.statement('DELETE FROM file_report WHERE path = ? OR (path > ? AND path < ?)')
    for (const root of roots) remove.run(root, ...insideOf(root))
    setTimes(store, { startedAt, finishedAt: null })
  })()
}

export function finishReport(store: WorkingStore, finishedAt: string): void {
  setTimes(store, { ...timesOf(store), finishedAt })
}

/** The newest word on a file counts. */
export function writeReport(store: WorkingStore, files: readonly ReportedFile[]): void {
  const write = store.statement('INSERT OR REPLACE INTO file_report VALUES (?, ?, ?, ?, ?)')
  const removeState = store.statement('DELETE FROM file_report WHERE path = ?')
  for (const { path, state, code, message, from } of files) {
    // An unchanged file needs no row: the manifest has it.
    if (state === 'unchanged') removeState.run(path)
    else write.run(path, state, code, message, from)
  }
}

export function readReport(store: WorkingStore, query: FileReportQuery): FileReport {
  const files = pageOf(store, query)
  const all = store
    .statement('SELECT state, code, count(*) AS files FROM file_report GROUP BY state, code')
    .all()
    .map((row) => countSchema.parse(row))
  const counts = Object.fromEntries(fileStateSchema.options.map((state) => [state, 0])) as Record<
    FileState,
    number
  >
  for (const { state, files: count } of all) counts[state] += count
  counts.unchanged = store.number(`SELECT count(*) FROM manifest WHERE ${unchanged}`)
  return {
    counts,
    causes: all.flatMap(({ state, code, files: count }) =>
      code === null ? [] : [{ state, code, files: count }],
    ),
    files,
    next: files.length === query.limit ? (files.at(-1)?.path ?? null) : null,
    ...timesOf(store),
  }
}

const unchanged = `failure IS NULL AND NOT EXISTS (SELECT 1 FROM file_report WHERE file_report.path = manifest.path)`

function pageOf(store: WorkingStore, { states, search, after, limit }: FileReportQuery): ReportedFile[] {
  const wanted = states ?? fileStateSchema.options
  const pattern = search ? `%${search.replace(/[\\%_]/g, '\\$&')}%` : '%'
  const stored = wanted.filter((state) => state !== 'unchanged')
  const parts: string[] = []
  if (stored.length > 0)
    parts.push(
      `SELECT path, state, code, message, moved_from FROM file_report
       WHERE state IN (SELECT value FROM json_each(:states)) AND path > :after AND path LIKE :pattern ESCAPE '\\'`,
    )
  if (wanted.includes('unchanged'))
    parts.push(
      `SELECT path, 'unchanged' AS state, NULL AS code, NULL AS message, NULL AS moved_from FROM manifest
       WHERE path > :after AND path LIKE :pattern ESCAPE '\\' AND ${unchanged}`,
    )
  const parameters = {
    after: after ?? '',
    pattern,
    limit,
    ...(stored.length > 0 && { states: JSON.stringify(stored) }),
  }
  return store
    .statement(`${parts.join(' UNION ALL ')} ORDER BY path LIMIT :limit`)
    .all(parameters)
    .map((row) => rowSchema.parse(row))
}

/** Of files that an index made anew does not have, only what was never about their documents. */
export function keepReport(store: WorkingStore, previous: WorkingStore): void {
  const isKnown = store.statement('SELECT 1 FROM manifest WHERE path = ?')
  const aboutDocuments: readonly FileState[] = ['added', 'changed', 'moved', 'missing']
  for (const row of previous
    .statement('SELECT path, state, code, message, moved_from FROM file_report')
    .iterate()) {
    const file = rowSchema.parse(row)
    if (!aboutDocuments.includes(file.state) || isKnown.get(file.path) !== undefined)
      writeReport(store, [file])
  }
  setTimes(store, timesOf(previous))
}

/** Files that are gone while their documents are in the index. */
export function countMissing(store: WorkingStore): number {
  return store.number(`SELECT count(*) FROM file_report WHERE state = 'missing'`)
}

function timesOf(store: WorkingStore): z.infer<typeof timesSchema> {
  const text = store.meta(timesKey)
  return text === null ? { startedAt: null, finishedAt: null } : timesSchema.parse(JSON.parse(text))
}

function setTimes(store: WorkingStore, times: z.infer<typeof timesSchema>): void {
  store.setMeta(timesKey, JSON.stringify(times))
}
