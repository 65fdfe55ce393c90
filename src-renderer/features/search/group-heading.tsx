/** The document of the hits below it. */
import type { Ref } from 'react'
import type { HitGroup } from '#contract'
import { formatCounted } from '../../ui/format.ts'
import { DocumentName } from './document-name.tsx'

interface GroupHeadingProps {
  readonly ref: Ref<HTMLDivElement>
  readonly group: HitGroup
  /** Among the rows of the list. */
  readonly at: number
  /** Pixels from the list's top. */
  readonly top: number
  readonly from: string | null
  readonly sources: readonly string[]
}

export function GroupHeading({ ref, group, at, top, from, sources }: GroupHeadingProps) {
  const { hits, more } = group
  return (
    <div
      ref={ref}
      data-index={at}
      role="presentation"
      className="group-heading"
      style={{ transform: `translateY(${top}px)` }}
    >
      <DocumentName hit={{ ...group, nodeId: '', metadata: {} }} sources={sources} />
      {from !== null && <span className="hit-from">{from}</span>}
      <span className="group-count">
        {formatCounted(hits, 'passage', 'passages')}
        {more > 0 && `, ${formatCounted(more, 'more', 'more')} found`}
      </span>
    </div>
  )
}
