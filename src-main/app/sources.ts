/** The sources of a knowledge base: what they are, their rules, and taking one away. */
import { readdir, stat } from 'node:fs/promises'
import {
  sourceSettingsSchema,
  StackroomError,
  type ParsedInput,
  type Source,
  type SourceSettings,
  type Sources,
} from '#contract'
import { isWithin } from '#engine/ingest/scan-scope.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import type { Jobs } from './jobs.ts'
import type { Library } from './library.ts'
import { emptySettings } from './new-settings.ts'
import type { WatchFolders } from './watch-folders.ts'

/** Documents of one change. */
const filesAtOnce = 500

export interface SourceCommandsOptions {
  readonly library: Library
  readonly jobs: Jobs
  readonly watching: WatchFolders
}

export class SourceCommands {
  readonly #library: Library
  readonly #jobs: Jobs
  readonly #watching: WatchFolders

  constructor({ library, jobs, watching }: SourceCommandsOptions) {
    this.#library = library
    this.#jobs = jobs
    this.#watching = watching
  }

  async list(knowledgeBaseId: string): Promise<Sources> {
    const storage = await this.#library.folderOf(knowledgeBaseId)
    const { settings, missingFiles } = await storage.summary()
    const sources = settings?.sources ?? []
    const counts = await storage.ingestion.countFiles(sources.map(({ path }) => path))
    const states = await Promise.all(sources.map(({ path }, index) => stateOf(path, counts[index] ?? 0)))
    return {
      sources: sources.map((source, index): Source => ({
        // what others wrote beside its settings is not the window's
        ...sourceSettingsSchema.parse(source),
        state: states[index] ?? 'ok',
        files: counts[index] ?? 0,
        lastIndexed: source.lastIndexed ?? null,
        ...this.#watching.stateOf(knowledgeBaseId, source.path),
      })),
      deletedFiles: settings?.deletedFiles ?? 'ask',
      recognizeText: settings?.recognizeText ?? null,
      missingFiles,
    }
  }

  async configure(input: ParsedInput<'ingest.configure'>): Promise<Sources> {
    const { knowledgeBaseId, sources, deletedFiles, recognizeText } = input
    await this.#change(knowledgeBaseId, (settings) => {
      const changed = new Map(sources.map((source) => [source.path, source]))
      const known = settings.sources.map((source) => ({ ...source, ...changed.get(source.path) }))
      const unknown = sources.find(({ path }) => !settings.sources.some((source) => source.path === path))
      if (unknown) throw notASource(unknown.path)
      return {
        ...settings,
        sources: known,
        ...(deletedFiles && { deletedFiles }),
        ...(recognizeText !== undefined && { recognizeText }),
      }
    })
    return this.list(knowledgeBaseId)
  }

  /** Files that are in another source, too, stay. */
  async remove(input: ParsedInput<'ingest.removeSource'>): Promise<Sources> {
    const { knowledgeBaseId, path, keepDocuments } = input
    this.#jobs.requireIdle(this.#library.get(knowledgeBaseId).persistDir)
    const storage = await this.#library.folderOf(knowledgeBaseId)
    let others: SourceSettings[] = []
    await this.#change(knowledgeBaseId, (settings) => {
      others = settings.sources.filter((source) => source.path !== path)
      if (others.length === settings.sources.length) throw notASource(path)
      return { ...settings, sources: others }
    })
    if (!keepDocuments) {
      await removeFilesOf(storage, path, others)
      await storage.persist()
      await this.#library.refresh(knowledgeBaseId)
    }
    return this.list(knowledgeBaseId)
  }

  async #change(
    knowledgeBaseId: string,
    change: (settings: StackroomSettings) => StackroomSettings,
  ): Promise<void> {
    const storage = await this.#library.folderOf(knowledgeBaseId)
    const { settings } = await storage.summary()
    await storage.writeSettings(change(settings ?? emptySettings(storage.persistDir)))
    await this.#watching.follow(knowledgeBaseId)
    if (!this.#jobs.isBusy(storage.persistDir)) await this.#library.refresh(knowledgeBaseId)
  }
}

async function stateOf(path: string, files: number): Promise<Source['state']> {
  try {
    if (!(await stat(path)).isDirectory()) return 'ok'
    return files > 0 && (await readdir(path)).length === 0 ? 'unavailable' : 'ok'
  } catch {
    return 'unavailable'
  }
}

function notASource(path: string): StackroomError {
  return new StackroomError('not-found', `${path} is not a source of this index.`)
}

async function removeFilesOf(
  storage: StorageFolder,
  path: string,
  others: readonly SourceSettings[],
): Promise<void> {
  for (let after: string | null = null; ;) {
    const page = await storage.ingestion.manifestPage({ under: path, after, limit: filesAtOnce })
    const own = page.filter((entry) => !others.some((other) => isWithin(entry.path, other.path)))
    await storage.change({
      deleteRefDocIds: own.flatMap(({ refDocIds }) => refDocIds),
      forgetSources: own.map((entry) => entry.path),
    })
    if (page.length < filesAtOnce) return
    after = page.at(-1)?.path ?? null
  }
}
