/** Which source files were indexed, and as what: kept in the working store, so that finished files are not read again. */
import { z } from 'zod'
import type { ManifestEntry } from './storage-folder.ts'
import type { WorkingStore } from './working-store.ts'

const rowSchema = z.object({
  path: z.string(),
  bytes: z.number(),
  modified_ms: z.number(),
  content_hash: z.string(),
  ref_doc_ids: z.string(),
})
const idsSchema = z.array(z.string())

export function readManifest(store: WorkingStore): ManifestEntry[] {
  return store
    .statement('SELECT * FROM manifest')
    .all()
    .map((value) => {
      const row = rowSchema.parse(value)
      return {
        path: row.path,
        bytes: row.bytes,
        modifiedMs: row.modified_ms,
        contentHash: row.content_hash,
        refDocIds: idsSchema.parse(JSON.parse(row.ref_doc_ids)),
      }
    })
}

export function writeManifest(store: WorkingStore, entry: ManifestEntry): void {
  store
    .statement('INSERT OR REPLACE INTO manifest VALUES (?, ?, ?, ?, ?)')
    .run(entry.path, entry.bytes, entry.modifiedMs, entry.contentHash, JSON.stringify(entry.refDocIds))
}

export function removeFromManifest(store: WorkingStore, path: string): void {
  store.statement('DELETE FROM manifest WHERE path = ?').run(path)
}
