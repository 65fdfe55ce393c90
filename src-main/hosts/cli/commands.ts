/** The commands that work on one storage folder: the use cases, and what they print. */
import type { FolderInfo, IngestReport, JobProgress, SearchAnswer } from '#contract'
import { EngineServices } from '#app/engine-services.ts'
import { folderInfo, requireStorageFolder } from '#app/folder-info.ts'
import { indexFolder } from '#app/index-folder.ts'
import { searchFolder } from '#app/search-folder.ts'
import { dataFolderPath } from '#platform/data-folder.ts'
import { resourcesFolder } from '../paths.ts'

export interface JsonOption {
  readonly json?: boolean
}

function engineServices(): EngineServices {
  return new EngineServices({ dataFolder: dataFolderPath(), resourcesFolder: resourcesFolder() })
}

export async function index(
  paths: readonly string[],
  options: JsonOption & { readonly to: string; readonly model?: string },
  signal: AbortSignal,
): Promise<void> {
  await using services = engineServices()
  const progress = options.json || !process.stderr.isTTY ? null : new ProgressLine()
  const result = await indexFolder(services, {
    paths,
    persistDir: options.to,
    model: options.model,
    signal,
    onProgress: (state) => progress?.show(state),
  }).finally(() => progress?.clear())
  print(options, result.report, reportText)
  if (result.error) throw result.error
}

export async function search(
  folder: string,
  query: string,
  options: JsonOption & { readonly k: number },
  signal: AbortSignal,
): Promise<void> {
  await using services = engineServices()
  await requireStorageFolder(folder)
  const storage = await services.folders.open(folder)
  const answer = await searchFolder(storage, services.checks, { query, topK: options.k, signal })
  print(options, answer, answerText)
}

export async function info(folder: string, options: JsonOption): Promise<void> {
  await using services = engineServices()
  print(options, await folderInfo(services, folder), infoText)
}

export async function persist(folder: string, signal: AbortSignal): Promise<void> {
  await using services = engineServices()
  await requireStorageFolder(folder)
  await (await services.folders.open(folder)).persist({ signal })
}

function print<Value>({ json }: JsonOption, value: Value, toText: (value: Value) => string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : toText(value)}\n`)
}

function reportText({ documents, nodes, skipped, unchanged, failed, seconds }: IngestReport): string {
  return [
    `${documents} documents, ${nodes} nodes in ${seconds.toFixed(1)} s; ${unchanged} files unchanged, ${skipped} skipped, ${failed.length} failed`,
    ...failed.map(({ path, message }) => `failed: ${path}: ${message}`),
  ].join('\n')
}

function answerText({ hits, timings }: SearchAnswer): string {
  const found = hits.map(
    ({ score, source, text }) => `${score.toFixed(4)}  ${source ?? 'no source'}\n    ${excerpt(text)}`,
  )
  return [...found, `${hits.length} hits in ${timings.totalMs.toFixed(0)} ms`].join('\n')
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

function infoText({ kind, documents, nodes, dimensions, model, store, files }: FolderInfo): string {
  return [
    `kind:       ${kind}`,
    `documents:  ${documents}`,
    `nodes:      ${nodes}`,
    `dimensions: ${dimensions ?? 'no vectors'}`,
    `model:      ${model ?? 'not known'}`,
    `store:      ${store}`,
    ...files.map(({ name, bytes, state }) => `file:       ${name} (${bytes} bytes, ${state})`),
  ].join('\n')
}

/** One line on the terminal that is written over. */
class ProgressLine {
  show({ phase, filesDone, filesTotal, nodes, secondsLeft }: JobProgress): void {
    const left = secondsLeft === null ? '' : `, ${Math.ceil(secondsLeft)} s left`
    process.stderr.write(`\r\u001b[K${phase}: ${filesDone} of ${filesTotal} files, ${nodes} nodes${left}`)
  }

  clear(): void {
    process.stderr.write('\r\u001b[K')
  }
}
