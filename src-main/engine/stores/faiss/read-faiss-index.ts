/** Reads FAISS index files (faiss/impl/index_read.cpp of FAISS 1.15): Flat, IDMap, IDMap2, IVFFlat, HNSWFlat, 8-bit scalar quantiser. */
import type { FaissIdMap, FaissIndex, FaissMetric, FaissStorage } from './faiss-index.ts'
import { FaissFile } from './faiss-file.ts'

interface Header {
  readonly dimensions: number
  readonly count: number
  readonly metric: FaissMetric
}

/** Throws `damaged-file`, and `unsupported-format` for an index of another kind. */
export function readFaissIndex(path: string): FaissIndex {
  using file = new FaissFile(path)
  return readIndex(file, true)
}

const flatCodes = new Set(['IxF2', 'IxFI', 'IxFl'])
const idMaps: Readonly<Record<string, FaissIdMap>> = { IxMp: 'IDMap', IxM2: 'IDMap2' }

function readIndex(file: FaissFile, mayBeMap: boolean): FaissIndex {
  const code = file.code()
  if (flatCodes.has(code)) return readFlat(file)
  const idMap = Object.hasOwn(idMaps, code) ? idMaps[code] : undefined
  if (idMap && mayBeMap) return readIdMap(file, idMap)
  if (code === 'IwFl') return readIvfFlat(file)
  if (code === 'IHNf') return readHnswFlat(file)
  if (code === 'IxSQ') return readScalarQuantised(file)
  if (!/^[\w ]{4}$/.test(code)) throw file.damaged()
  throw file.unsupported(code)
}

function readHeader(file: FaissFile): Header {
  const dimensions = file.int32()
  const count = file.int64()
  // Two numbers that mean nothing, and whether it was trained.
  file.skip(17)
  const metric = file.int32()
  if (dimensions < 1 || count < 0) throw file.damaged()
  if (metric !== 0 && metric !== 1) throw file.unsupported(`with metric ${metric}`)
  return { dimensions, count, metric: metric === 0 ? 'ip' : 'l2' }
}

function readFlat(file: FaissFile): FaissIndex {
  const { dimensions, count, metric } = readHeader(file)
  if (file.length(4) !== dimensions * count) throw file.damaged()
  return indexOf({ dimensions, metric, storage: 'flat', vectors: file.floats(dimensions * count), count })
}

function indexOf(parts: {
  dimensions: number
  metric: FaissMetric
  storage: FaissStorage
  vectors: Float32Array
  count: number
}): FaissIndex {
  const { count, ...index } = parts
  return { ...index, idMap: null, ids: Array.from({ length: count }, (_, place) => place) }
}

function readIdMap(file: FaissFile, idMap: FaissIdMap): FaissIndex {
  const { count } = readHeader(file)
  const index = readIndex(file, false)
  const ids = file.int64s(file.length(8))
  if (ids.length !== count || index.ids.length !== count) throw file.damaged()
  // An index that does not keep the order has the places of the vectors as ids.
  return { ...index, idMap, ids: index.ids.map((place) => ids[place] ?? place) }
}

function readIvfFlat(file: FaissFile): FaissIndex {
  const { dimensions, count, metric } = readHeader(file)
  const listCount = file.int64()
  // How many lists a search looks into.
  file.skip(8)
  readIndex(file, false)
  readDirectMap(file)
  const vectors: Float32Array[] = []
  const ids: number[] = []
  if (file.code() !== 'ilar') throw file.unsupported('IVFFlat whose lists are in another file')
  const [lists, codeBytes] = [file.length(0), file.int64()]
  if (lists !== listCount || codeBytes !== dimensions * 4) throw file.damaged()
  for (const size of readListSizes(file, lists)) {
    if (size === 0) continue
    vectors.push(file.floats(size * dimensions))
    ids.push(...file.int64s(size))
  }
  if (ids.length !== count) throw file.damaged()
  const joined = new Float32Array(count * dimensions)
  let place = 0
  for (const part of vectors) {
    joined.set(part, place)
    place += part.length
  }
  return { dimensions, metric, storage: 'ivf-flat', idMap: null, ids, vectors: joined }
}

function readDirectMap(file: FaissFile): void {
  const hashTable = 2
  const type = file.byte()
  file.skip(file.length(8) * 8)
  if (type === hashTable) file.skip(file.length(16) * 16)
}

function* readListSizes(file: FaissFile, lists: number): Generator<number> {
  const code = file.code()
  const numbers = file.int64s(file.length(8))
  if (code === 'full') {
    if (numbers.length !== lists) throw file.damaged()
    yield* numbers
  } else if (code === 'sprs') {
    // Pairs of a list and its size; the others are empty.
    for (let index = 1; index < numbers.length; index += 2) yield numbers[index]!
  } else throw file.damaged()
}

function readHnswFlat(file: FaissFile): FaissIndex {
  const { count } = readHeader(file)
  // The graph: probabilities, neighbours of each level, levels, offsets, neighbours.
  for (const itemBytes of [8, 4, 4, 8, 4]) file.skip(file.length(itemBytes) * itemBytes)
  // Entry point, highest level, efConstruction, efSearch, and one that is not used any more.
  file.skip(5 * 4)
  const index = readIndex(file, false)
  if (index.ids.length !== count || index.storage !== 'flat') throw file.damaged()
  return { ...index, storage: 'hnsw-flat' }
}

/** QT_8bit has a range for each dimension, QT_8bit_uniform one for all. */
const quantisers: Readonly<Record<number, 'each' | 'all'>> = { 0: 'each', 2: 'all' }

function readScalarQuantised(file: FaissFile): FaissIndex {
  const { dimensions, count, metric } = readHeader(file)
  const type = file.int32()
  // How the range was found.
  file.skip(8)
  const [quantised, codeBytes] = [file.int64(), file.int64()]
  const ranges = file.floats(file.length(4))
  const quantiser = quantisers[type]
  if (!quantiser) throw file.unsupported(`scalar quantiser ${type}`)
  const expected = quantiser === 'each' ? dimensions * 2 : 2
  if (quantised !== dimensions || codeBytes !== dimensions || ranges.length !== expected) throw file.damaged()
  const length = file.length(1)
  if (length !== count * dimensions) throw file.damaged()
  const codes = file.bytes(length)
  const vectors = new Float32Array(length)
  const half = ranges.length / 2
  for (let index = 0; index < length; index++) {
    const range = quantiser === 'each' ? index % dimensions : 0
    vectors[index] = ranges[range]! + Math.fround((codes[index]! + 0.5) / 255) * ranges[half + range]!
  }
  return indexOf({ dimensions, metric, storage: 'sq8', vectors, count })
}
