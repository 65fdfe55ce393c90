/** What the clipboard gets of a hit: its text, and below it where it is from. */
import type { NodeSource, SearchHit } from '#contract'
import { placeOf, titleOf } from './hit-facts.ts'

/** “— tides.md, page 3 (/home/ada/notes/tides.md)” */
export function citationOf(hit: SearchHit, source: NodeSource | null = null): string {
  const place = placeOf(hit, source)
  const path = source?.path ?? hit.source
  return `— ${titleOf(hit)}${place === null ? '' : `, ${place}`}${path === null ? '' : ` (${path})`}`
}

export function withCitation(text: string, citation: string): string {
  return `${text.trim()}\n\n${citation}\n`
}
