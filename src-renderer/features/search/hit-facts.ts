/** What is said of a hit in one word each: its name, its page. */
import type { Metadata, NodeSource, SearchHit } from '#contract'
import { baseName } from '../../ui/paths.ts'

export function pageLabel(metadata: Metadata): string | null {
  const label = metadata['page_label']
  return typeof label === 'string' || typeof label === 'number' ? String(label) : null
}

/** The file's name, or what else says where the node is from. */
export function titleOf(hit: Pick<SearchHit, 'source' | 'refDocId' | 'nodeId' | 'metadata'>): string {
  const name = hit.metadata['file_name']
  if (hit.source !== null) return baseName(hit.source)
  if (typeof name === 'string' && name !== '') return baseName(name)
  return hit.refDocId ?? hit.nodeId
}

/** “page 3”, “line 120”, or null where neither is known. */
export function placeOf(hit: SearchHit, source: NodeSource | null): string | null {
  const page = source?.pageLabel ?? pageLabel(hit.metadata)
  if (page !== null) return `page ${page}`
  return source === null || source.line === null ? null : `line ${source.line}`
}
