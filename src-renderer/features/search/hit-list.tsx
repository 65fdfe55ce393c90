/** The list of results, with a heading for each document where they are grouped; only what is on screen is drawn. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'react'
import type { HitGroup, KnowledgeBase, SearchAnswer, SearchHit } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { hitElementId, resultsId } from './element-ids.ts'
import { GroupHeading } from './group-heading.tsx'
import { HitRow } from './hit-row.tsx'
import { useHitCopy } from './use-hit-copy.ts'
import { useHitKeys } from './use-hit-keys.ts'
import { useSession } from './use-session.ts'

interface HitListProps {
  readonly knowledgeBase: KnowledgeBase
  readonly answer: SearchAnswer
  /** The query that it answers. */
  readonly query: string
}

type Row =
  | { readonly kind: 'heading'; readonly group: HitGroup }
  | { readonly kind: 'hit'; readonly hit: SearchHit; readonly index: number }

const estimatedHeights = { heading: 38, hit: 112 }

export function HitList({ knowledgeBase, answer, query }: HitListProps) {
  const { id } = knowledgeBase
  const { hits, groups } = answer
  const scroller = useRef<HTMLDivElement>(null)
  const setActiveHit = useApp((state) => state.setActiveHit)
  const showSource = useApp((state) => state.showSource)
  const focusSearch = useApp((state) => state.focusSearch)
  const knowledgeBases = useApp((state) => state.knowledgeBases)
  const { inList } = useHitKeys(id)
  const { activeIndex, alsoIn } = useSession(id)
  const onCopy = useHitCopy(hits[activeIndex])
  const rows = useMemo(() => rowsOf(hits, groups), [hits, groups])
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimatedHeights[rows[index]?.kind ?? 'hit'],
    getItemKey: (index) => keyOf(rows[index], index),
    paddingEnd: 12,
    overscan: 4,
  })

  useEffect(() => {
    // a new answer is read from its best hit on
    virtualizer.scrollToOffset(0)
  }, [query, virtualizer])

  useEffect(() => {
    const row = rows.findIndex((other) => other.kind === 'hit' && other.index === activeIndex)
    if (row < 0) return
    // the first hit of a document brings its heading along
    if (rows[row - 1]?.kind === 'heading') virtualizer.scrollToIndex(row - 1, { align: 'auto' })
    virtualizer.scrollToIndex(row, { align: 'auto' })
  }, [activeIndex, rows, virtualizer])

  useLayoutEffect(() => {
    const list = scroller.current
    return () => {
      // an answer without hits takes the list away: the keys then are the box's
      if (list !== null && document.activeElement === list) focusSearch()
    }
  }, [focusSearch])

  return (
    <div
      className="hit-scroller"
      ref={scroller}
      id={resultsId}
      role="listbox"
      tabIndex={0}
      aria-label="Results"
      aria-activedescendant={activeIndex < 0 ? undefined : hitElementId(activeIndex)}
      onKeyDown={(event) => {
        if (inList(event)) event.preventDefault()
      }}
      onCopy={onCopy}
    >
      <div className="hit-list" role="presentation" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index: at, key, start }) => {
          const row = rows[at]
          if (row === undefined) return null
          const fromId = (row.kind === 'hit' ? row.hit : row.group).knowledgeBaseId ?? id
          const origin = knowledgeBases.find((other) => other.id === fromId) ?? knowledgeBase
          const shared = {
            ref: virtualizer.measureElement,
            at,
            top: start,
            from: alsoIn.length > 0 ? origin.name : null,
            sources: origin.sources,
          }
          if (row.kind === 'heading') return <GroupHeading {...shared} key={key} group={row.group} />
          const { hit, index } = row
          return (
            <HitRow
              {...shared}
              key={key}
              hit={hit}
              index={index}
              count={hits.length}
              active={index === activeIndex}
              inGroup={groups.length > 0}
              onOpen={() => {
                setActiveHit(id, index)
                void showSource(id, hit)
              }}
            />
          )
        })}
      </div>
    </div>
  )
}

function rowsOf(hits: readonly SearchHit[], groups: readonly HitGroup[]): Row[] {
  const headings = new Map(groups.map((group) => [group.firstHit, group]))
  return hits.flatMap((hit, index): Row[] => {
    const group = headings.get(index)
    return [...(group ? [{ kind: 'heading' as const, group }] : []), { kind: 'hit', hit, index }]
  })
}

function keyOf(row: Row | undefined, index: number): string | number {
  if (row === undefined) return index
  return row.kind === 'hit'
    ? `${row.hit.persistDir} ${row.hit.nodeId}`
    : `document ${row.group.persistDir} ${row.group.refDocId ?? index}`
}
