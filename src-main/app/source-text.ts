/** A document's text put together from its nodes, where only those are kept. */
import type { StoredNode } from '#engine/storage/storage-folder.ts'
import { codePointLength, codeUnitIndex } from '#engine/schema/code-points.ts'

export interface SourceText {
  readonly text: string
  /** Where each node begins in `text`, in UTF-16 code units. */
  readonly starts: ReadonlyMap<string, number>
}

/** Overlaps are resolved by the nodes' char indices; where those do not fit the text, nodes stand one below the other. */
export function sourceText(nodes: readonly StoredNode[]): SourceText {
  let text = ''
  const starts = new Map<string, number>()
  /** Code points of the document that `text` reaches to; null when that is not known. */
  let covered: number | null = null
  for (const node of nodes) {
    const shared = covered === null || node.startCharIdx === null ? null : covered - node.startCharIdx
    const overlap = shared !== null && shared > 0 ? node.text.slice(0, codeUnitIndex(node.text, shared)) : ''
    if (overlap !== '' && text.endsWith(overlap)) {
      starts.set(node.nodeId, text.length - overlap.length)
      text += node.text.slice(overlap.length)
    } else {
      // what splitting left out between two nodes is white space
      if (text !== '' && shared !== 0) text += shared === null || shared > 0 ? '\n\n' : '\n'
      starts.set(node.nodeId, text.length)
      text += node.text
    }
    covered = node.startCharIdx === null ? null : node.startCharIdx + codePointLength(node.text)
  }
  return { text, starts }
}
