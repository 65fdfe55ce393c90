/** What FAISS keeps in an index file, as far as its vectors can be read back from it. */

export type FaissMetric = 'l2' | 'ip'

/** How the file keeps its vectors. Only `flat` keeps them as they were added, in the order in which they were. */
export type FaissStorage = 'flat' | 'ivf-flat' | 'hnsw-flat' | 'sq8'

/** `IndexIDMap`, `IndexIDMap2`: ids of the user's own in front of the vectors. */
export type FaissIdMap = 'IDMap' | 'IDMap2'

export interface FaissIndex {
  readonly dimensions: number
  readonly metric: FaissMetric
  readonly storage: FaissStorage
  readonly idMap: FaissIdMap | null
  /** One for each vector: those of the map, else their places. */
  readonly ids: readonly number[]
  /** One after the other. Of `sq8` what its bytes stand for. */
  readonly vectors: Float32Array
}

export function vectorAt({ dimensions, vectors }: FaissIndex, place: number): Float32Array {
  return vectors.subarray(place * dimensions, (place + 1) * dimensions)
}
