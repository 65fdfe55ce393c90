/** What indexing these paths would read, counted up to a limit: shown before anything is done. */
import type { ReaderOptions } from './file-types.ts'
import { scan, type SourceToScan } from './scan.ts'

export interface SourcesInspection {
  /** Files that a reader will be tried on. */
  readonly readableFiles: number
  /** Those and the files that would be left out; a folder left out counts as one. */
  readonly files: number
  /** Of the readable files. */
  readonly bytes: number
  /** True when counting stopped at the limit. */
  readonly truncated: boolean
  /** The first of the readable files. */
  readonly sampleFiles: readonly string[]
}

export interface InspectSourcesOptions {
  /** Entries to look at before counting stops. Default: 100,000. */
  readonly limit?: number
  readonly readerOptions?: ReaderOptions | undefined
  readonly signal?: AbortSignal | undefined
}

/** To choose one of for a preview. */
const mostSamples = 100

export async function inspectSources(
  sources: readonly (string | SourceToScan)[],
  options: InspectSourcesOptions = {},
): Promise<SourcesInspection> {
  const { limit = 100_000, signal, readerOptions } = options
  const sampleFiles: string[] = []
  let readableFiles = 0
  let files = 0
  let bytes = 0
  for await (const entry of scan(sources, { signal, readerOptions })) {
    if (files >= limit) return { readableFiles, files, bytes, truncated: true, sampleFiles }
    files++
    if (entry.kind === 'file') {
      readableFiles++
      bytes += entry.bytes
      if (sampleFiles.length < mostSamples) sampleFiles.push(entry.path)
    }
  }
  return { readableFiles, files, bytes, truncated: false, sampleFiles }
}
