/** Brings an index in line with its sources: all of them, the files that failed, or what was seen to change. */
import { StackroomError, type IngestReport } from '#contract'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import type { EngineServices } from './engine-services.ts'
import { runSources, type RunOptions } from './run-sources.ts'
import { readUnfinishedRun } from './unfinished-run.ts'

/** @throws StackroomError `not-found` when the index has no sources, and what `runSources` throws */
export async function refreshFolder(
  services: EngineServices,
  storage: StorageFolder,
  options: RunOptions,
): Promise<IngestReport> {
  const { settings } = await storage.summary()
  const sources = settings?.sources ?? []
  const unfinished = await readUnfinishedRun(storage)
  if (sources.length === 0 && !unfinished?.sources.length) throw noSources()
  // What the run that was broken off was told counts for its rest, too.
  const { model, nodeParser, recognizeText } = unfinished ?? {}
  return runSources(
    services,
    storage,
    { sources, isRefresh: true },
    {
      ...options,
      ...(options.model === undefined && { model }),
      ...(options.nodeParser === undefined && { nodeParser }),
      ...(options.recognizeText === undefined && { recognizeText }),
    },
  )
}

/** Goes on with what was broken off. Null: nothing was. */
export async function resumeFolder(
  services: EngineServices,
  storage: StorageFolder,
  options: RunOptions,
): Promise<IngestReport | null> {
  const unfinished = await readUnfinishedRun(storage)
  if (!unfinished) return null
  const { sources, retryFailed, deleted, model, nodeParser, recognizeText } = unfinished
  return runSources(
    services,
    storage,
    { sources, isRefresh: true, retryFailed },
    { deleted, model, nodeParser, recognizeText, ...options },
  )
}

/** Looks at the paths again, as far as they are in the sources of the index; files that failed are tried again. */
export async function refreshPaths(
  services: EngineServices,
  storage: StorageFolder,
  only: readonly string[],
  options: RunOptions,
): Promise<IngestReport> {
  const { settings } = await storage.summary()
  const sources = settings?.sources ?? []
  if (sources.length === 0) throw noSources()
  return runSources(services, storage, { sources, isRefresh: true, only, retryFailed: true }, options)
}

/** Files that failed in the last run. */
export async function failedPaths({ ingestion }: Pick<StorageFolder, 'ingestion'>): Promise<string[]> {
  const paths: string[] = []
  for (let after: string | null = null; ;) {
    const { files, next } = await ingestion.report({ states: ['failed'], after, limit: 5000 })
    paths.push(...files.map(({ path }) => path))
    if (next === null) return paths
    after = next
  }
}

function noSources(): StackroomError {
  return new StackroomError('not-found', 'This index does not say what files it was made of.', {
    hint: 'Index files into it first; from then on it can be brought up to date.',
  })
}
