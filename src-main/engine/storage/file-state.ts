/** Whether another program changed a JSON file since it was read or written last. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { fileStamp } from '#platform/atomic-files.ts'
import { checksumOf } from './llamaindex/json-scanner.ts'
import { isImported, storeFilesIn } from './llamaindex/store-files.ts'
import type { WorkingStore } from './working-store.ts'

const rowSchema = z.object({
  stamp: z.string().nullable(),
  bytes: z.number().nullable(),
  checksum: z.number().nullable(),
})

/** In the place of a stamp: the file was there, and went away. */
export const goneStamp = 'gone'

/** The files of the folder that the working store has, or should have. */
export function knownFiles(store: WorkingStore, persistDir: string): string[] {
  const names = store.statement('SELECT name FROM files').pluck().all() as string[]
  if (!existsSync(persistDir)) return names
  const present = storeFilesIn(persistDir)
    .filter(isImported)
    .map(({ name }) => name)
  return [...new Set([...names, ...present])].sort()
}

/** How the files look, without opening one: equal texts, nothing happened. */
export function looksOf(names: readonly string[], persistDir: string): string {
  return names.map((name) => `${name} ${fileStamp(join(persistDir, name))}`).join('\n')
}

/** Whether a file looks other than it did when it was read or written last. Opens none. */
export function looksChanged(store: WorkingStore, persistDir: string): boolean {
  return knownFiles(store, persistDir).some((name) => {
    const seen = store.value('SELECT stamp FROM files WHERE name = ?', name) ?? goneStamp
    return seen !== (fileStamp(join(persistDir, name)) ?? goneStamp)
  })
}

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

export function bothSidesChanged(): StackroomError {
  return new StackroomError(
    'both-sides-changed',
    'Another program changed this folder while Stackroom had changes of its own for it.',
    {
      hint: 'Nothing was overwritten. Choose which side to keep; a copy of the other is put into the folder’s backups.',
    },
  )
}
