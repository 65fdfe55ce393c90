/** Which sources are there. One that is not may be on a drive that is not connected; a single file may have been deleted. */
import { readdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StackroomError } from '#contract'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { toFileError } from './file-errors.ts'
import type { SourceToScan } from './scan.ts'

export interface FoundSources {
  readonly available: readonly SourceToScan[]
  readonly unavailable: readonly string[]
  /** Single files that are gone while their folder is there. */
  readonly gone: readonly SourceToScan[]
}

export async function lookForSources(
  storage: Pick<StorageFolder, 'ingestion'>,
  sources: readonly SourceToScan[],
  mayBeUnavailable: boolean,
): Promise<FoundSources> {
  const available: SourceToScan[] = []
  const unavailable: string[] = []
  const gone: SourceToScan[] = []
  for (const source of sources) {
    const trouble = await troubleWith(source.path)
    if (trouble === null || !mayBeUnavailable) available.push(source)
    else if (trouble === 'gone' && (await wasFile(storage, source.path))) gone.push(source)
    else unavailable.push(source.path)
  }
  return { available, unavailable, gone }
}

async function wasFile({ ingestion }: Pick<StorageFolder, 'ingestion'>, path: string): Promise<boolean> {
  const [first] = await ingestion.manifestPage({ under: path, after: null, limit: 1 })
  return first?.path === path
}

/** A path whose folder is there and has something else in it was deleted, as far as anyone can tell. */
async function troubleWith(path: string): Promise<'gone' | 'unavailable' | null> {
  try {
    await stat(path)
    return null
  } catch (error) {
    const known = toFileError(error)
    if (!(known instanceof StackroomError)) throw error
    if (known.code !== 'path-missing') return 'unavailable'
    const beside = await readdir(dirname(path)).catch(() => [])
    return beside.length > 0 ? 'gone' : 'unavailable'
  }
}
