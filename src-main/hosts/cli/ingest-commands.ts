/** The commands that bring files into an index and keep it in line with them: index, refresh, watch. */
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Option, type Command } from 'commander'
import {
  isCancelled,
  StackroomError,
  storeMetricSchema,
  type IngestReport,
  type NewVectorStore,
  type RefreshReport,
  type StoreMetric,
} from '#contract'
import type { EngineServices } from '#app/engine-services.ts'
import { reportAsCsv } from '#app/file-report.ts'
import { requireStorageFolder } from '#app/folder-info.ts'
import { indexFolder } from '#app/index-folder.ts'
import { refreshFolder, refreshPaths } from '#app/refresh-folder.ts'
import type { RunOptions } from '#app/run-sources.ts'
import { watchSource } from '#engine/ingest/watch-source.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { isStoreAddress } from '#engine/stores/store-address.ts'
import { explainFileError } from '#platform/file-errors.ts'
import { allowServer, announceIndexing } from './model-commands.ts'
import { addNodeParserOptions, nodeParserInput, type NodeParserOptions } from './node-parser-options.ts'
import {
  addCollectionOptions,
  engineServices,
  json,
  openKnowledgeBase,
  print,
  type CollectionOptions,
  type JsonOption,
} from './output.ts'
import { ProgressLine } from './progress-line.ts'
import {
  addOcrOptions,
  addSourceOptions,
  recognizedLanguages,
  sourceSettings,
  type OcrOptions,
  type SourceOptions,
} from './source-options.ts'

type Deleted = 'remove' | 'keep'

interface IndexOptions extends JsonOption, NodeParserOptions, SourceOptions, CollectionOptions {
  readonly store?: string
  readonly metric?: StoreMetric
  readonly to: string
  readonly model?: string
  readonly report?: string
}

interface RefreshOptions extends JsonOption, CollectionOptions, OcrOptions {
  readonly deleted?: Deleted
  readonly report?: string
}

interface WatchOptions extends OcrOptions {
  readonly deleted?: Deleted
}

export function addIngestCommands(command: Command, signal: AbortSignal): void {
  const indexing = command
    .command('index')
    .description('index files and folders into a storage folder, new or not')
    .argument('<path...>', 'files and folders')
    .requiredOption(
      '--to <dir>',
      'the storage folder; or a Chroma folder or the address of a store, to insert into a collection',
    )
    .option(
      '--store <address>',
      'where a new index keeps its vectors, as chroma:<folder>; default: in its own folder',
    )
    .addOption(
      new Option('--metric <name>', 'of a collection that is made; default: the engine’s own').choices(
        storeMetricSchema.options,
      ),
    )
    .option('--model <id>', 'embed model; default: the one of the index, or the bundled one')
  addSourceOptions(addNodeParserOptions(addCollectionOptions(indexing)))
    .addOption(reportOption())
    .addOption(json())
    .action((paths: string[], options: IndexOptions) => index(paths, options, signal))
  addOcrOptions(
    addCollectionOptions(
      command
        .command('refresh')
        .description('bring an index in line with all its sources: only what changed is read')
        .argument('<dir>', 'the storage folder, or a collection that files were inserted into'),
    ),
  )
    .addOption(deletedOption())
    .addOption(reportOption())
    .addOption(json())
    .action((folder: string, options: RefreshOptions) => refresh(folder, options, signal))
  addOcrOptions(
    command
      .command('watch')
      .description('refresh an index, and again whenever its sources change, until it is interrupted')
      .argument('<dir>', 'the storage folder'),
  )
    .addOption(deletedOption())
    .action((folder: string, options: WatchOptions) => watch(folder, options, signal))
}

function reportOption(): Option {
  return new Option('--report <file.csv>', 'write what became of each file into this file')
}

function deletedOption(): Option {
  return new Option(
    '--deleted <answer>',
    'what becomes of the documents of deleted files; default: as the index says, else they are removed (after a question on a terminal)',
  ).choices(['remove', 'keep'])
}

