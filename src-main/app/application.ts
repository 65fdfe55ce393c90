/** The app of one process: makes the parts, names the handler of each command, closes everything in order. */
import { platform } from 'node:os'
import { StackroomError, type CommandHandlers, type Emit } from '#contract'
import { Log } from '#platform/log.ts'
import { EngineServices } from './engine-services.ts'
import { Files } from './files.ts'
import { FolderCare } from './folder-care.ts'
import { folderInfo } from './folder-info.ts'
import { FolderUpkeep } from './folder-upkeep.ts'
import type { HostServices } from './host-services.ts'
import { reportPageAsCsv } from './file-report.ts'
import { Ingest } from './ingest.ts'
import { inspectPaths } from './inspect-paths.ts'
import { Jobs } from './jobs.ts'
import { KnowledgeBaseModels } from './knowledge-base-models.ts'
import { Library } from './library.ts'
import { modelHandlers } from './model-commands.ts'
import { previewFile } from './preview-file.ts'
import { prepareSample } from './sample.ts'
import { Search } from './search.ts'
import { SettingsFile } from './settings.ts'
import { SourceCommands } from './sources.ts'
import { StoreCare } from './store-care.ts'
import { Uploads } from './uploads.ts'
import { WatchFolders } from './watch-folders.ts'

export interface ApplicationOptions {
  readonly services: HostServices
  readonly version: string
  readonly dataFolder: string
  readonly resourcesFolder: string
  readonly emit: Emit
}

export interface Application {
  readonly handlers: CommandHandlers
  readonly log: Log
  readonly uploads: Uploads
  /** Cancels the jobs, keeps what they committed, closes folders, workers and models. */
  close(): Promise<void>
}

