/** Which source files were indexed, and as what: kept in the working store, so that finished files are not read again. */
import { sep } from 'node:path'
import { z } from 'zod'
import { errorCodeSchema } from '#contract'
import type { ManifestEntry, ManifestLooks } from './storage-folder.ts'
import type { WorkingStore } from './working-store.ts'

const failureSchema = z.object({ code: errorCodeSchema, message: z.string() })
const rowSchema = z.object({
  path: z.string(),
  bytes: z.number(),
  modified_ms: z.number(),
  content_hash: z.string(),
  ref_doc_ids: z.string(),
  read_by: z.string(),
  embedded_path: z.string().nullable(),
  failure: z.string().nullable(),
})
const idsSchema = z.array(z.string())

export function readManifest(store: WorkingStore): ManifestEntry[] {
  return store.statement('SELECT * FROM manifest').all().map(toEntry)
}

function toEntry(value: unknown): ManifestEntry {
  const row = rowSchema.parse(value)
  return {
    path: row.path,
    bytes: row.bytes,
    modifiedMs: row.modified_ms,
    contentHash: row.content_hash,
    refDocIds: idsSchema.parse(JSON.parse(row.ref_doc_ids)),
    readBy: row.read_by,
    embeddedPath: row.embedded_path,
    failure: row.failure === null ? null : failureSchema.parse(JSON.parse(row.failure)),
  }
}

export interface ManifestQuery {
  /** A file, or a folder with everything in it; null: all. */
  readonly under: string | null
  /** The last path of the page before. */
  readonly after: string | null
  readonly limit: number
}

/** In the order of the paths. */
export function manifestPage(store: WorkingStore, { under, after, limit }: ManifestQuery): ManifestEntry[] {
  const rows =
    under === null
      ? store.statement('SELECT * FROM manifest WHERE path > ? ORDER BY path LIMIT ?').all(after ?? '', limit)
      : store
          .statement(
            `SELECT * FROM manifest WHERE (path = ? OR (path > ? AND path < ?)) AND path > ? ORDER BY path LIMIT ?`,
          )
          .all(under, ...insideOf(under), after ?? '', limit)
  return rows.map(toEntry)
}

const looksSchema = rowSchema
  .pick({ path: true, bytes: true, modified_ms: true, read_by: true, failure: true })
  .transform(({ modified_ms: modifiedMs, read_by: readBy, failure, ...row }): ManifestLooks => ({
    ...{ ...row, modifiedMs, readBy },
    failure: failure === null ? null : failureSchema.parse(JSON.parse(failure)),
  }))

/** As `manifestPage`, with what tells whether a file is as it was. */
export function manifestLooks(store: WorkingStore, { under, after, limit }: ManifestQuery): ManifestLooks[] {
  const [first, last] = under === null ? ['', '\u{10ffff}'] : insideOf(under)
  return store
    .statement(
      `SELECT path, bytes, modified_ms, read_by, failure FROM manifest
       WHERE (path = ? OR (path > ? AND path < ?)) AND path > ? ORDER BY path LIMIT ?`,
    )
    .all(under ?? '', first, last, after ?? '', limit)
    .map((row) => looksSchema.parse(row))
}

/** Of these files, those that are there. */
export function manifestEntries(store: WorkingStore, paths: readonly string[]): ManifestEntry[] {
  const find = store.statement('SELECT * FROM manifest WHERE path = ?')
  return paths.flatMap((path) => find.all(path).map(toEntry))
}

/** Bounds of the paths inside a folder. */
export function insideOf(folder: string): [string, string] {
  const first = folder.endsWith(sep) ? folder : folder + sep
  return [first, first.slice(0, -1) + String.fromCharCode(sep.charCodeAt(0) + 1)]
}

export function countManifest(store: WorkingStore, under: string): number {
  return store.number(
    `SELECT count(*) FROM manifest WHERE ref_doc_ids <> '[]' AND (path = ? OR (path > ? AND path < ?))`,
    under,
    ...insideOf(under),
  )
}

/** Files that were indexed with one of these contents, a few for each. */
export function manifestWithContent(store: WorkingStore, contentHashes: readonly string[]): ManifestEntry[] {
  const find = store.statement(
    `SELECT * FROM manifest WHERE content_hash = ? AND ref_doc_ids <> '[]' AND failure IS NULL LIMIT 100`,
  )
  return contentHashes.flatMap((contentHash) => find.all(contentHash).map(toEntry))
}

export function writeManifest(store: WorkingStore, entry: ManifestEntry): void {
  store
    .statement('INSERT OR REPLACE INTO manifest VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?)')
    .run(
      entry.path,
      entry.bytes,
      entry.modifiedMs,
      entry.contentHash,
      JSON.stringify(entry.refDocIds),
      entry.readBy ?? '',
      entry.embeddedPath ?? null,
      entry.failure ? JSON.stringify(entry.failure) : null,
    )
}

export function removeFromManifest(store: WorkingStore, path: string): void {
  store.statement('DELETE FROM manifest WHERE path = ?').run(path)
  // It would be said to be in the index.
  store.statement(`DELETE FROM file_report WHERE path = ? AND state = 'missing'`).run(path)
}

/** All nodes were embedded again as they are now, or the vectors of before are back. */
export function noteReplacedVectors(store: WorkingStore, areRestored: boolean): void {
  store
    .statement(
      areRestored
        ? 'UPDATE manifest SET embedded_path = old_embedded_path, old_embedded_path = NULL WHERE old_embedded_path IS NOT NULL'
        : `UPDATE manifest SET old_embedded_path = coalesce(old_embedded_path, embedded_path), embedded_path = NULL
           WHERE embedded_path IS NOT NULL`,
    )
    .run()
}

/** The path with which a file's nodes were embedded; null: its own, as far as is known. */
export function embeddedPathOf(store: WorkingStore, path: string): string | null {
  const found = store.value('SELECT embedded_path FROM manifest WHERE path = ?', path)
  return typeof found === 'string' ? found : null
}
