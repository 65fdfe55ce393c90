/** What is said of a hit in one word each: its name, its page. */
import type { Metadata, SearchHit } from '#contract'
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
