/** What indexing these paths would read, counted up to a limit: shown before anything is done. */
import { scan } from './scan.ts'

export interface SourcesInspection {
  /** Files that a reader will be tried on. */
  readonly readableFiles: number
  /** Those and the files that would be left out; a folder left out counts as one. */
  readonly files: number
  /** Of the readable files. */
  readonly bytes: number
  /** True when counting stopped at the limit. */
  readonly truncated: boolean
}

export interface InspectSourcesOptions {
  /** Entries to look at before counting stops. Default: 100,000. */
  readonly limit?: number
  readonly signal?: AbortSignal | undefined
}

export async function inspectSources(
  paths: readonly string[],
  options: InspectSourcesOptions = {},
): Promise<SourcesInspection> {
  const { limit = 100_000, signal } = options
  let readableFiles = 0
  let files = 0
  let bytes = 0
  for await (const entry of scan(paths, { signal })) {
    if (files >= limit) return { readableFiles, files, bytes, truncated: true }
    files++
    if (entry.kind === 'file') {
      readableFiles++
      bytes += entry.bytes
    }
  }
  return { readableFiles, files, bytes, truncated: false }
}
