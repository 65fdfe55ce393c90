/**
 * Reads the folder of a persisted HNSW segment, as Chroma 0.4 to 1.x writes it, without Chroma's engine: the ids, the vectors, and
 * what of it does not fit together. Vectors are read even where the graph, the header or a part of the ids is damaged.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ByteWindow } from './byte-window.ts'
import { checkLinks, checkLinksOfElement } from './check-links.ts'
import { hnswFiles, layoutOf, parseHeader, type HnswHeader, type HnswLayout } from './hnsw-header.ts'
import { readHnswIds, type HnswIds } from './hnsw-ids.ts'

export interface SegmentDamage {
  readonly file: string
  readonly message: string
  readonly offset: number | null
  /** It does no harm yet. */
  readonly isHarmless: boolean
}

export interface ReadHnswOptions {
  readonly folder: string
  /** The collection's, for a header that cannot be read. */
  readonly dimension: number | null
  readonly maxNeighbours: number
  /** With the metric cosine vectors are stored with length one, and their lengths beside them. */
  readonly isNormalised: boolean
  readonly signal: AbortSignal
  /** Null for an element whose id is not known. The vector is a new one each time. */
  readonly onVector?: (vector: Float32Array, id: string | null, offset: number) => void
  readonly onBytes?: (count: number) => void
}

export interface HnswSegment {
  /** Whether there is anything: a segment is made when the first changes are persisted. */
  readonly exists: boolean
  readonly header: HnswHeader | null
  readonly ids: HnswIds
  /** Ids that have a vector in these files. */
  readonly found: ReadonlySet<string>
  /** Vectors that are not deleted and belong to no known id. */
  readonly withoutId: number
  readonly damage: readonly SegmentDamage[]
}

type Note = (file: string, message: string, offset?: number | null, isHarmless?: boolean) => void

const noIds: HnswIds = { dimension: null, maxSeqId: null, labels: new Map(), damage: null }

export function readHnsw(options: ReadHnswOptions): HnswSegment {
  const { folder } = options
  const damage: SegmentDamage[] = []
  const note: Note = (file, message, offset = null, isHarmless = false) => {
    damage.push({ file, message, offset, isHarmless })
  }
  const has = (name: string): boolean => existsSync(join(folder, name))
  // Without the pickle Chroma takes the folder for a new one; the other files are made beforehand.
  if (!has(hnswFiles.ids) && !hasElements(folder))
    return { exists: false, header: null, ids: noIds, found: new Set(), withoutId: 0, damage }
  const ids = has(hnswFiles.ids) ? readHnswIds(readFileSync(join(folder, hnswFiles.ids))) : noIds
  if (ids.damage) note(hnswFiles.ids, `${hnswFiles.ids} is damaged: ${ids.damage.reason}.`, ids.damage.offset)
  if (!has(hnswFiles.ids)) note(hnswFiles.ids, `${hnswFiles.ids} is missing.`)
  // Chroma reads no other file then, and begins anew.
  if (ids.labels.size === 0 && !ids.damage && has(hnswFiles.ids) && !hasElements(folder))
    return { exists: false, header: null, ids, found: new Set(), withoutId: 0, damage }
  const header = readHeader(folder, note)
  for (const name of [hnswFiles.vectors, hnswFiles.lengths, hnswFiles.links])
    if (!has(name)) note(name, `${name} is missing.`)
  const layout =
    header ?? (options.dimension === null ? null : layoutOf(options.dimension, options.maxNeighbours))
  const elements =
    layout !== null && has(hnswFiles.vectors) ? readElements(options, layout, header, ids, note) : null
  if (header && has(hnswFiles.links))
    checkLinks(join(folder, hnswFiles.links), header, options.signal, (message, offset, isHarmless) =>
      note(hnswFiles.links, message, offset, isHarmless),
    )
  return {
    exists: true,
    header,
    ids,
    found: elements?.found ?? new Set(),
    withoutId: elements?.withoutId ?? 0,
    damage,
  }
}

function hasElements(folder: string): boolean {
  const path = join(folder, hnswFiles.header)
  if (!existsSync(path)) return existsSync(join(folder, hnswFiles.vectors))
  const header = parseHeader(readFileSync(path))
  return typeof header === 'string' || header.elementCount > 0
}

