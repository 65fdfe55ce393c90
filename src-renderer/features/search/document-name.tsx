/** The document that a hit is from: what kind of file it is, its name and its folder. */
import { FileCode2, FileText, FileType2, type LucideIcon } from 'lucide-react'
import { createElement } from 'react'
import type { SearchHit } from '#contract'
import { folderBelow } from '../../ui/paths.ts'
import { titleOf } from './hit-facts.ts'

interface DocumentNameProps {
  readonly hit: Pick<SearchHit, 'source' | 'refDocId' | 'nodeId' | 'metadata'>
  readonly sources: readonly string[]
}

export function DocumentName({ hit, sources }: DocumentNameProps) {
  const name = titleOf(hit)
  return (
    <>
      {createElement(iconOf(name), { size: 15, 'aria-hidden': true, className: 'hit-icon' })}
      <span className="hit-name">{name}</span>
      {hit.source !== null && <span className="hit-folder">{folderBelow(sources, hit.source)}</span>}
    </>
  )
}

function iconOf(name: string): LucideIcon {
  if (/\.pdf$/i.test(name)) return FileType2
  if (/\.(html?|xhtml|xml|json)$/i.test(name)) return FileCode2
  return FileText
}
