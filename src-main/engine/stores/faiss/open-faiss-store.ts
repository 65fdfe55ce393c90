/** Opens FAISS folders of LlamaIndex as vector stores, and says what is in them. */
import type { VectorMetric } from '../vector-store.ts'
import { readFaissFolder } from './faiss-folder.ts'
import { FaissVectorStore } from './faiss-vector-store.ts'

export interface ListedFaissIndex {
  readonly name: string
  readonly records: number
  readonly dimension: number
  readonly metric: VectorMetric
}

/** Throws `not-a-storage-folder`, `damaged-file`, `unsupported-format`, `missing-file`. */
export function openFaissStore(folder: string): FaissVectorStore {
  return new FaissVectorStore(readFaissFolder(folder))
}

/** The one that is there. */
export function listFaissCollections(folder: string): ListedFaissIndex[] {
  const { index } = readFaissFolder(folder)
  return [{ name: 'default', records: index.ids.length, dimension: index.dimensions, metric: index.metric }]
}