function readHeader(folder: string, note: Note): HnswHeader | null {
  const path = join(folder, hnswFiles.header)
  if (!existsSync(path)) {
    note(hnswFiles.header, `${hnswFiles.header} is missing.`)
    return null
  }
  const header = parseHeader(readFileSync(path))
  if (typeof header !== 'string') return header
  note(hnswFiles.header, `${hnswFiles.header} is damaged: ${header}.`, 0)
  return null
}

function readElements(
  { folder, isNormalised, signal, onVector, onBytes }: ReadHnswOptions,
  layout: HnswLayout,
  header: HnswHeader | null,
  { labels }: HnswIds,
  note: Note,
): { found: Set<string>; withoutId: number } {
  using vectors = new ByteWindow(join(folder, hnswFiles.vectors))
  const lengthsPath = join(folder, hnswFiles.lengths)
  using lengths = existsSync(lengthsPath) ? new ByteWindow(lengthsPath) : null
  const idOf = new Map([...labels].map(([id, label]) => [label, id]))
  const { elementBytes, labelOffset, vectorOffset, dimension } = layout
  const count = header?.elementCount ?? Math.floor(vectors.fileBytes / elementBytes)
  const labelsSeen = new Set<number>()
  const found = new Set<string>()
  let withoutId = 0
  let isCutOff = false
  let badLinks = 0
  for (let slot = 0; slot < count; slot++) {
    if (slot % 1024 === 0) signal.throwIfAborted()
    const offset = slot * elementBytes
    const element = vectors.at(offset, elementBytes)
    if (element === null) {
      note(
        hnswFiles.vectors,
        `${hnswFiles.vectors} ends after ${slot} of ${count} vectors.`,
        vectors.fileBytes,
      )
      break
    }
    onBytes?.(elementBytes)
    const isDeleted = ((element[2] ?? 0) & 1) === 1
    const label = Number(element.readBigUInt64LE(labelOffset))
    const id = idOf.get(label)
    // Without a header what lies behind the last element is told by having no label of an id.
    if (header === null && id === undefined) continue
    if (header && badLinks === 0) {
      const reason = checkLinksOfElement(element, header)
      if (reason !== null) {
        badLinks++
        note(
          hnswFiles.vectors,
          `The links of a vector in ${hnswFiles.vectors} are damaged: ${reason}.`,
          offset,
        )
      }
    }
    if (labelsSeen.has(label) && !isDeleted)
      note(
        hnswFiles.vectors,
        `Two vectors in ${hnswFiles.vectors} have the label ${label}.`,
        offset + labelOffset,
      )
    labelsSeen.add(label)
    if (isDeleted) continue
    const vector = new Float32Array(dimension)
    for (let index = 0; index < dimension; index++)
      vector[index] = element.readFloatLE(vectorOffset + index * 4)
    if (isNormalised) {
      const length = lengths?.at(slot * 4, 4)?.readFloatLE(0)
      if (length === undefined) isCutOff = true
      else if (!hasLengthOne(vector))
        note(hnswFiles.vectors, `A vector in ${hnswFiles.vectors} does not have the length one.`, offset)
      const factor = length ?? 1
      for (let index = 0; index < dimension; index++) vector[index] = (vector[index] ?? 0) * factor
    }
    if (id === undefined) withoutId++
    else found.add(id)
    onVector?.(vector, id ?? null, offset + vectorOffset)
  }
  if (isCutOff && lengths) note(hnswFiles.lengths, `${hnswFiles.lengths} is cut off.`, lengths.fileBytes)
  for (const [id, label] of labels)
    if (!labelsSeen.has(label)) {
      const missing = [...labels.values()].filter((each) => !labelsSeen.has(each)).length
      note(
        hnswFiles.ids,
        `${hnswFiles.ids} names ${missing} labels that no vector has, the first of them for ${JSON.stringify(id)}.`,
      )
      break
    }
  return { found, withoutId }
}

/** Zero vectors stay zero; float32 sums of thousands of numbers are off by less than this. */
function hasLengthOne(vector: Float32Array): boolean {
  let sum = 0
  for (const number of vector) sum += number * number
  return sum === 0 || Math.abs(sum - 1) < 0.01
}
