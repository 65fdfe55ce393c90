/** What is in a Chroma folder for whoever wants to open it, read from its files: in a worker, as it blocks. */
import type { StoreMaker } from '#contract'
import { makerOf, recordsToLookAt } from '../collection-maker.ts'
import type { FoundCollection } from '../store-kinds.ts'
import { readFolderVersion, type FolderVersion } from './folder-version.ts'
import type { ChromaEmbeddingFunction } from './verify/chroma-collections.ts'
import { ChromaFolder } from './verify/read-chroma-folder.ts'

export interface InspectedChromaFolder {
  readonly version: FolderVersion
  readonly collections: readonly FoundCollection[]
}

/** Throws `path-missing`, `damaged-file`, `permission-denied`, `locked`, `unsupported-format`. */
export function inspectChromaFolder(folder: string, dataFolder: string): InspectedChromaFolder {
  const { version } = readFolderVersion(folder)
  if (version === 'new') return { version, collections: [] }
  using chroma = new ChromaFolder(folder, dataFolder)
  const collections = chroma.collections.map((collection): FoundCollection => {
    const { name, tenant, database, records, dimension, metric, metadata } = collection
    const embeddingFunction = embeddingFunctionOf(collection.embeddingFunction)
    const looked = chroma.records(collection, { limit: recordsToLookAt }).map((record) => record.metadata)
    const maker: StoreMaker = makerOf(looked, { hasEmbeddingFunction: embeddingFunction !== null })
    return {
      name,
      tenant,
      database,
      records,
      dimensions: dimension,
      metric,
      embeddingFunction,
      maker,
      metadata,
    }
  })
  return { version, collections }
}

/** Of how many documents the records of a collection are, where its maker was LlamaIndex or LangChain. */
export function countChromaDocuments(
  folder: string,
  dataFolder: string,
  { name, tenant, database, key }: CollectionDocuments,
): number {
  using chroma = new ChromaFolder(folder, dataFolder)
  const collection = chroma.collections.find(
    (each) => each.name === name && each.tenant === tenant && each.database === database,
  )
  return collection ? chroma.countValues(collection, key) : 0
}

export interface CollectionDocuments {
  readonly name: string
  readonly tenant: string
  readonly database: string
  /** The metadata that names a record's document; null: each record is one. */
  readonly key: string | null
}

/** Chroma writes `legacy` where a program gave none. */
export function embeddingFunctionOf(
  recorded:
    (Pick<ChromaEmbeddingFunction, 'name'> & { readonly config?: Readonly<Record<string, unknown>> }) | null,
): FoundCollection['embeddingFunction'] {
  if (!recorded || recorded.name === 'legacy') return null
  const { model_name, model } = recorded.config ?? {}
  const named = model_name ?? model
  return { name: recorded.name, model: typeof named === 'string' ? named : null }
}