async function index(paths: readonly string[], options: IndexOptions, signal: AbortSignal): Promise<void> {
  const nodeParser = nodeParserInput(options)
  await using services = engineServices()
  const { model } = options
  const { persistDir, store } = await targetOf(services, options, signal)
  const recorded = (await services.folders.settingsOf(persistDir))?.embedModel?.id ?? model
  // An index of another model refuses it: then nothing is sent, and nothing is allowed.
  if (model !== undefined && model === recorded) {
    await announceIndexing(services, {
      ...{ paths, persistDir, model, nodeParser, signal },
      rules: sourceSettings(options),
      recognizeText: recognizedLanguages(options),
    })
    await allowServer(services, model, persistDir)
  }
  const progress = ProgressLine.for(options)
  const result = await indexFolder(services, {
    ...{ paths, persistDir, model, nodeParser, store, signal },
    source: sourceSettings(options),
    recognizeText: recognizedLanguages(options),
    onProgress: (state) => progress?.show(state),
  }).finally(() => progress?.clear())
  if (!result.error) await writeReport(services, persistDir, options.report)
  print(options, result.report, indexText)
  if (result.error) throw result.error
}

/** A storage folder, with a store for a new one; or a collection that files are inserted into. */
async function targetOf(
  services: EngineServices,
  options: IndexOptions,
  signal: AbortSignal,
): Promise<{ persistDir: string; store?: NewVectorStore }> {
  const { to, store: address, collection, tenant, database, migrate, metric } = options
  if (address !== undefined) {
    const place = { ...services.stores.placeOf(address) }
    const chosen = {
      ...place,
      tenant: tenant ?? place.tenant,
      database: database ?? place.database,
      collection: collection ?? place.collection,
    }
    return { persistDir: to, store: { address: services.stores.kinds.addressOf(chosen), metric } }
  }
  const choice = { collection, tenant, database }
  const persistDir = await services.stores.knowledgeBaseAt(to, choice, signal)
  if (isStoreAddress(persistDir)) await services.folders.open(persistDir, { migrate, signal })
  return { persistDir }
}

async function refresh(folder: string, options: RefreshOptions, signal: AbortSignal): Promise<void> {
  await using services = engineServices()
  const storage = await openKnowledgeBase(services, folder, options, signal)
  const { settings } = await storage.summary()
  const said = options.deleted ?? (settings?.deletedFiles === 'ask' ? undefined : settings?.deletedFiles)
  const mayAsk = said === undefined && !options.json && process.stdin.isTTY && process.stderr.isTTY
  const progress = ProgressLine.for(options)
  const run = (deleted: Deleted): Promise<IngestReport> =>
    refreshFolder(services, storage, {
      deleted,
      signal,
      recognizeText: recognizedLanguages(options),
      onProgress: (state) => progress?.show(state),
    }).finally(() => progress?.clear())
  let report = await run(said ?? (mayAsk ? 'keep' : 'remove'))
  if (mayAsk && report.missing > 0 && (await mayRemove(report.missing, storage, signal)))
    report = await run('remove')
  await writeReport(services, storage.persistDir, options.report)
  print(options, toRefreshReport(report), refreshText)
}

async function mayRemove(files: number, storage: StorageFolder, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const question = `${files} files are gone. Remove their documents from the index? [y]es, [n]o, [a]lways, ne[v]er: `
    const answer = (await terminal.question(question, { signal })).trim().toLowerCase()
    const { settings } = await storage.summary()
    if (settings && /^[av]/.test(answer))
      await storage.writeSettings({ ...settings, deletedFiles: answer.startsWith('a') ? 'remove' : 'keep' })
    return /^[ya]/.test(answer)
  } finally {
    terminal.close()
  }
}

