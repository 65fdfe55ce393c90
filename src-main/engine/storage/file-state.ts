/** Whether another program changed a JSON file since it was read or written last. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { fileStamp } from '#platform/atomic-files.ts'
import { checksumOf } from './llamaindex/json-scanner.ts'
import type { WorkingStore } from './working-store.ts'

const rowSchema = z.object({
  stamp: z.string().nullable(),
  bytes: z.number().nullable(),
  checksum: z.number().nullable(),
})

/**
 * `gone`: it was there and is not any more. A file that only looks different, as after copying the folder, is read to
 * see that its content is the same, and is then known by its new looks.
 */
export function fileStateOf(
  store: WorkingStore,
  persistDir: string,
  name: string,
): 'same' | 'changed' | 'gone' {
  const path = join(persistDir, name)
  const now = fileStamp(path)
  const seen = rowSchema
    .optional()
    .parse(store.statement('SELECT stamp, bytes, checksum FROM files WHERE name = ?').get(name))
  if (!seen?.stamp) return now === null ? 'same' : 'changed'
  if (now === null) return 'gone'
  if (now === seen.stamp) return 'same'
  if (statSync(path).size !== seen.bytes || checksumOf(path) !== seen.checksum) return 'changed'
  store.statement('UPDATE files SET stamp = ? WHERE name = ?').run(now, name)
  return 'same'
}
