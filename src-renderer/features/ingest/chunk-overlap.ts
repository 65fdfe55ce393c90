/** Which parts of a chunk stand in its neighbours, too. */
import type { PreviewedNode } from '#contract'

export interface ChunkParts {
  /** Also at the end of the chunk before. */
  readonly before: string
  readonly own: string
  /** Also at the beginning of the chunk after. */
  readonly after: string
}

/** Indices count code points; a chunk that does not stand in its document as it is overlaps nothing that can be told. */
export function chunkParts(nodes: readonly PreviewedNode[], index: number): ChunkParts {
  const node = nodes[index]
  if (node === undefined) return { before: '', own: '', after: '' }
  const points = Array.from(node.text)
  const shared = (first: PreviewedNode | undefined, second: PreviewedNode | undefined): number => {
    const end = first?.endCharIdx ?? null
    const start = second?.startCharIdx ?? null
    return end === null || start === null ? 0 : Math.max(0, end - start)
  }
  const before = Math.min(shared(nodes[index - 1], node), points.length)
  // of a text that is cut off here, the end is not on screen
  const after = node.truncated ? 0 : Math.min(shared(node, nodes[index + 1]), points.length - before)
  return {
    before: points.slice(0, before).join(''),
    own: points.slice(before, points.length - after).join(''),
    after: after === 0 ? '' : points.slice(-after).join(''),
  }
}