/** The folder is only opened while something is done, so that other programs may work on it in between. */
async function watch(folder: string, options: WatchOptions, signal: AbortSignal): Promise<void> {
  const { deleted } = options
  await using services = engineServices()
  const persistDir = await services.stores.knowledgeBaseAt(folder, {}, signal)
  await requireStorageFolder(persistDir)
  const tell = (text: string): void => void process.stderr.write(`${text}\n`)
  const work = async (run: (storage: StorageFolder, options: RunOptions) => Promise<IngestReport>) => {
    const storage = await services.folders.open(persistDir)
    try {
      const said = (await storage.summary()).settings?.deletedFiles
      return await run(storage, { signal, deleted: deleted ?? (said === 'keep' ? 'keep' : 'remove') })
    } finally {
      await services.folders.closeFolder(persistDir)
    }
  }
  const changed = new Set<string>()
  let wake: () => void = () => undefined
  const note = (paths: readonly string[]): void => {
    for (const path of paths) changed.add(path)
    wake()
  }
  signal.addEventListener('abort', () => wake(), { once: true })
  await using watches = new AsyncDisposableStack()
  const sources = (await services.folders.settingsOf(persistDir))?.sources ?? []
  for (const source of sources) {
    const watched = await watchSource({
      path: source.path,
      rules: source,
      ignore: [persistDir],
      onChange: note,
      onError: (error) => tell(error instanceof Error ? error.message : String(error)),
    }).catch((error: unknown) => {
      tell(error instanceof Error ? error.message : String(error))
      return null
    })
    if (watched) watches.use(watched)
  }
  try {
    const recognizeText = recognizedLanguages(options)
    const first = await work((storage, run) => refreshFolder(services, storage, { ...run, recognizeText }))
    tell(refreshText(toRefreshReport(first)))
    tell(`Watching ${sources.map(({ path }) => path).join(', ')}. Interrupt to end.`)
    while (!signal.aborted) {
      if (changed.size === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      const paths = [...changed]
      changed.clear()
      const report = await work((storage, run) => refreshPaths(services, storage, paths, run))
      const { added, changed: other, moved, removed, failed } = report
      if (added + other + moved + removed + failed.length > 0) tell(refreshText(toRefreshReport(report)))
    }
  } catch (error) {
    // Interrupting it is how it ends.
    if (!signal.aborted || !isCancelled(error)) throw error
  }
}

async function writeReport(
  services: EngineServices,
  persistDir: string,
  path: string | undefined,
): Promise<void> {
  if (path === undefined) return
  const storage = await services.folders.open(persistDir)
  try {
    await pipeline(Readable.from(reportAsCsv(storage)), createWriteStream(path))
  } catch (error) {
    const known = explainFileError(error, path)
    throw known instanceof StackroomError ? known : error
  }
}

function toRefreshReport(report: IngestReport): RefreshReport {
  const { added, changed, moved, removed, unchanged, failed, missing, skipped, unavailable } = report
  const { documents, nodes, seconds } = report
  return {
    ...{ added, changed, moved, removed, unchanged, failed, missing, skipped, unavailable },
    ...{ documents, nodes, seconds },
  }
}

function indexText({ documents, nodes, skipped, unchanged, failed, seconds }: IngestReport): string {
  return [
    `${documents} documents, ${nodes} nodes in ${seconds.toFixed(1)} s; ${unchanged} files unchanged, ${skipped} skipped, ${failed.length} failed`,
    ...failed.map(({ path, message }) => `failed: ${path}: ${message}`),
  ].join('\n')
}

function refreshText(report: RefreshReport): string {
  const { added, changed, moved, removed, unchanged, missing, skipped, failed, unavailable, seconds } = report
  return [
    `${added} added, ${changed} changed, ${moved} moved, ${removed} removed, ${unchanged} unchanged, ${skipped} skipped, ${failed.length} failed (${seconds.toFixed(1)} s)`,
    ...(missing > 0 ? [`${missing} files are gone; their documents are kept in the index.`] : []),
    ...unavailable.map(
      (path) => `${path} is not there or empty: nothing of it was touched. Is its drive connected?`,
    ),
    ...failed.map(({ path, message }) => `failed: ${path}: ${message}`),
  ].join('\n')
}
