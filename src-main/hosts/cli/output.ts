/** What the commands share: the engine, and one answer on stdout, for people or as JSON. */
import { Option, type Command } from 'commander'
import type { FolderInfo, ModelEstimate, ModelVerdict } from '#contract'
import { EngineServices } from '#app/engine-services.ts'
import { requireStorageFolder } from '#app/folder-info.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { dataFolderPath } from '#platform/data-folder.ts'
import { resourcesFolder } from '../paths.ts'

export interface JsonOption {
  readonly json?: boolean
}

export function json(): Option {
  return new Option('--json', 'print one JSON document and nothing else')
}

export function engineServices(): EngineServices {
  return new EngineServices({ dataFolder: dataFolderPath(), resourcesFolder: resourcesFolder() })
}

export function print<Value>({ json }: JsonOption, value: Value, toText: (value: Value) => string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : toText(value)}\n`)
}

/** Which collection of a vector store. */
export interface CollectionOptions {
  readonly collection?: string
  readonly tenant?: string
  readonly database?: string
  readonly migrate?: boolean
}

export function addCollectionOptions(command: Command): Command {
  return command
    .option('--collection <name>', 'of a Chroma folder or a store, the collection that is meant')
    .option('--tenant <name>', 'its tenant, where it is not the default one')
    .option('--database <name>', 'its database, where it is not the default one')
    .option(
      '--migrate',
      'let the engine bring a folder of an older Chroma up to date for good, after a backup',
    )
}

/** The storage folder or the collection that a path or an address means, opened. */
export async function openKnowledgeBase(
  services: EngineServices,
  pathOrAddress: string,
  { collection, tenant, database, migrate }: CollectionOptions,
  signal?: AbortSignal,
): Promise<StorageFolder> {
  const choice = { collection, tenant, database }
  const persistDir = await services.stores.knowledgeBaseAt(pathOrAddress, choice, signal)
  await requireStorageFolder(persistDir)
  return services.folders.open(persistDir, { migrate, signal })
}

/** How much a model would be sent, and what that costs. */
export function estimateText({ tokens, cachedTokens, usd, seconds, truncated, host }: ModelEstimate): string {
  const parts = [`${truncated ? 'More than' : 'About'} ${tokens.toLocaleString('en')} tokens`]
  if (host !== null) parts.push(`to ${host}`)
  if (usd === null) parts.push('at a price that is not known here')
  else if (usd > 0) parts.push(usd < 0.01 ? 'for less than $0.01' : `for about $${usd.toFixed(2)}`)
  if (seconds !== null) parts.push(`about ${Math.ceil(seconds)} s at the speed measured here`)
  const cached = cachedTokens > 0 ? ` ${cachedTokens.toLocaleString('en')} more were embedded before.` : ''
  return `${parts.join(', ')}.${cached}`
}

/** A text on one line. */
export function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

/** A verdict on a folder's model with its numbers. */
export function verdictText(verdict: ModelVerdict, score: FolderInfo['modelScore']): string {
  if (!score) return verdict
  const { matching, samples, median } = score
  return `${verdict}: ${matching} of ${samples} nodes agree, cosine ${median.toFixed(4)}`
}
