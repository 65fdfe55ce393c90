/** The layout of an HNSW segment's files, as chroma-hnswlib's `persistHeader` writes it (all little-endian, 64-bit size_t). */

export const hnswFiles = {
  header: 'header.bin',
  vectors: 'data_level0.bin',
  lengths: 'length.bin',
  links: 'link_lists.bin',
  ids: 'index_metadata.pickle',
} as const

/** Four ints, nine size_t and a double. */
export const headerBytes = 100
const persistenceVersion = 1
const labelBytes = 8

export interface HnswLayout {
  /** Bytes of one element in data_level0.bin: its links, its vector, its label. */
  readonly elementBytes: number
  readonly vectorOffset: number
  readonly labelOffset: number
  readonly dimension: number
  /** Neighbours of an element above the ground level, and on it. */
  readonly maxNeighbours: number
  readonly maxNeighbours0: number
}

export interface HnswHeader extends HnswLayout {
  readonly maxElements: number
  /** Deleted elements included. */
  readonly elementCount: number
  readonly maxLevel: number
  readonly entryPoint: number
}

/** The header, or why it is none. */
export function parseHeader(bytes: Uint8Array): HnswHeader | string {
  if (bytes.length < headerBytes) return `it has ${bytes.length} bytes instead of ${headerBytes}`
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = (at: number): number => Number(view.getBigUint64(at, true))
  const version = view.getInt32(0, true)
  if (version !== persistenceVersion) return `its version is ${version} instead of ${persistenceVersion}`
  const [maxElements, elementCount, elementBytes, labelOffset, vectorOffset] = [12, 20, 28, 36, 44].map(size)
  const [maxNeighbours, maxNeighbours0] = [60, 68].map(size)
  if (
    maxElements === undefined ||
    elementCount === undefined ||
    elementBytes === undefined ||
    labelOffset === undefined ||
    vectorOffset === undefined ||
    maxNeighbours === undefined ||
    maxNeighbours0 === undefined
  )
    return 'it is cut off'
  const fits =
    size(4) === 0 &&
    elementCount <= maxElements &&
    elementCount < 2 ** 32 &&
    vectorOffset === maxNeighbours0 * 4 + 4 &&
    elementBytes === labelOffset + labelBytes &&
    labelOffset > vectorOffset &&
    (labelOffset - vectorOffset) % 4 === 0 &&
    elementBytes < 2 ** 24
  if (!fits) return 'its sizes do not fit together'
  return {
    elementBytes,
    vectorOffset,
    labelOffset,
    dimension: (labelOffset - vectorOffset) / 4,
    maxNeighbours,
    maxNeighbours0,
    maxElements,
    elementCount,
    maxLevel: view.getInt32(52, true),
    entryPoint: view.getUint32(56, true),
  }
}

/** The layout that a segment must have where its header cannot be read. */
export function layoutOf(dimension: number, maxNeighbours: number): HnswLayout {
  const maxNeighbours0 = maxNeighbours * 2
  const vectorOffset = maxNeighbours0 * 4 + 4
  const labelOffset = vectorOffset + dimension * 4
  return {
    elementBytes: labelOffset + labelBytes,
    vectorOffset,
    labelOffset,
    dimension,
    maxNeighbours,
    maxNeighbours0,
  }
}
