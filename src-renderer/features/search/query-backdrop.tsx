/** Lies behind the text of the search box, letter for letter, and gives its filters and phrases a ground of their own. */
import { useLayoutEffect, useRef } from 'react'
import type { QueryPart } from '#contract'
import { classNames } from '../../ui/class-names.ts'

interface QueryBackdropProps {
  readonly query: string
  readonly parts: readonly QueryPart[]
  /** How far the text of the box is scrolled. */
  readonly scrollLeft: number
}

export function QueryBackdrop({ query, parts, scrollLeft }: QueryBackdropProps) {
  const root = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (root.current !== null) root.current.scrollLeft = scrollLeft
  }, [scrollLeft, query])

  const pieces = []
  let at = 0
  for (const part of parts.filter(isMarked)) {
    pieces.push(query.slice(at, part.start))
    pieces.push(
      <span
        key={part.start}
        data-start={part.start}
        className={classNames('query-part', part.excluded && 'query-part-excluded')}
      >
        {query.slice(part.start, part.end)}
      </span>,
    )
    at = part.end
  }
  return (
    <div ref={root} className="search-box-backdrop" aria-hidden>
      {pieces}
      {query.slice(at)}
    </div>
  )
}

/** Whether a part is more than a word. */
export function isMarked({ kind, excluded, prefix }: QueryPart): boolean {
  return kind !== 'word' || excluded || prefix
}