export async function createApplication(options: ApplicationOptions): Promise<Application> {
  const { services: host, version, dataFolder, resourcesFolder, emit } = options
  const log = new Log(dataFolder)
  const settings = await SettingsFile.load(dataFolder)
  const services = new EngineServices({ dataFolder, resourcesFolder, secrets: host.secrets })
  const library = await Library.load({ dataFolder, services, emit, log })
  const jobs = new Jobs(emit, log)
  const ingest: Ingest = new Ingest({
    ...{ services, library, jobs, log },
    onSourcesChanged: (knowledgeBaseId) => watching.follow(knowledgeBaseId),
  })
  const watching: WatchFolders = new WatchFolders({
    ...{ library, jobs, log },
    settingsOf: (persistDir) => services.folders.settingsOf(persistDir),
    pathsChanged: (knowledgeBaseId, paths) => ingest.pathsChanged(knowledgeBaseId, paths),
  })
  const sources = new SourceCommands({ library, jobs, watching })
  const upkeep = new FolderUpkeep({ folders: services.folders, library, jobs, log })
  const care = new FolderCare({ services, library, jobs, emit })
  const storeCare = new StoreCare({ services, library, jobs, emit })
  const search = new Search(library, services.checks)
  const files = new Files(search, host)
  const uploads = new Uploads(dataFolder)
  log.info('started', { version, host: host.host })

  const handlers: CommandHandlers = {
    'app.info': () => ({
      host: host.host,
      version,
      platform: platform(),
      dataFolder,
      nativeDialogs: host.chooseFiles !== undefined,
      canOpenFiles: host.openFile !== undefined,
    }),
    'settings.read': () => settings.read(),
    'settings.write': (input) => settings.write(input),
    'library.list': () => library.list(),
    'library.inspect': ({ paths, ...options }, { signal }) => inspectPaths(paths, signal, options),
    'library.open': ({ persistDir }) => library.open(persistDir),
    'library.activate': async ({ knowledgeBaseId, migrate }) => {
      const entry = await library.activate(knowledgeBaseId, { migrate })
      if (entry.state === 'ready') search.prepare(knowledgeBaseId)
      return entry
    },
    'library.rename': ({ knowledgeBaseId, name }) => library.rename(knowledgeBaseId, name),
    'library.forget': async ({ knowledgeBaseId }) => {
      jobs.requireIdle(library.get(knowledgeBaseId).persistDir)
      await watching.stop(knowledgeBaseId)
      await library.forget(knowledgeBaseId)
      return {}
    },
    'library.persist': ({ knowledgeBaseId }, { signal }) => care.persist(knowledgeBaseId, signal),
    'library.resolveConflict': ({ knowledgeBaseId, keep }, { signal }) =>
      care.resolveConflict(knowledgeBaseId, keep, signal),
    'library.verify': ({ knowledgeBaseId }, { signal }) => care.verify(knowledgeBaseId, signal),
    'library.repair': ({ knowledgeBaseId }, { signal }) => care.repair(knowledgeBaseId, signal),
    'library.removeDocuments': (input, { signal }) => care.removeDocuments(input, signal),
    'stores.kinds': () => services.stores.list(),
    'stores.inspect': ({ address }, { signal }) =>
      services.stores.inspect(address, (found) => library.findStore(found)?.id ?? null, signal),
    'stores.open': async ({ address, migrate, ...choice }, { signal }) => {
      const place = await services.stores.choose(address, choice, signal)
      return library.open(services.stores.kinds.addressOf(place), { migrate, signal })
    },
    'stores.setKey': async ({ address, key }) => {
      await services.stores.setKey(address, key)
      return {}
    },
    'stores.verify': ({ address }, { signal }) => storeCare.verify(address, signal),
    'stores.repair': ({ address }, { signal }) => storeCare.repair(address, signal),
    'library.info': async ({ persistDir }, { signal }) =>
      folderInfo(services, await services.stores.knowledgeBaseAt(persistDir, {}, signal)),
    'dialogs.chooseFiles': ({ kind }) => {
      if (!host.chooseFiles) throw new StackroomError('wrong-usage', 'This host has no dialogs of its own.')
      return host.chooseFiles(kind)
    },
    'files.list': ({ path }) => files.list(path),
    'files.open': async (input) => {
      await files.open(input)
      return {}
    },
    'files.reveal': async ({ path }) => {
      await files.reveal(path)
      return {}
    },
    'uploads.begin': ({ name }) => uploads.begin(name),
    'ingest.start': (input) => ingest.start(input),
    'ingest.sample': async () => ingest.start(await prepareSample(resourcesFolder)),
    'ingest.preview': (input, { signal }) => previewFile(services, input, signal),
    'ingest.refresh': (input) => ingest.refresh(input),
    'ingest.retry': ({ knowledgeBaseId }) => ingest.retry(knowledgeBaseId),
    'ingest.report': async ({ knowledgeBaseId, ...query }) =>
      (await library.folderOf(knowledgeBaseId)).ingestion.report(query),
    'ingest.reportCsv': async ({ knowledgeBaseId, ...query }) =>
      reportPageAsCsv(await library.folderOf(knowledgeBaseId), query),
    'ingest.sources': ({ knowledgeBaseId }) => sources.list(knowledgeBaseId),
    'ingest.configure': (input) => sources.configure(input),
    'ingest.removeSource': (input) => sources.remove(input),
    'jobs.list': () => jobs.list(),
    'jobs.pause': async ({ jobId }) => {
      await ingest.pause(jobId)
      return {}
    },
    'jobs.resume': async ({ jobId }) => {
      await ingest.resume(jobId)
      return {}
    },
    'jobs.cancel': ({ jobId }) => {
      jobs.cancel(jobId)
      return {}
    },
    'jobs.dismiss': async ({ jobId }) => {
      await ingest.dismiss(jobId)
      return {}
    },
    'search.query': (input, context) => search.query(input, context),
    'search.source': (input, context) => search.source(input, context),
    'search.neighbours': (input) => search.neighbours(input),
    'search.keys': (input) => search.keys(input),
    ...modelHandlers(services, new KnowledgeBaseModels(services, library, jobs)),
  }

  const resuming = ingest.resumeUnfinished().then(() => watching.start())
  return {
    handlers,
    log,
    uploads,
    async close() {
      await resuming
      await watching.close()
      await jobs.close()
      await upkeep.close()
      await services.close()
      await library.close()
    },
  }
}
