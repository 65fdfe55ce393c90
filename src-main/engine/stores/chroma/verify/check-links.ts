/** Whether the graph of an HNSW segment can be walked: Chroma's engine follows these numbers without looking. */
import { ByteWindow } from './byte-window.ts'
import type { HnswHeader } from './hnsw-header.ts'

/** What is wrong with the links on the ground level of an element, which begin its bytes. */
export function checkLinksOfElement(element: Buffer, header: HnswHeader): string | null {
  return checkNeighbours(element, header.maxNeighbours0, header.elementCount)
}

function checkNeighbours(links: Buffer, most: number, elementCount: number): string | null {
  // The upper half of the count is the mark of a deleted element.
  const count = links.readUInt16LE(0)
  if (count > most) return `${count} neighbours where ${most} can be`
  for (let index = 0; index < count; index++) {
    const neighbour = links.readUInt32LE(4 + index * 4)
    if (neighbour >= elementCount) return `a neighbour ${neighbour} of ${elementCount} elements`
  }
  return null
}

/** link_lists.bin: for each element the bytes of its links above the ground level, then these, level after level. */
export function checkLinks(
  path: string,
  header: HnswHeader,
  signal: AbortSignal,
  note: (message: string, offset: number, isHarmless?: boolean) => void,
): void {
  using window = new ByteWindow(path)
  const { elementCount, maxNeighbours, entryPoint, maxLevel } = header
  const levelBytes = maxNeighbours * 4 + 4
  let offset = 0
  for (let slot = 0; slot < elementCount; slot++) {
    if (slot % 4096 === 0) signal.throwIfAborted()
    const size = window.at(offset, 4)?.readUInt32LE(0)
    if (size === undefined) {
      note(`link_lists.bin ends after ${slot} of ${elementCount} elements.`, window.fileBytes)
      return
    }
    const levels = size / levelBytes
    if (!Number.isInteger(levels) || levels > 64) {
      note(`The links of an element in link_lists.bin are ${size} bytes long, which cannot be.`, offset)
      return
    }
    if (slot === entryPoint && levels !== maxLevel) {
      note(`The first element of the graph has ${levels} levels instead of ${maxLevel}.`, offset)
      return
    }
    for (let level = 0; level < levels; level++) {
      const at = offset + 4 + level * levelBytes
      const links = window.at(at, levelBytes)
      const reason = links === null ? 'they are cut off' : checkNeighbours(links, maxNeighbours, elementCount)
      if (reason === null) continue
      note(`The links of an element in link_lists.bin are damaged: ${reason}.`, at)
      return
    }
    offset += 4 + size
  }
  if (elementCount > 0 && entryPoint >= elementCount)
    note(`The graph begins at an element ${entryPoint} of ${elementCount}.`, 0)
  // Bytes behind the last element do no harm, but they grow with a fault of older versions until the disk is full.
  const excess = window.fileBytes - offset
  if (excess > 0) note(`link_lists.bin has ${excess} bytes behind its last element.`, offset, true)
}
