/** The documents that come with the app, so that there is something to search within a minute of the first start. */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type { ParsedInput } from '#contract'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import { defaultStorageRoot } from '#platform/data-folder.ts'
import { uniquePath } from './inspect-paths.ts'

/**
 * Copies them beside the new knowledge bases, where they can be looked at and added to, and answers with what indexes
 * them. What is there already stays as it is: a file that was changed, and an index that was made before.
 */
export async function prepareSample(
  resourcesFolder: string,
  root = defaultStorageRoot(),
): Promise<ParsedInput<'ingest.start'>> {
  const documents = join(root, 'Sample documents')
  await cp(join(resourcesFolder, 'sample', 'documents'), documents, { recursive: true, force: false })
  const folder = join(root, 'Sample')
  const kind = await detectFolderKind(folder)
  const isFree = kind === 'missing' || kind === 'empty' || kind === 'stackroom'
  return { paths: [documents], persistDir: isFree ? folder : await uniquePath(folder), name: 'Sample' }
}
