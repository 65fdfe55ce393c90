/** The commands that work on one storage folder: the use cases, and what they print. */
import type { FolderInfo, SearchAnswer } from '#contract'
import { folderInfo, requireStorageFolder } from '#app/folder-info.ts'
import { searchFolder } from '#app/search-folder.ts'
import type { EngineServices } from '#app/engine-services.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { allowServer } from './model-commands.ts'
import { engineServices, excerpt, print, verdictText, type JsonOption } from './output.ts'

export async function search(
  folder: string,
  query: string,
  options: JsonOption & { readonly k: number; readonly model?: string },
  signal: AbortSignal,
): Promise<void> {
  await using services = engineServices()
  await requireStorageFolder(folder)
  const storage = await services.folders.open(folder)
  if (options.model !== undefined) await useModel(services, storage, options.model, signal)
  const answer = await searchFolder(storage, services.checks, { query, topK: options.k, signal })
  print(options, answer, answerText)
}

export async function info(folder: string, options: JsonOption): Promise<void> {
  await using services = engineServices()
  print(options, await folderInfo(services, folder), infoText)
}

/** For a folder that does not say which model made its vectors, or whose model is on a server. */
async function useModel(
  services: EngineServices,
  storage: StorageFolder,
  model: string,
  signal: AbortSignal,
): Promise<void> {
  await allowServer(services, model, storage.persistDir)
  const { settings } = await storage.summary()
  if (settings?.embedModel?.id === model) return
  await services.checks.choose(storage, model, { signal, unverified: true, inFolder: false })
}

function answerText({ hits, timings }: SearchAnswer): string {
  const found = hits.map(
    ({ score, source, text }) => `${score.toFixed(4)}  ${source ?? 'no source'}\n    ${excerpt(text)}`,
  )
  return [...found, `${hits.length} hits in ${timings.totalMs.toFixed(0)} ms`].join('\n')
}

function infoText(info: FolderInfo): string {
  const { kind, documents, nodes, dimensions, model, store, files } = info
  return [
    `kind:       ${kind}`,
    `documents:  ${documents}`,
    `nodes:      ${nodes}`,
    `dimensions: ${dimensions ?? 'no vectors'}`,
    `model:      ${model ?? 'not known'} (${verdictText(info.modelVerdict, info.modelScore)})`,
    `store:      ${store}`,
    `persisted:  ${persistedText(info)}`,
    ...files.map(({ name, bytes, state }) => `file:       ${name} (${bytes} bytes, ${state})`),
  ].join('\n')
}

function persistedText({ persisted, conflict }: FolderInfo): string {
  if (conflict) return 'no: another program changed the files, too; `persist --keep` chooses a side'
  return persisted ? 'yes' : 'no: `persist` brings the JSON files up to date'
}
