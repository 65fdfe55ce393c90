/** Vector stores, their collections and their makers in words. */
import type { EmbedModelInfo, KnowledgeBase, StoreCollection, StoreMaker } from '#contract'
import { formatCount, formatCounted } from '../../ui/format.ts'
import { modelName } from '../models/models-slice.ts'

const kindNames: Readonly<Record<string, string>> = {
  chroma: 'Chroma',
  faiss: 'FAISS',
  milvus: 'Milvus',
  pgvector: 'PostgreSQL',
  pinecone: 'Pinecone',
  qdrant: 'Qdrant',
  weaviate: 'Weaviate',
}

export function storeName(kind: string): string {
  return kindNames[kind] ?? kind
}

const makers: Readonly<Record<StoreMaker, string | null>> = {
  llamaindex: 'made by LlamaIndex',
  langchain: 'made by LangChain',
  plain: null,
  empty: null,
}

/** Null where nobody left a mark. */
export function makerText(maker: StoreMaker | null): string | null {
  return maker === null ? null : makers[maker]
}

const metrics = { cosine: 'cosine', l2: 'squared L2', ip: 'inner product' }

/** “47 records · 384 dimensions · cosine · made by LlamaIndex” */
export function collectionFacts({ records, dimensions, metric, maker }: StoreCollection): string {
  return [
    records === 0 ? 'Empty' : formatCounted(records, 'record', 'records'),
    dimensions === null ? null : `${formatCount(dimensions)} dimensions`,
    metric === null ? null : metrics[metric],
    makerText(maker),
  ]
    .filter((fact) => fact !== null)
    .join(' · ')
}

/** What the collection says that it is embedded with. */
export function embeddingText(
  { embeddingFunction, model, dimensions }: StoreCollection,
  models: readonly EmbedModelInfo[],
): string | null {
  if (embeddingFunction === null)
    return dimensions === null ? null : 'It does not say what it is embedded with.'
  const { name, model: named } = embeddingFunction
  if (model === null) return `Embedded with ${named === null ? name : `${name}: ${named}`}`
  const known = modelName(models, model)
  return name === 'default' ? `Embedded with Chroma’s default, ${known}` : `Embedded with ${known}`
}

/** Metadata of a collection that are not settings of its index. */
export function metadataText({ metadata }: StoreCollection): string | null {
  const shown = Object.entries(metadata).filter(([key]) => !key.startsWith('hnsw:'))
  if (shown.length === 0) return null
  return shown
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ')
}

/** A collection that is a knowledge base by itself has its address for a persist dir; a drive letter is no scheme. */
export function isCollection({ persistDir }: Pick<KnowledgeBase, 'persistDir'>): boolean {
  return /^[a-z][a-z0-9+]+:/i.test(persistDir)
}

/** Where a knowledge base is, as people say it: a folder, or the host of a server. */
export function placeOf({ persistDir, vectorStore }: KnowledgeBase): string {
  return isCollection({ persistDir })
    ? (vectorStore?.location ?? folderOfAddress(persistDir) ?? persistDir)
    : persistDir
}

/** The folder on this machine that a knowledge base is in; null: it is on a server. */
export function folderOf({ persistDir }: Pick<KnowledgeBase, 'persistDir'>): string | null {
  return isCollection({ persistDir }) ? folderOfAddress(persistDir) : persistDir
}

/** Null for the address of a server. */
export function folderOfAddress(address: string): string | null {
  const folder = /^chroma:(.+?)(?:\?[a-z_]+=.*)?$/i.exec(address)?.[1]
  return folder === undefined ? null : folder.replace(/%(25|3f|23)/gi, (code) => decodeURIComponent(code))
}
