/** The commands that work on one storage folder: the use cases, and what they print. */
import { StackroomError, type FolderInfo, type StoreCollection, type StoreInspection } from '#contract'
import { folderInfo } from '#app/folder-info.ts'
import {
  engineServices,
  openKnowledgeBase,
  print,
  verdictText,
  type CollectionOptions,
  type JsonOption,
} from './output.ts'

export async function info(
  folder: string,
  options: JsonOption & CollectionOptions,
  signal: AbortSignal,
): Promise<void> {
  await using services = engineServices()
  try {
    const { persistDir } = await openKnowledgeBase(services, folder, options, signal)
    print(options, await folderInfo(services, persistDir), infoText)
  } catch (error) {
    // What there is to choose from is the answer.
    const mayList =
      error instanceof StackroomError && ['several-collections', 'older-format'].includes(error.code)
    if (!mayList || options.collection !== undefined) throw error
    print(options, await services.stores.inspect(folder, () => null, signal), storeText)
  }
}

function storeText({ kind, location, version, usedBy, collections, error }: StoreInspection): string {
  const lines = [`kind:       ${kind}`, `location:   ${location}`]
  if (version !== 'same')
    lines.push(
      version === 'older'
        ? 'version:    older; --migrate brings it up to date for good, after a backup'
        : 'version:    newer than the engine of this program',
    )
  if (usedBy) lines.push(`in use by:  ${usedBy.command} (process ${usedBy.pid})`)
  if (error) lines.push(`error:      ${error.message}`)
  return [...lines, ...collections.map(collectionText)].join('\n')
}

function collectionText(collection: StoreCollection): string {
  const { name, tenant, database, records, dimensions, metric, embeddingFunction, maker } = collection
  const facts = [
    `${records} records`,
    ...(dimensions === null ? [] : [`${dimensions} dimensions`]),
    ...(metric ? [metric] : []),
    ...(embeddingFunction
      ? [`embedded with ${[embeddingFunction.name, embeddingFunction.model].filter(Boolean).join(' ')}`]
      : []),
    ...(maker === 'llamaindex' ? ['made by LlamaIndex'] : maker === 'langchain' ? ['made by LangChain'] : []),
  ]
  const place = [tenant, database].filter((part) => part !== null && !part.startsWith('default_'))
  return `collection: ${[...place, name].join('/')} (${facts.join(', ')})`
}

function infoText(info: FolderInfo): string {
  const { kind, documents, nodes, dimensions, model, store, files } = info
  return [
    `kind:       ${kind}`,
    `documents:  ${documents}`,
    `nodes:      ${nodes}`,
    `dimensions: ${dimensions ?? 'no vectors'}`,
    `model:      ${model ?? 'not known'} (${verdictText(info.modelVerdict, info.modelScore)})`,
    `store:      ${info.vectorStore ? `${store}: ${info.vectorStore.collection} in ${info.vectorStore.location}` : store}`,
    `persisted:  ${persistedText(info)}`,
    ...files.map(({ name, bytes, state }) => `file:       ${name} (${bytes} bytes, ${state})`),
  ].join('\n')
}

function persistedText({ persisted, conflict }: FolderInfo): string {
  if (conflict) return 'no: another program changed the files, too; `persist --keep` chooses a side'
  return persisted ? 'yes' : 'no: `persist` brings the JSON files up to date'
}
